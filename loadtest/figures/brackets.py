"""Building a bracket of double elimination, measured by a program of its own."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from loadtest.figures import Scale
from loadtest.program import lines_of
from loadtest.report import Figure, at_most

BUILT_MS_MAX: Final = 20.0
TIMEOUT_S: Final = 60.0


class _Measured(Struct, frozen=True, kw_only=True):
    """A line of ``gatherup.bench.brackets``."""

    entrants: int
    built_ms: float
    seated_ms: float


def measure(scale: Scale) -> list[Figure]:
    """Run it once a repeat, since a process builds a bracket once, and read what it prints."""
    runs = [run for _ in range(scale.repeats) for run in lines_of("brackets", _Measured, timeout_s=TIMEOUT_S)]
    group = f"double elimination of {runs[0].entrants:,}, CPU time"
    built = tuple(run.built_ms for run in runs)
    seated = tuple(run.seated_ms for run in runs)
    return [
        Figure(group=group, name="bracket built", unit="ms", values=built, target=at_most(BUILT_MS_MAX)),
        Figure(group=group, name="entrants seated", unit="ms", values=seated),
    ]
