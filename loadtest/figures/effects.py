"""How fast what streams cause in others settles, measured by a program of its own."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from loadtest.figures import Scale
from loadtest.program import lines_of
from loadtest.report import Figure, at_least

EFFECTS_PER_S_MIN: Final = 2000.0
STREAMS: Final = (1, 20)
TIMEOUT_S: Final = 600.0


class _Measured(Struct, frozen=True, kw_only=True):
    """A line of ``gatherup.bench.effects``."""

    effects: int
    seconds: float
    cpu_s: float
    commits: int
    refused: int


def measure(scale: Scale) -> list[Figure]:
    """One stream that mentions, and several."""
    return [figure for streams in STREAMS for figure in _measure(scale, streams)]


def _measure(scale: Scale, streams: int) -> list[Figure]:
    runs = lines_of(
        "effects",
        _Measured,
        timeout_s=TIMEOUT_S,
        streams=streams,
        seconds=scale.seconds,
        repeats=scale.repeats,
    )
    group = f"effects, {streams} streams, 20 mentions an event"

    def figure(name: str, unit: str, values: list[float]) -> Figure:
        return Figure(group=group, name=name, unit=unit, values=tuple(values))

    settled = figure("settled", "/s", [run.effects / run.seconds for run in runs])
    return [
        msgspec.structs.replace(settled, target=at_least(EFFECTS_PER_S_MIN)),
        figure("settled", "/CPU s", [run.effects / run.cpu_s for run in runs]),
        figure("per commit", "", [run.effects / max(1, run.commits) for run in runs]),
    ]
