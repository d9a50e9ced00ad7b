"""The way to streams, wherever their owners are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from protocol.frames import Command, Refused, Reply, Signal


class StreamView(Protocol):
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
    """Takes commands, signals and questions to the owners of streams. Nothing here raises for what a client sent.

    ``actors.runtime.router.Router`` is it; a community's hooks stand before it for what clients send.
    """

    def send(self, command: Command, *, by: str, reply: Callable[[Reply], None]) -> None:
        """Take a command to its stream. Never blocks; ``reply`` is called once, now or later."""
        ...

    async def ask(self, command: Command, *, by: str) -> Reply:
        """Send a command to its stream and await its one reply."""
        ...

    def signal(self, signal: Signal, *, by: str) -> None:
        """Pass an ephemeral signal on, or drop it. Never blocks."""
        ...

    async def view(self, stream: str, *, user: str) -> StreamView | Refused:
        """What a snapshot shows this user, whose right to listen the caller has checked."""
        ...
