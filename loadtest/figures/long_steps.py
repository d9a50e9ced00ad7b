"""The longest step of a node's loop for each text that is dear to look through, measured by a program of its own."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from loadtest.figures import Scale
from loadtest.program import lines_of
from loadtest.report import Figure, at_most

STEP_MS_MAX: Final = 10.0
TIMEOUT_S: Final = 600.0
GROUP: Final = "longest step of the loop, CPU time"


class _Measured(Struct, frozen=True, kw_only=True):
    """A line of ``gatherup.bench.long_steps``."""

    case: str
    longest_step_ms: float


def measure(scale: Scale) -> list[Figure]:
    """Run it and read what it prints."""
    cases: dict[str, list[float]] = {}
    for line in lines_of("long_steps", _Measured, timeout_s=TIMEOUT_S, repeats=scale.repeats):
        cases.setdefault(line.case, []).append(line.longest_step_ms)
    return [
        Figure(
            group=GROUP,
            name=f"longest step, {case}",
            unit="ms",
            values=tuple(values),
            target=at_most(STEP_MS_MAX),
        )
        for case, values in cases.items()
    ]
