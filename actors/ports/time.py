"""The ports for time and chance."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

import trio

from actors.kind import Instant


class Clock(Protocol):
    """The only time there is. Monotonic seconds for waiting, Unix milliseconds for saying when."""

    def now(self) -> Instant:
        """Unix time in milliseconds. May step back; whoever needs order takes the maximum."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean anything."""
        ...

    async def sleep_until(self, monotonic: float) -> None:
        """Return at this time or later; at once (after a checkpoint) when it is past."""
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
