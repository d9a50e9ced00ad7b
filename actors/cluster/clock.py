"""The time of the cluster on one node: monotonic time plus the offset to the database's clock."""

from __future__ import annotations

from collections import deque
from contextlib import AbstractContextManager
from typing import Final

import trio
from msgspec import Struct
from typing_extensions import override

from actors.kind import Instant
from actors.ports.time import Clock

_SAMPLES: Final = 8
"""Of so many measurements the one with the shortest round trip is believed, as NTP's clock filter does (RFC 5905,
section 10): it is the one that can be wrong by the least."""
ADOPT_AFTER_S: Final = 10.0
"""A step of the database's clock that stays is followed after so long."""
_ADOPT_SAMPLES_MIN: Final = 3
"""And after so many measurements, all of which agree."""


class _Sample(Struct, frozen=True):
    round_trip_s: float
    offset_ms: float
    """The database's time less the monotonic time, in the middle of the round trip."""


class ClusterClock(Clock):
    """The Clock port of a member. Until the first renewal it tells the base clock's time.

    ``now`` doesn't step back after that; when the offset shrinks it stands until time caught up, which is no longer
    than ``skew_max_s``: a larger step isn't followed. One that stays for ADOPT_AFTER_S was no error of a measurement:
    it is adopted, and then ``now`` steps with it, back as well, or it would stand for as long.
    """

    def __init__(self, base: Clock, *, skew_max_s: float) -> None:
        self._base = base
        self._skew_max_s = skew_max_s
        self._samples: deque[_Sample] = deque(maxlen=_SAMPLES)
        self._stepped: deque[_Sample] = deque(maxlen=_SAMPLES)
        """The last measurements in a row that show one and the same step."""
        self._stepped_at = 0.0
        """When the first of that row came (monotonic)."""
        self._offset_ms: float | None = None
        self._told = 0
        self.skewed_s: float | None = None
        """By how much the database's clock last jumped against this node's, if that was too far to follow: this node
        isn't ready then. None when the two agree."""

    def renewed(self, begun: float, ended: float, now: Instant) -> None:
        """Between these two times (monotonic seconds) the database's clock said this."""
        sample = _Sample(ended - begun, now - (begun + ended) / 2 * 1000)
        if self._offset_ms is not None:
            jump_s = (sample.offset_ms - self._offset_ms) / 1000
            # What the round trip leaves open isn't held against the clocks.
            if abs(jump_s) - sample.round_trip_s / 2 > self._skew_max_s:
                self.skewed_s = jump_s
                if not self._stays(sample, ended):
                    return
                self._samples.clear()
                self._samples.extend(self._stepped)
                self._told = 0
        self.skewed_s = None
        self._stepped.clear()
        self._samples.append(sample)
        self._offset_ms = min(self._samples, key=lambda known: known.round_trip_s).offset_ms

    def _stays(self, sample: _Sample, ended: float) -> bool:
        """Whether this measurement shows a step that others showed before it, for long enough."""
        if self._stepped and not self._agree(self._stepped[0], sample):
            self._stepped.clear()
        if not self._stepped:
            self._stepped_at = ended
        self._stepped.append(sample)
        return ended - self._stepped_at >= ADOPT_AFTER_S and len(self._stepped) >= _ADOPT_SAMPLES_MIN

    def _agree(self, one: _Sample, other: _Sample) -> bool:
        apart_s = abs(one.offset_ms - other.offset_ms) / 1000
        return apart_s - (one.round_trip_s + other.round_trip_s) / 2 <= self._skew_max_s

    @override
    def now(self) -> Instant:
        if self._offset_ms is None:
            return self._base.now()
        self._told = max(self._told, int(self._base.monotonic() * 1000 + self._offset_ms))
        return self._told

    @override
    def monotonic(self) -> float:
        return self._base.monotonic()

    @override
    async def sleep_until(self, monotonic: float) -> None:
        await self._base.sleep_until(monotonic)

    @override
    def deadline(self, seconds: float) -> AbstractContextManager[trio.CancelScope]:
        return self._base.deadline(seconds)
