"""What all sessions of a node share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from msgspec import Struct

from actors.ports.log import Log
from actors.ports.logins import Tokens
from actors.ports.time import Clock, Randomness
from actors.presence import Presence
from actors.relay import Relay
from actors.session.attendance import Attendance
from actors.session.heads import Pace
from actors.session.logins import LoginReader
from actors.session.reads import Reads
from actors.session.registry import SessionRegistry
from actors.session.watching import Sights
from protocol.frames import Command, Refused, Reply, Signal


class View(Protocol):
    """The committed state of a stream, as one user may see it."""

    @property
    def head(self) -> int:
        """The seq at which it was so."""
        ...

    @property
    def view(self) -> Struct | bytes:
        """What the kind shows; in MessagePack when another node showed it."""
        ...


class Streams(Protocol):
    """The way to the streams' owners; ``actors.runtime.router.Router`` is it."""

    def send(self, command: Command, *, by: str, reply: Callable[[Reply], None]) -> None:
        """Take a command to its stream. Never blocks; ``reply`` is called once, now or later."""
        ...

    def signal(self, signal: Signal, *, by: str) -> None:
        """Pass an ephemeral signal on, or drop it."""
        ...

    async def view(self, stream: str, *, user: str) -> View | Refused:
        """What a snapshot shows this user, whose right to listen the caller has checked."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionServices:
    """What all sessions of a node share."""

    node: str
    """The node's name, as clients are told it."""
    log: Log
    relay: Relay
    streams: Streams
    tokens: Tokens
    logins: LoginReader
    registry: SessionRegistry
    presence: Presence
    attendance: Attendance
    sights: Sights
    reads: Reads
    heads: Pace
    clock: Clock
    randomness: Randomness
