"""What the programs that measure a node from the inside have in common."""

from __future__ import annotations

import resource
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct


def say(told: Struct) -> None:
    """Tell whoever started this program, as a line of JSON on standard output."""
    sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
    sys.stdout.flush()


def cpu_s() -> float:
    """The processor time that this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@contextmanager
def folder() -> Generator[Path]:
    """Where servers keep their data for the block."""
    with tempfile.TemporaryDirectory(prefix="gatherup-bench-") as name:
        data = Path(name)
        data.chmod(0o755)  # PostgreSQL may have to run as another user
        yield data
