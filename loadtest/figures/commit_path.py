"""The commit path alone, measured by a program of its own from the inside of a node's parts."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from loadtest.figures import Scale
from loadtest.program import lines_of
from loadtest.report import Figure, at_least, at_most

EVENTS_PER_CPU_S_MIN: Final = 25_000.0
ACK_P50_MS_MAX: Final = 2.0
OPEN_PER_S: Final = 2000
TIMEOUT_S: Final = 600.0


class _Measured(Struct, frozen=True, kw_only=True):
    """A line of ``gatherup.bench.commit_path``."""

    loop: str
    events: int
    seconds: float
    cpu_s: float
    commits: int
    ack_p50_ms: float
    ack_p99_ms: float


def measure(scale: Scale) -> list[Figure]:
    """Run it and read what it prints."""
    runs = lines_of(
        "commit_path",
        _Measured,
        timeout_s=TIMEOUT_S,
        rooms=scale.actors,
        seconds=scale.seconds,
        repeats=scale.repeats,
        per_s=OPEN_PER_S,
    )
    closed = [run for run in runs if run.loop == "closed"]
    opened = [run for run in runs if run.loop == "open"]
    group = f"commit path alone, {scale.actors} actors"

    def figure(name: str, unit: str, values: list[float]) -> Figure:
        return Figure(group=group, name=name, unit=unit, values=tuple(values))

    per_cpu_s = figure("events, closed loop", "/CPU s", [r.events / r.cpu_s for r in closed])
    ack_p50 = figure(f"ack p50, {OPEN_PER_S}/s", "ms", [r.ack_p50_ms for r in opened])
    return [
        msgspec.structs.replace(per_cpu_s, target=at_least(EVENTS_PER_CPU_S_MIN)),
        figure("events, closed loop", "/s", [r.events / r.seconds for r in closed]),
        figure("events per commit, closed loop", "", [r.events / r.commits for r in closed]),
        figure("ack p50, closed loop", "ms", [r.ack_p50_ms for r in closed]),
        msgspec.structs.replace(ack_p50, target=at_most(ACK_P50_MS_MAX)),
        figure(f"ack p99, {OPEN_PER_S}/s", "ms", [r.ack_p99_ms for r in opened]),
    ]
