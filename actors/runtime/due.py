"""Due work: wakes streams whose timer fires, or whose events have pending effects, active or not."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import trio

from actors.cluster.ownership import Change, Here, Ownership, There
from actors.kind import Instant
from actors.ports.log import Log, LogUnavailableError
from actors.ports.time import Clock, Randomness
from actors.runtime import limits
from actors.runtime.time_slice import TimeSlice

_log = logging.getLogger(__name__)

HORIZON_MS: Final = 2 * int(limits.DUE_SWEEP_S * 1000)
"""Further ahead nothing is remembered."""


class DueWork:
    """A heap of (when, stream), filled by the cells and by sweeps of the log, which outlives any crash.

    Only for the shards of this node: those it takes, or keeps after all, are read at once, those it loses are their
    next owner's. What is overdue when it is read is spread: after a fail-over that may be thousands.
    """

    def __init__(
        self,
        log: Log,
        ownership: Ownership,
        clock: Clock,
        randomness: Randomness,
        wake: Callable[[str, int], None],
    ) -> None:
        self._source = log
        self._ownership = ownership
        self._clock = clock
        self._randomness = randomness
        self._wake = wake
        # A wish that was replaced by an earlier one stays in the heap and is passed over when it comes up:
        # only the entry that _earliest names counts. So the heap never has to be searched.
        self._heap: list[tuple[Instant, str]] = []
        self._earliest: dict[str, Instant] = {}
        self._changed = trio.Event()
        self._nursery: trio.Nursery | None = None
        ownership.on_change(self._moved)

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
            self._nursery = nursery
            nursery.start_soon(self._sweep)
            try:
                while True:
                    await self._wake_due()
                    self._changed = trio.Event()
                    wait_s = self._wait_s()
                    with self._clock.deadline(wait_s):
                        await self._changed.wait()
            finally:
                self._nursery = None

    def _wait_s(self) -> float:
        if not self._heap:
            return limits.DUE_SWEEP_S
        return max(0.001, (self._heap[0][0] - self._clock.now()) / 1000)

    async def _wake_due(self) -> None:
        now, time_slice, held = self._clock.now(), TimeSlice(self._clock), list[str]()
        while self._heap and self._heap[0][0] <= now:
            at, stream = heapq.heappop(self._heap)
            if self._earliest.get(stream) == at:
                del self._earliest[stream]
                if not self._woken(stream):
                    held.append(stream)
                await time_slice.rest()
        # Spread as what is overdue: after a standstill these are all that came due in it, and would stay together.
        spread_ms = 1000 * len(held) / limits.DUE_WAKES_PER_S
        for stream in held:
            wait_ms = limits.TIMER_RETRY_MS + int(self._randomness.uniform(0, spread_ms))
            self.schedule(stream, now + wait_ms)
            await time_slice.rest()

    def _woken(self, stream: str) -> bool:
        """Wake it if this node may; false if it may stay, or become, this node's."""
        match self._ownership.where(stream):
            case Here(epoch=epoch):
                self._wake(stream, epoch)
                return True
            case where:  # another owner reads the stream's row for itself
                return isinstance(where, There)

    # --- what the log says ---

    def _moved(self, change: Change) -> None:
        if (begun := change.taken | change.kept) and self._nursery is not None:
            self._nursery.start_soon(self._read, begun)

    async def _sweep(self) -> None:
        """Read all shards every DUE_SWEEP_S."""
        while True:
            next_at = self._clock.monotonic() + limits.DUE_SWEEP_S
            await self._read(self._ownership.shards)
            await self._clock.sleep_until(next_at)

    async def _read(self, shards: Iterable[int]) -> None:
        """Schedule what the log says is due in these shards before the next sweep: all of it, page by page.

        A shard that is lost and taken again meanwhile is read again, by another task.
        """
        asked = frozenset(shards)
        horizon = self._clock.now() + int(limits.DUE_SWEEP_S * 1000)
        last: tuple[Instant, str] | None = None
        while owned := sorted(asked.intersection(self._ownership.shards)):
            begun, limit = self._clock.monotonic(), limits.DUE_PAGE_STREAMS_MAX
            try:
                found = await self._source.due(owned, horizon, limit, after=last)
            except LogUnavailableError as error:
                _log.warning("due work wasn't read", extra={"error": str(error)})
                await self._clock.sleep_until(begun + limits.DUE_RESWEEP_S)
                continue
            spread_s = self._spread(found)
            if len(found) < limit:
                return
            stream, at = found[-1]
            last = at, stream
            await self._clock.sleep_until(begun + spread_s)

    def _spread(self, found: Sequence[tuple[str, Instant]]) -> float:
        """Schedule these: what is overdue at random times, within so many seconds that DUE_WAKES_PER_S holds."""
        now = self._clock.now()
        late = sum(at <= now for _, at in found)
        spread_s = late / limits.DUE_WAKES_PER_S
        for stream, at in found:
            wait_ms = int(self._randomness.uniform(0, spread_s * 1000)) if at <= now else at - now
            self.schedule(stream, now + wait_ms)
        return spread_s
