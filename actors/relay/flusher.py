"""When each stream is flushed: at once when it was idle, in ticks when it is busy, never holding the loop."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Final

import trio

from actors.ports.time import Clock
from actors.relay.counters import RelayCounters
from actors.relay.deliveries import Deliveries
from actors.relay.entry import Entry, Subscription
from actors.relay.flush import Flush
from protocol import limits

SLICE_SENDS: Final = 128
"""Sends of one stream before another that is due gets its turn, and before the time is looked at."""


class Flusher:
    """One task that flushes all streams of a node. ``end`` ends a subscription whose right was revoked."""

    def __init__(self, clock: Clock, counters: RelayCounters, end: Callable[[Subscription], None]) -> None:
        self.deliveries: Final = Deliveries()
        self._clock = clock
        self._counters = counters
        self._end = end
        self._ready: deque[tuple[Entry, Flush | None]] = deque()  # due or under way, in turns
        self._later: list[tuple[float, int, Entry]] = []  # a heap by time
        self._order = count()
        self._wake = trio.Event()

    async def run(self) -> None:
        """Flush what is scheduled until cancelled."""
        while True:
            # Renewed before looking at what is due: what is scheduled after the look ends the wait below.
            if self._wake.is_set():
                self._wake = trio.Event()
            self._ready_when_due()
            if self._ready:
                self._flush_some()
                await trio.lowlevel.checkpoint()
            elif self._later:
                with self._clock.deadline(max(0.0, self._later[0][0] - self._clock.monotonic())):
                    await self._wake.wait()
            else:
                await self._wake.wait()

    def schedule(self, entry: Entry) -> None:
        """Have a stream flushed: in this scheduler pass when it was idle, else when its tick is over."""
        if entry.scheduled:
            return
        entry.scheduled = True
        if self._clock.monotonic() >= entry.flush_at:
            self._ready.append((entry, None))
            self._wake.set()
        else:
            heappush(self._later, (entry.flush_at, next(self._order), entry))
            if self._later[0][2] is entry:
                self._wake.set()

    def _ready_when_due(self) -> None:
        now = self._clock.monotonic()
        while self._later and self._later[0][0] <= now:
            self._ready.append((heappop(self._later)[2], None))

    def _flush_some(self) -> None:
        """Flush what is due, the streams in turns, until others must get the loop."""
        now = self._clock.monotonic()
        until, sends_left = now + limits.FLUSH_HOLD_MAX_S, limits.FLUSH_SENDS_MAX
        while self._ready and sends_left > 0 and now < until:
            entry, flush = self._ready.popleft()
            # Cut only when its turn comes: what arrived while it waited goes out in the same sends.
            if flush is None:
                flush = Flush(entry.cut(), entry.head, now, self._end)
            sends_left -= max(1, flush.advance(min(sends_left, SLICE_SENDS)))
            now = self._clock.monotonic()
            if flush.finished:
                self._flushed(entry, flush, now)
            else:
                self._ready.append((entry, flush))

    def _flushed(self, entry: Entry, flush: Flush, now: float) -> None:
        self._counters.flushes += 1
        self._counters.deliveries += flush.deliveries
        self._counters.sends += flush.sends
        # Twice as long as the flush took: one busy stream has half of the loop at most, and the larger its audience,
        # the more events each flush joins.
        entry.flush_at = flush.started + max(limits.FLUSH_TICK_MIN_S, 2 * (now - flush.started))
        entry.scheduled = False
        if self.deliveries:
            self.deliveries.flushed(entry.stream, flush.head, flush.deliveries)
        if entry.waiting:
            self.schedule(entry)
