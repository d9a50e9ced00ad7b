"""The real time, behind the Clock port."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from typing import Final

import trio

from actors.kind import Instant


class SystemClock:
    """The wall clock for saying when, Trio's monotonic clock for waiting."""

    def now(self) -> Instant:
        """Unix time in milliseconds."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds that never go back; those of the running Trio loop."""
        return trio.current_time()

    async def sleep_until(self, monotonic: float) -> None:
        """Return at this time or later."""
        await trio.sleep_until(monotonic)

    def deadline(self, seconds: float) -> AbstractContextManager[trio.CancelScope]:
        """A scope cancelled after this long; at its first checkpoint, if the time is up already."""
        return trio.move_on_after(max(0.0, seconds))


stopwatch: Final = time.perf_counter
"""Seconds that never go back, for telling how long work took."""
