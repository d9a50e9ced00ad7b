"""The WebSocket server: accepts connections, frames bytes, and implements the ``Wire`` port on a socket."""

from gatherup.gateway.context import Session, SessionFactory
from gatherup.gateway.counters import Counters
from gatherup.gateway.framing import WebSocketFraming, lanes
from gatherup.gateway.limits import EVENTS_PATH, STREAM_PATH
from gatherup.gateway.server import Gateway
from gatherup.gateway.sse import SseLane

__all__ = [
    "EVENTS_PATH",
    "STREAM_PATH",
    "Counters",
    "Gateway",
    "Session",
    "SessionFactory",
    "SseLane",
    "WebSocketFraming",
    "lanes",
]
