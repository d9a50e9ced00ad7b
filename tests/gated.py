"""A function for worker processes that waits for its test. It imports little, so a process has it soon."""

from __future__ import annotations

import os
from pathlib import Path


def weight_told(told: str, gate: str) -> int:
    """Say who works, then wait until somebody tells the weight; both through pipes with names."""
    Path(told).write_text(str(os.getpid()))
    return int(Path(gate).read_text())
