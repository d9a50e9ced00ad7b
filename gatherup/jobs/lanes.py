"""Which lanes of a queue have room on this node. Pure, but for the clock."""

from __future__ import annotations

from collections import Counter
from typing import Final

from msgspec import Struct

from actors.ports.jobs import Room
from actors.ports.time import Clock, Randomness
from actors.runtime.backoff import backoff
from gatherup.jobs.queue import Queue

REST_MAX_S: Final = 60.0
"""After so long a lane that rests is tried with one job: an operator may have mended what was wrong."""
FORGET_S: Final = 3600.0
"""So long after its rest a lane that nobody tried is forgotten."""


class Rest(Struct, frozen=True):
    """A lane that couldn't be served."""

    failures: int
    until: float
    """On the monotonic clock. Afterwards one job is tried, and all the others when that succeeds."""


class Lanes:
    """How many jobs of each lane of a queue run here, and which lanes rest."""

    def __init__(self, queue: Queue, clock: Clock, randomness: Randomness) -> None:
        self._queue = queue
        self._clock = clock
        self._randomness = randomness
        self._running: Counter[str] = Counter()
        self._rests: dict[str, Rest] = {}

    def began(self, lane: str) -> None:
        """A job of this lane runs."""
        self._running[lane] += 1

    def ended(self, lane: str) -> None:
        """It ended, however."""
        self._running[lane] -= 1
        if not self._running[lane]:
            del self._running[lane]

    def serves(self, lane: str) -> None:
        """The lane did what it was asked: it rests no more."""
        self._rests.pop(lane, None)

    def rest(self, lane: str, wait_s: float | None) -> float:
        """Leave the lane alone for this long, or without a time for longer after each failure: how long.

        What ran at once and failed counts as one failure.
        """
        now, before = self._clock.monotonic(), self._rests.get(lane)
        if before is not None and before.until > now:
            return before.until - now
        failures = 1 if before is None else before.failures + 1
        if wait_s is None:
            low_s, high_s = self._queue.backoff_min_s, self._queue.backoff_max_s
            wait_s = backoff(self._randomness, failures, low_s, min(high_s, REST_MAX_S))
        wait_s = min(wait_s, REST_MAX_S)
        self._rests[lane] = Rest(failures, now + wait_s)
        return wait_s

    def room(self) -> Room | None:
        """What this node can take now; None if nothing."""
        queue = self._queue
        left = queue.at_once - self._running.total()
        if left <= 0:
            return None
        now = self._clock.monotonic()
        self._rests = {lane: rest for lane, rest in self._rests.items() if rest.until > now - FORGET_S}
        most = queue.at_once if queue.lane_at_once is None else queue.lane_at_once
        lanes = {lane: max(0, most - running) for lane, running in self._running.items()}
        for lane, rest in self._rests.items():
            lanes[lane] = 0 if rest.until > now or self._running[lane] else 1
        return Room(queue=queue.name, jobs=left, lane_jobs=most, lanes=lanes, lease_s=queue.lease_s)
