"""What is due for a connection, from its phase and its times: pure."""

from __future__ import annotations

from enum import Enum, auto

from protocol import limits


class Phase(Enum):
    """How far a connection has come."""

    HANDSHAKE = auto()
    HELLO = auto()
    """WebSocket open, waiting for a good hello."""
    READY = auto()
    LEAVING = auto()
    """Our outgoing half is closed; what still comes is discarded until the peer closes too."""


class Due(Enum):
    """What the sweeper must do."""

    NOTHING = auto()
    REFUSE = auto()
    HELLO_TIMEOUT = auto()
    TOKEN_EXPIRED = auto()
    IDLE = auto()
    PING = auto()
    ABORT = auto()


def due(phase: Phase, *, in_phase_s: float, silent_s: float, pinged: bool, token_left_ms: int) -> Due:
    """Decide.

    ``silent_s``: since the last whole frame came in or a full socket took bytes again. ``pinged``: whether
    a ping went out in this silence. ``token_left_ms`` counts only in READY.
    """
    match phase:
        case Phase.HANDSHAKE:
            return Due.REFUSE if in_phase_s >= limits.HANDSHAKE_TIMEOUT_S else Due.NOTHING
        case Phase.HELLO:
            return Due.HELLO_TIMEOUT if in_phase_s >= limits.HELLO_TIMEOUT_S else Due.NOTHING
        case Phase.LEAVING:
            return Due.ABORT if in_phase_s >= limits.CLOSE_TIMEOUT_S else Due.NOTHING
        case Phase.READY:
            if token_left_ms <= 0:
                return Due.TOKEN_EXPIRED
            if silent_s >= limits.IDLE_TIMEOUT_S:
                return Due.IDLE
            return Due.PING if silent_s >= limits.HEARTBEAT_S and not pinged else Due.NOTHING
