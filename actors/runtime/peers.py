"""The other nodes, as the router sees them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from actors.cluster.ownership import There
from actors.runtime.envelope import Envelope
from protocol.frames import Refused, Signal


class RemoteSnapshot(Struct, frozen=True):
    """What a snapshot shows, as another node encoded it."""

    head: int
    view: bytes
    """The view, in MessagePack."""


class Peers(Protocol):
    """Carries to other owners what is theirs. Nothing here blocks or raises."""

    def forward(self, to: There, stream: str, envelope: Envelope) -> None:
        """Take a command to its owner, and settle it with the owner's reply.

        Given back with ``Router.route(envelope)`` when the owner returned it, or ownership moved meanwhile. While
        a copy of it may be on its way, ``envelope.submitted`` is true, and another copy says ``resend``. A settled
        envelope (its time was up) needs nothing more.
        """
        ...

    def ask_view(
        self, to: There, stream: str, user: str, answer: Callable[[RemoteSnapshot | Refused | None], None]
    ) -> None:
        """Ask the owner what a snapshot shows this user. ``answer`` is called once; None: ask again, it moved."""
        ...

    def signal(self, to: There, signal: Signal, by: str) -> None:
        """Take a signal to its stream's owner, or drop it."""
        ...
