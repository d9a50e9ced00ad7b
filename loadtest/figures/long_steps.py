"""The longest step of a node's loop for each text that is dear to look through, measured by a program of its own."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

import msgspec
from msgspec import Struct

from loadtest.figures import Scale
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
    command = [sys.executable, "-m", "gatherup.bench.long_steps", f"--repeats={scale.repeats}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=TIMEOUT_S)
    cases: dict[str, list[float]] = {}
    for line in msgspec.json.Decoder(_Measured).decode_lines(done.stdout):
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
