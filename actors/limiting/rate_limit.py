"""Token buckets: how often something may be done, with bursts."""

from __future__ import annotations

from msgspec import Struct

_ROUNDING_S = 1e-6
"""Sums of floats may be off by this much. Without it, a client that waited exactly as long as it was told could be
refused again.
"""


class Rate(Struct, frozen=True):
    """What a bucket allows; both are greater than 0, and ``burst`` is at least 1."""

    per_s: float
    """How many a second in the long run."""
    burst: float
    """How many at once after a pause."""


class TokenBucket:
    """One bucket, full at first. Time is passed in: seconds of a clock that never goes back.

    Kept as the time at which the bucket will be full again (the generic cell rate algorithm of ITU-T I.371), so
    nothing needs to run between two takes.
    """

    __slots__ = ("_full_at", "rate")

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self._full_at = float("-inf")

    def take(self, now: float) -> float:
        """Take one token: 0.0 if there was one, else the seconds until there is, and nothing is taken."""
        full_at = max(self._full_at, now) + 1.0 / self.rate.per_s
        wait = full_at - now - self.rate.burst / self.rate.per_s
        if wait > _ROUNDING_S:
            return wait
        self._full_at = full_at
        return 0.0
