"""Pairing the rounds of large Swiss stages, measured by a program of its own."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from loadtest.figures import Scale
from loadtest.program import lines_of
from loadtest.report import Figure, at_most

SLOWEST_MS_MAX: Final = {128: 300.0, 512: 2000.0}
TIMEOUT_S: Final = 120.0


class _Measured(Struct, frozen=True, kw_only=True):
    """A line of ``gatherup.bench.swiss``."""

    entrants: int
    median_ms: float
    slowest_ms: float


def measure(scale: Scale) -> list[Figure]:
    """Stages of both sizes, one a repeat, each with other results."""
    return [figure for entrants in SLOWEST_MS_MAX for figure in _of(entrants, scale)]


def _of(entrants: int, scale: Scale) -> list[Figure]:
    runs = lines_of("swiss", _Measured, timeout_s=TIMEOUT_S, entrants=entrants, repeats=scale.repeats)
    group = f"Swiss of {entrants}, CPU time"
    medians, slowest = tuple(run.median_ms for run in runs), tuple(run.slowest_ms for run in runs)
    target = at_most(SLOWEST_MS_MAX[entrants])
    return [
        Figure(group=group, name="median round paired", unit="ms", values=medians),
        Figure(group=group, name="slowest round paired", unit="ms", values=slowest, target=target),
    ]
