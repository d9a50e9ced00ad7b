"""How commands and deliveries are traced."""

from __future__ import annotations

from enum import StrEnum, auto
from typing import Protocol


class Step(StrEnum):
    """The steps of a traced command on its way through a node. Each one ends the one before."""

    HELD = auto()
    """It waits until somebody owns its stream."""
    FORWARDED = auto()
    """It is on its way to the owner on another node, and the reply back."""
    ROUTED = auto()
    """It waits in its stream's mailbox."""
    TAKEN = auto()
    """It is being decided, together with its batch."""
    DECIDED = auto()
    """Its events are being committed."""
    COMMITTED = auto()
    """They are durable; publishing and the reply are next."""
    PUBLISHED = auto()
    """They were handed to the relay and the bridge."""


class Trace(Protocol):
    """One sampled command on one node, or one delivery. Nothing here blocks or raises."""

    __slots__ = ()

    @property
    def parent(self) -> str:
        """What goes on elsewhere begins with this: a W3C ``traceparent``."""
        ...

    def mark(self, step: Step, **facts: int) -> None:
        """The next step begins now; ``facts`` are counts that belong to it."""
        ...

    def end(self, outcome: str, **facts: int) -> None:
        """It is over: ``outcome`` is an error code or one of accepted, unknown, returned, delivered. Once."""
        ...


class Tracer(Protocol):
    """Decides which commands are traced. Few are: what begins with None costs nothing more."""

    def begin(self, name: str, *, stream: str, by: str) -> Trace | None:
        """A client's command, or one of the server's own, came to this node; None if it isn't sampled."""
        ...

    def follow(self, name: str, parent: str, *, stream: str, by: str) -> Trace | None:
        """A command that another node traces came here; None if ``parent`` makes no sense."""
        ...

    def deliver(self, parent: str, *, stream: str) -> Trace | None:
        """A traced event is about to go to subscribers of this node; None if ``parent`` makes no sense."""
        ...
