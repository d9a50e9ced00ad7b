"""What a runtime counts; telemetry reads it."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final


class Buckets:
    """How values are spread: counts by upper bound, and the sum. Adding one costs a search among the bounds."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds: Final = tuple(bounds)
        """Ascending; a value that equals one belongs below it."""
        self.counts: Final = [0] * (len(bounds) + 1)
        """The last one is for what is above all bounds."""
        self.total = 0.0

    def add(self, value: float) -> None:
        """Count this value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


@dataclass(slots=True)
class RuntimeCounters:
    """What the actors of a node did, ever."""

    activations: int = 0
    """Streams that became active here."""
    crashes: int = 0
    """Actors that a bug ended; each is restarted, or rests."""
    checkpoints: int = 0
    """States kept for later activations."""
    checkpoints_failed: int = 0
    """States that couldn't be kept: the next activation, or checkpoint, has more to do."""
    passivations: int = 0
    """Idle streams that were let go."""
    passivations_deferred: int = 0
    """Idle streams that have to wait for a later sweep, since so many are."""
    rests: int = 0
    """Streams that crashed too often: they answer unavailable for a while."""
    effects: int = 0
    """Commands of streams for other streams that were settled."""
    works_failed: int = 0
    """Attempts to work something out that raised or were killed; each is made again."""
    works_outdated: int = 0
    """Results that were thrown away, since what they were worked out from had changed."""
    events: Counter[str] = field(default_factory=Counter[str])
    """Committed events by type."""
