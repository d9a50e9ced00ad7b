"""Folding a large tournament from its log, measured by a program of its own."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

import msgspec
from msgspec import Struct

from loadtest.figures import Scale
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
    command = [sys.executable, "-m", "gatherup.bench.tournaments"]
    command += [f"--entrants={scale.entrants}", f"--repeats={scale.repeats}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=TIMEOUT_S)
    runs = msgspec.json.Decoder(_Measured).decode_lines(done.stdout)
    group = f"single elimination of {runs[0].entrants:,}, {runs[0].events:,} events, CPU time"
    values = tuple(run.fold_s for run in runs)
    return [
        Figure(group=group, name="folded from the log", unit="s", values=values, target=at_most(FOLD_S_MAX))
    ]
