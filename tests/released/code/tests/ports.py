"""Clock and Randomness for tests: on Trio's own clock (mostly a MockClock), and seeded."""

from __future__ import annotations

import random
from contextlib import AbstractContextManager

import trio

from tests.released.code.actors.kind import Instant

EPOCH_MS = 1_700_000_000_000


class TrioClock:
    """The Clock port on the clock of the Trio run: with a MockClock, time is the test's."""

    def now(self) -> Instant:
        """See the port."""
        return EPOCH_MS + int(trio.current_time() * 1000)

    def monotonic(self) -> float:
        """See the port."""
        return trio.current_time()

    async def sleep_until(self, monotonic: float) -> None:
        """See the port."""
        await trio.sleep_until(monotonic)

    def deadline(self, seconds: float) -> AbstractContextManager[trio.CancelScope]:
        """See the port."""
        return trio.move_on_after(max(0.0, seconds))


class SeededRandomness:
    """The Randomness port from a seed."""

    def __init__(self, seed: int | str = 0) -> None:
        self._random = random.Random(seed)

    def token(self, size: int) -> bytes:
        """See the port."""
        return self._random.randbytes(size)

    def uniform(self, low: float, high: float) -> float:
        """See the port."""
        return self._random.uniform(low, high)
