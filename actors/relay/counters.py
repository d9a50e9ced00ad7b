"""What a relay counts; telemetry reads it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class RelayCounters:
    """What the relay did, ever."""

    deliveries: int = 0
    """Events handed to writers, counted once per subscriber."""
    flushes: int = 0
    sends: int = 0
    """Writes that flushes made; deliveries per send is what coalescing saves."""
    gaps: int = 0
    """Publishes that didn't join up with what came before, or had no room."""
    repairs: int = 0
    """Tasks that fetched missing events from the log."""
    resumes_from_log: int = 0
    """Subscribers that the ring couldn't serve."""
    revocations: int = 0
    signals_dropped: int = 0
