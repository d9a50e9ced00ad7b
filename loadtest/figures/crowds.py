"""A thousand at once, measured by a program of its own from the inside of a node's parts."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from loadtest.figures import Scale
from loadtest.program import lines_of
from loadtest.report import Figure, at_least, at_most

SERVED_MIN: Final = 100.0
"""Nobody who waits is turned away."""
FAIL_OVER_S_MAX: Final = 5.0
"""Until all rooms of a node that died have answered their next owner's clients."""
TIMEOUT_S: Final = 900.0
GROUP: Final = "a thousand at once"


class _Measured(Struct, frozen=True, kw_only=True):
    """A line of ``gatherup.bench.crowds``."""

    case: str
    asked: int
    seconds: float
    turned_away: int


def measure(scale: Scale) -> list[Figure]:
    """Run it and read what it prints."""
    lines = lines_of(
        "crowds",
        _Measured,
        timeout_s=TIMEOUT_S,
        rooms=scale.crowd,
        sessions=scale.crowd * 3 // 4,
        active=scale.dying,
        repeats=scale.repeats,
    )
    cases: dict[str, list[_Measured]] = {}
    for line in lines:
        cases.setdefault(line.case, []).append(line)
    return [figure for case, runs in cases.items() for figure in _figures(case, runs)]


def _figures(case: str, runs: list[_Measured]) -> list[Figure]:
    seconds = Figure(group=GROUP, name=case, unit="s", values=tuple(run.seconds for run in runs))
    if case.endswith("died"):
        seconds = msgspec.structs.replace(seconds, target=at_most(FAIL_OVER_S_MAX))
    served = Figure(
        group=GROUP,
        name=f"answers that served, {case}",
        unit="%",
        values=tuple(100 * run.asked / (run.asked + run.turned_away) for run in runs),
        target=at_least(SERVED_MIN),
    )
    return [seconds, served]
