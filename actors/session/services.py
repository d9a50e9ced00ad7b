"""What all sessions of a node share."""

from __future__ import annotations

from dataclasses import dataclass

from actors.ports.logins import Tokens
from actors.ports.streams import Streams
from actors.ports.time import Clock, Randomness
from actors.presence import Presence
from actors.relay import Relay
from actors.session.local_presence import LocalPresence
from actors.session.logins import LoginReader
from actors.session.read_markers import ReadMarkers
from actors.session.registry import SessionRegistry
from actors.session.rights import ReadRights
from actors.session.unread import UnreadScheduler
from actors.session.watching import VisibilityChecks


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionServices:
    """What all sessions of a node share."""

    node: str
    """The node's name, as clients are told it."""
    rights: ReadRights
    relay: Relay
    streams: Streams
    tokens: Tokens
    logins: LoginReader
    registry: SessionRegistry
    presence: Presence
    local_presence: LocalPresence
    visibility: VisibilityChecks
    read_markers: ReadMarkers
    unread: UnreadScheduler
    clock: Clock
    randomness: Randomness
