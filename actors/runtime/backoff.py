"""Jittered exponential back-off."""

from __future__ import annotations

from actors.ports.time import Randomness


def backoff(randomness: Randomness, attempt: int, low_s: float, high_s: float) -> float:
    """Seconds to wait before this attempt (1, 2, 3 …): doubling from low to high, then the upper half at random."""
    ceiling = min(high_s, low_s * 2 ** min(attempt - 1, 30))
    return randomness.uniform(ceiling / 2, ceiling)
