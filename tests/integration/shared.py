"""The node that all tests of a run share: `gatherup serve` in a process of its own, as operators run it.

A node takes a second to start and a database of its own; most tests only need one that serves. Being apart it keeps
what it logs, and what a test patches, to itself.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from gatherup.addresses import Addresses
from tests.integration.site import SETTINGS

STARTED_S = 60
STOPPED_S = 60
_SERVES: Final = re.compile(r"GatherUp serves on (?P<http>\S+) and (?P<stream>\S+)\n")
_SERVE: Final = """
import ctypes
ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL: a run that is killed leaves no node behind
from gatherup.cli import main
main(["serve"])
"""
_CHANGES: Final = {
    # What it tells its operators is searched for what nobody may find there: all of it.
    "GATHERUP_LOG_LEVEL": "debug",
    # Each test comes from an address of its own, so none meets the limits and locks that another has used up.
    "GATHERUP_HTTP_PROXY_HOPS": "1",
    "GATHERUP_CANARY_PERIOD_S": "1",
}


class SharedNode:
    """Where it serves, its database, and what it logs."""

    def __init__(self, addresses: Addresses, dsn: str, log: Path) -> None:
        self.addresses = addresses
        self.dsn = dsn
        self._log = log

    @property
    def logged(self) -> int:
        """How much it has logged until now."""
        return self._log.stat().st_size

    def said(self, since: int) -> str:
        """What it has logged since then."""
        with self._log.open("rb") as log:
            log.seek(since)
            return log.read().decode()


@contextmanager
def running_apart(dsn: str, log: Path) -> Iterator[SharedNode]:
    """A node that serves for the block; at its end it must have ended as asked."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GATHERUP_")}
    with log.open("wb") as output:
        process = subprocess.Popen(
            (sys.executable, "-W", "error", "-c", _SERVE),
            env={**clean, **SETTINGS, **_CHANGES, "DATABASE_URL": dsn},
            stderr=output,
        )
    try:
        yield SharedNode(_addresses(process, log), dsn, log)
        process.terminate()
        assert process.wait(STOPPED_S) == 0, log.read_text()[-5000:]
    finally:
        process.kill()
        process.wait()


def _addresses(process: subprocess.Popen[bytes], log: Path) -> Addresses:
    until = time.monotonic() + STARTED_S
    while (found := _SERVES.search(log.read_text())) is None:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.02)
    return Addresses(http=found["http"], stream=found["stream"])
