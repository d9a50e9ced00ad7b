"""Worker processes in the life of their node."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gatherup.offloop import child
from tests.integration.site import Site, running, settings

HANG_S = 60
PROGRAM = """
import os, trio
from gatherup.auth.hashing import hashed
from gatherup.offloop.pool import OffLoop

async def main():
    pool = OffLoop(processes=1, waiting_max=0)
    pid = await pool.call(os.getpid)
    async with trio.open_nursery() as nursery:
        nursery.start_soon({work})
        await trio.testing.wait_all_tasks_blocked()
        print(pid, flush=True)

import trio.testing
trio.run(main)
"""
HASHING = "pool.call, hashed, 'password', 65_536, 10_000"  # for minutes


@pytest.mark.parametrize("work", [HASHING, "trio.sleep_forever"], ids=["at work", "idle"])
def test_when_the_node_is_killed_its_processes_end(work: str) -> None:
    node = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(work=work)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert node.stdout is not None
    ended = os.pidfd_open(int(node.stdout.readline()))
    node.kill()
    assert select.select([ended], [], [], HANG_S)[0] == [ended]
    os.close(ended)
    _, said = node.communicate()
    assert said == "", "nor do they say anything"


def worker_processes() -> list[int]:
    """Those of this process: its children, whichever thread started them."""
    children = [
        int(pid)
        for task in Path("/proc/self/task").iterdir()
        for pid in (task / "children").read_text().split()
    ]
    return [pid for pid in children if child.__file__.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()]


@pytest.mark.real
async def test_a_node_whose_processes_are_killed_signs_people_in_and_leaves_none_behind(
    postgres_dsn: str,
) -> None:
    before = worker_processes()
    async with running(settings(postgres_dsn)) as addresses:
        assert worker_processes() == before, "nobody signed in yet"
        site = Site(addresses.http)
        body = {"handle": "ann", "password": "correct horse battery", "device": "a test"}
        registered = await site.http.post("/v1/register", json=body)
        assert registered.status_code == 201, registered.text
        (pid,) = set(worker_processes()) - set(before)
        os.kill(pid, signal.SIGKILL)
        signing_in = {"name": "ann", "password": "correct horse battery", "device": "a test"}
        signed_in = await site.http.post("/v1/login", json=signing_in)
        assert signed_in.status_code == 200, signed_in.text
        assert set(worker_processes()) - set(before) != {pid}
        await site.aclose()
    assert worker_processes() == before
