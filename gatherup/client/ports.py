"""Time, chance and the connection as the SDK sees them, and the real time and chance.

``Clock`` and ``Randomness`` have the shape of the server's own ports, so a simulation can hand one implementation
to both ends.
"""

from __future__ import annotations

import os
import random
from contextlib import AbstractContextManager
from typing import Protocol
from uuid import UUID

import trio
from typing_extensions import override


class Clock(Protocol):
    """The only time there is."""

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean anything."""
        ...

    async def sleep_until(self, monotonic: float) -> None:
        """Return at this time or later; never for infinity."""
        ...

    def deadline(self, seconds: float) -> AbstractContextManager[trio.CancelScope]:
        """A scope cancelled after this long; the caller asks its ``cancelled_caught``."""
        ...


class Randomness(Protocol):
    """The only chance there is."""

    def token(self, size: int) -> bytes:
        """This many unpredictable bytes."""
        ...

    def uniform(self, low: float, high: float) -> float:
        """A number between the two, for jitter."""
        ...


class Connection(Protocol):
    """One open WebSocket. Every method may raise ConnectionLostError; afterwards it is of no use."""

    async def send(self, data: bytes) -> None:
        """Hand over one whole message."""
        ...

    async def receive(self) -> bytes:
        """The next whole message."""
        ...

    async def ping(self) -> None:
        """Ping; return when the pong is here."""
        ...

    async def close(self) -> None:
        """End it politely with 1000. Safe to call twice, raises nothing."""
        ...


class Connector(Protocol):
    """Makes connections to one server address."""

    async def connect(self, nursery: trio.Nursery) -> Connection:
        """A new open connection, whose own tasks run in ``nursery``. Raises ConnectionLostError."""
        ...


class SystemClock(Clock):
    """Trio's time: the machine's, or a test's MockClock."""

    @override
    def monotonic(self) -> float:
        return trio.current_time()

    @override
    async def sleep_until(self, monotonic: float) -> None:
        await trio.sleep_until(monotonic)

    @override
    def deadline(self, seconds: float) -> AbstractContextManager[trio.CancelScope]:
        return trio.move_on_after(seconds)


class SystemRandomness(Randomness):
    """The operating system's entropy for identifiers, an ordinary generator for jitter."""

    @override
    def token(self, size: int) -> bytes:
        return os.urandom(size)

    @override
    def uniform(self, low: float, high: float) -> float:
        return random.uniform(low, high)  # noqa: S311 -- jitter is no secret


def new_client_id(randomness: Randomness) -> str:
    """A fresh client id: a random UUID."""
    return str(UUID(bytes=randomness.token(16), version=4))
