"""Due work: wakes streams whose timer fires, or whose events still owe something, active or not."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable
from typing import Final

import trio

from actors.kind import Instant
from actors.ports import Clock, Log, LogUnavailableError
from actors.runtime import limits

_log = logging.getLogger(__name__)

HORIZON_MS: Final = 2 * int(limits.DUE_SWEEP_S * 1000)
"""Further ahead nothing is remembered."""


class DueWork:
    """A heap of (when, stream), filled by the cells and by a sweep of the log, which outlives any crash."""

    def __init__(self, log: Log, clock: Clock, wake: Callable[[str], None]) -> None:
        self._source = log
        self._clock = clock
        self._wake = wake
        self._heap: list[tuple[Instant, str]] = []
        self._earliest: dict[str, Instant] = {}
        self._changed = trio.Event()

    def schedule(self, stream: str, at: Instant) -> None:
        """Wake this stream at this time; an earlier wish of the same stream stands.

        The far future isn't kept here: the log holds it, and a sweep brings it in time.
        """
        if at > self._clock.now() + HORIZON_MS:
            return
        wished = self._earliest.get(stream)
        if wished is not None and wished <= at:
            return
        self._earliest[stream] = at
        heapq.heappush(self._heap, (at, stream))
        if self._heap[0] == (at, stream):
            self._changed.set()

    def __len__(self) -> int:
        return len(self._heap)

    async def run(self) -> None:
        """Wake streams until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._sweep)
            while True:
                self._wake_due()
                self._changed = trio.Event()
                wait_s = self._wait_s()
                with self._clock.deadline(wait_s):
                    await self._changed.wait()

    def _wait_s(self) -> float:
        if not self._heap:
            return limits.DUE_SWEEP_S
        return max(0.001, (self._heap[0][0] - self._clock.now()) / 1000)

    def _wake_due(self) -> None:
        now = self._clock.now()
        while self._heap and self._heap[0][0] <= now:
            at, stream = heapq.heappop(self._heap)
            if self._earliest.get(stream) == at:
                del self._earliest[stream]
                self._wake(stream)

    async def _sweep(self) -> None:
        while True:
            whole = await self._read()
            wait_s = limits.DUE_SWEEP_S if whole else limits.DUE_RESWEEP_S
            await self._clock.sleep_until(self._clock.monotonic() + wait_s)

    async def _read(self) -> bool:
        """Schedule what the log says is due before the next sweep; false if that isn't all of it."""
        horizon = self._clock.now() + int(limits.DUE_SWEEP_S * 1000)
        try:
            found = await self._source.due(horizon, limits.DUE_SWEEP_STREAMS_MAX)
        except LogUnavailableError as error:
            _log.warning("due work wasn't read: %s", error)
            return False
        for stream, at in found:
            self.schedule(stream, at)
        return len(found) < limits.DUE_SWEEP_STREAMS_MAX
