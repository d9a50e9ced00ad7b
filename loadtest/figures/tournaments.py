"""Folding a large tournament from its log, measured by a program of its own."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from loadtest.figures import Scale
from loadtest.program import lines_of
from loadtest.report import Figure, at_most

FOLD_S_MAX: Final = 1.0
TIMEOUT_S: Final = 600.0


class _Measured(Struct, frozen=True, kw_only=True):
    """A line of ``gatherup.bench.tournaments``."""

    entrants: int
    events: int
    fold_s: float


def measure(scale: Scale) -> list[Figure]:
    """A single elimination of ``scale.entrants``, whole."""
    runs = lines_of(
        "tournaments", _Measured, timeout_s=TIMEOUT_S, entrants=scale.entrants, repeats=scale.repeats
    )
    group = f"single elimination of {runs[0].entrants:,}, {runs[0].events:,} events, CPU time"
    values = tuple(run.fold_s for run in runs)
    return [
        Figure(group=group, name="folded from the log", unit="s", values=values, target=at_most(FOLD_S_MAX))
    ]
