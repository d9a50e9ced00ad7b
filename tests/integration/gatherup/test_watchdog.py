"""The watchdog, in processes of its own: it ends what spins, also in C, and nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gatherup.watchdog import STOOD

PROGRAM = """
import itertools, sys
import trio, trio.testing
from gatherup.clock import SystemClock
from gatherup.watchdog import watch_loop

def spins_in_c():
    sum(itertools.repeat(0))

def spins_in_python():
    while True:
        pass

def waits_for_somebody():
    sys.stdin.read()

async def main():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch_loop, SystemClock(), 0.2)
        await trio.testing.wait_all_tasks_blocked()
        {step}
        nursery.cancel_scope.cancel()
    print("ended well")

trio.run(main)
"""


def run(step: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(step=step)],
        input="",
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("culprit", ["spins_in_c", "spins_in_python"])
def test_a_loop_that_stands_ends_the_process_and_tells_where(culprit: str) -> None:
    ended = run(f"{culprit}()")
    assert ended.returncode == STOOD
    assert f"in {culprit}" in ended.stderr


def test_a_loop_that_turns_is_left_alone_however_long_it_is_busy() -> None:
    ended = run("for _ in range(400): sum(range(100_000)); await trio.lowlevel.checkpoint()")
    assert (ended.returncode, ended.stdout) == (0, "ended well\n"), ended.stderr


def test_nothing_is_watched_any_more_once_it_ended() -> None:
    ended = run("nursery.cancel_scope.cancel(); await trio.sleep(0)")
    assert ended.returncode == 0, ended.stderr
