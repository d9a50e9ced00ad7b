"""The real time, behind the Clock port."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from typing import Final

import trio
from typing_extensions import override

from actors.kind import Instant
from actors.ports.time import Clock


class SystemClock(Clock):
    """The wall clock for saying when, the clock that Trio waits by for how long.

    That is read directly: it is asked several times a command, and ``trio.current_time`` takes four calls for it.
    """

    @override
    def now(self) -> Instant:
        """Unix time in milliseconds."""
        return time.time_ns() // 1_000_000

    @override
    def monotonic(self) -> float:
        """Seconds that never go back, from an arbitrary beginning."""
        return time.perf_counter()

    @override
    async def sleep_until(self, monotonic: float) -> None:
        await trio.sleep(max(0.0, monotonic - time.perf_counter()))

    @override
    def deadline(self, seconds: float) -> AbstractContextManager[trio.CancelScope]:
        """A scope cancelled after this long; at its first checkpoint, if the time is up already."""
        return trio.move_on_after(max(0.0, seconds))


stopwatch: Final = time.perf_counter
"""Seconds that never go back, for telling how long work took."""
