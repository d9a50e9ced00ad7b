"""Run every test: ``python -m tests.lines``, or with ``fast`` those that need no server and no long search.

Lines of tests run side by side: many mostly wait, for their servers or for a lease to run out. Each says every half a
minute where it is; at the end it shows its last lines, or all it said if something failed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from msgspec import Struct

CACHE: Final = Path(".cache")
SAYS_EVERY_S: Final = 30
FAST: Final = ("-m", "not slow and not real")


class Line(Struct, frozen=True):
    """Tests that run one after the other."""

    name: str
    arguments: tuple[str, ...]
    niceness: int = 0
    """Nodes that watch one another come first: one that waits for the processor looks dead. Simulations take what time
    the others leave.
    """


EVERY: Final = (
    Line("wholes", ("tests/e2e", "tests/integration/actors/cluster")),
    Line(
        "integration",
        (
            "tests/integration",
            "--ignore=tests/integration/actors/cluster",
            "--ignore=tests/integration/storage",
        ),
        niceness=3,
    ),
    Line(
        "parts",
        (
            "tests/unit",
            "tests/contract",
            "tests/integration/storage",
            "tests/architecture",
            "tests/released",
        ),
        niceness=6,
    ),
    # Its one long test takes minutes when the other lines leave it little: its stacks would say nothing.
    Line("sim", ("tests/sim", "-o", "faulthandler_timeout=1200"), niceness=12),
)
QUICK: Final = (
    Line("fast-actors", ("tests/unit/actors", *FAST)),
    Line(
        "fast-others",
        (
            "tests/unit",
            "tests/contract",
            "tests/architecture",
            "tests/released",
            "--ignore=tests/unit/actors",
            *FAST,
        ),
    ),
)


class Running:
    """A line that runs."""

    def __init__(self, line: Line) -> None:
        self.name = line.name
        self.cpu_s = 0.0
        self.failed: bool | None = None
        self._log = CACHE / f"{line.name}.log"
        command = ["nice", "-n", str(line.niceness), sys.executable, "-m", "pytest"]
        cache = ["-o", f"cache_dir={CACHE / f'pytest-{line.name}'}"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, *cache, *line.arguments], stdout=log, stderr=subprocess.STDOUT
            )

    def ended(self) -> bool:
        """Whether it has, by now."""
        if self.failed is None:
            pid, status, used = os.wait4(self._process.pid, os.WNOHANG)
            if pid:
                self._process.returncode = os.waitstatus_to_exitcode(status)
                self.failed = status != 0
                self.cpu_s = used.ru_utime + used.ru_stime
        return self.failed is not None

    def where(self) -> str:
        """The tests it is at."""
        return next((text for text in reversed(self._said()) if text.startswith("tests/")), "it starts")

    def result(self) -> str:
        """How it went."""
        said = self._said()
        last = [at for at, text in enumerate(said) if text.startswith("==")][-1:]
        shown = said if self.failed else said[last[0] if last else 0 :]
        return "\n".join([*shown, f"{self.cpu_s:.0f} s of processor time"])

    def _said(self) -> list[str]:
        return [text for text in self._log.read_text(errors="replace").splitlines() if text.strip()]


def run(lines: tuple[Line, ...]) -> int:
    """Run these; the exit code."""
    CACHE.mkdir(exist_ok=True)
    began = said = time.monotonic()
    running = [Running(line) for line in lines]
    left = running
    while left:
        time.sleep(0.2)
        for line in [line for line in left if line.ended()]:
            print(f"--- {line.name}\n{line.result()}", flush=True)
        left = [line for line in left if line.failed is None]
        if left and time.monotonic() - said >= SAYS_EVERY_S:
            said = time.monotonic()
            for line in left:
                print(f"{said - began:4.0f} s  {line.name:12} {line.where()}", flush=True)
    failed = [line.name for line in running if line.failed]
    print(f"failed: {', '.join(failed)}" if failed else f"All passed in {time.monotonic() - began:.0f} s.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(run(QUICK if sys.argv[1:] == ["fast"] else EVERY))
