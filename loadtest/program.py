"""Measures that a program of its own makes, from the inside of a node's parts."""

from __future__ import annotations

import subprocess
import sys
from typing import TypeVar

import msgspec

T = TypeVar("T")


def lines_of(program: str, line: type[T], *, timeout_s: float, **options: float) -> list[T]:
    """Run this module of ``gatherup.bench`` with these options, and read the JSON lines that it prints.

    Raises CalledProcessError, TimeoutExpired.
    """
    command = [sys.executable, "-m", f"gatherup.bench.{program}"]
    command += [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=timeout_s)
    return msgspec.json.Decoder(line).decode_lines(done.stdout)
