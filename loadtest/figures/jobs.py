"""How fast jobs are drained and how soon one starts elsewhere, measured by a program of its own."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from loadtest.figures import Scale
from loadtest.program import lines_of
from loadtest.report import Figure, at_least, at_most

DRAINED_PER_S_MIN: Final = 1000.0
START_P99_MS_MAX: Final = 200.0
BACKLOG: Final = 20_000
QUICK_BACKLOG: Final = 200
TIMEOUT_S: Final = 300.0


class _Measured(Struct, frozen=True, kw_only=True):
    """A line of ``gatherup.bench.jobs``."""

    backlog: int
    drained_s: float
    drained_cpu_s: float
    start_p50_ms: float
    start_p99_ms: float


def measure(scale: Scale) -> list[Figure]:
    """Run it once a repeat, each on servers of its own."""
    backlog = BACKLOG if scale.repeats > 1 else QUICK_BACKLOG
    runs = [
        run
        for _ in range(scale.repeats)
        for run in lines_of("jobs", _Measured, timeout_s=TIMEOUT_S, seconds=scale.seconds, backlog=backlog)
    ]
    drained = tuple(run.backlog / run.drained_s for run in runs)
    starts, drains = "jobs, 500/s, on another node", f"jobs, {backlog:,} due at once"
    return [
        Figure(group=drains, name="drained", unit="/s", values=drained, target=at_least(DRAINED_PER_S_MIN)),
        Figure(
            group=drains,
            name="drained",
            unit="/CPU s",
            values=tuple(run.backlog / run.drained_cpu_s for run in runs),
        ),
        Figure(group=starts, name="start p50", unit="ms", values=tuple(run.start_p50_ms for run in runs)),
        Figure(
            group=starts,
            name="start p99",
            unit="ms",
            values=tuple(run.start_p99_ms for run in runs),
            target=at_most(START_P99_MS_MAX),
        ),
    ]
