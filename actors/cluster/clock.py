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


class _Sample(Struct, frozen=True):
    round_trip_s: float
    offset_ms: float
    """The database's time less the monotonic time, in the middle of the round trip."""


class ClusterClock(Clock):
    """The Clock port of a member. Until the first renewal it tells the base clock's time.

    ``now`` doesn't step back after that; when the offset shrinks it stands until time caught up, which is no longer
    than ``skew_max_s``, since a larger step isn't followed.
    """

    def __init__(self, base: Clock, *, skew_max_s: float) -> None:
        self._base = base
        self._skew_max_s = skew_max_s
        self._samples: deque[_Sample] = deque(maxlen=_SAMPLES)
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
                return
        self.skewed_s = None
        self._samples.append(sample)
        self._offset_ms = min(self._samples, key=lambda known: known.round_trip_s).offset_ms

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
