"""Processes that are measured: started here, looked at through /proc, ended by their own process id."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Final, Self

STOP_TIMEOUT_S: Final = 40.0
_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_UTIME: Final = 11  # the field's place after the process's name


class ChildError(Exception):
    """A child didn't start; the message holds what it said."""


class Child:
    """A process that says on standard output when it is ready, if ``ready`` is what it says then; ended at the end
    of the block.
    """

    def __init__(
        self, command: Sequence[str], ready: str | None, *, environment: Mapping[str, str] | None = None
    ) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=None if environment is None else dict(environment),
            text=True,
        )
        self.said = ""
        """What it said until it was ready, that line included."""
        while ready is not None and ready not in self.said:
            self.said += self._line()

    def ask(self) -> str:
        """Send an empty line; the line that it answers. For children that read."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._line()

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def _line(self) -> str:
        assert self._process.stdout is not None
        if line := self._process.stdout.readline():
            return line
        raise ChildError(f"it ended with {self._process.wait()}: {self.said}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        try:
            self._process.communicate(timeout=STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    @property
    def ended(self) -> int | None:
        """Its exit code, if it ended."""
        return self._process.poll()

    @property
    def cpu_s(self) -> float:
        """Processor time of this process, all its threads, none of its children."""
        with open(f"/proc/{self._process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[_UTIME]) + int(fields[_UTIME + 1])) / _TICKS_PER_S

    @property
    def rss_bytes(self) -> int:
        """Resident memory of this process."""
        with open(f"/proc/{self._process.pid}/statm") as file:
            return int(file.read().split()[1]) * _PAGE_BYTES
