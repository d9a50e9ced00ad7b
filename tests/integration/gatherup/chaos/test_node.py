"""A node's supervisor and its process, with a small program in the node's place."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from gatherup.chaos.node import FAILED_STARTS_MAX, ClusterNode, NodeFailedError

HANG_S = 60
NODE = """
import os, signal, sys, threading
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
http, stream = (os.environ.get(f"GATHERUP_{p}_PORT", "0") for p in ("HTTP", "STREAM"))
url = f"http://127.0.0.1:{http if http != '0' else 18001}"
print(f"GatherUp serves on {url} and ws://127.0.0.1:18002/v1/stream", file=sys.stderr)
while not stop.is_set():
    stop.wait(0.01)
"""


@asynccontextmanager
async def node_running(tmp_path: Path, program: str = NODE) -> AsyncGenerator[tuple[ClusterNode, list[str]]]:
    said: list[str] = []
    node = ClusterNode(
        "node-1",
        (sys.executable, "-c", program),
        {"GATHERUP_HTTP_PORT": "0"},
        {},
        log=tmp_path / "node-1.log",
        say=said.append,
    )
    with trio.fail_after(HANG_S):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(node.run)
            yield node, said
            nursery.cancel_scope.cancel()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


async def test_a_killed_node_is_started_again_where_it_was(tmp_path: Path) -> None:
    async with node_running(tmp_path) as (node, said):
        addresses = await node.wait_serving()
        first = node.pid
        node.kill()
        await node.wait_ended()
        assert not node.serving
        assert await node.wait_serving() == addresses
        assert node.pid != first and node.starts == 2
        assert said == ["node-1 ended with -9; it is started again."]
        last = node.pid
        assert last is not None
    assert not alive(last), "a cancelled supervisor takes its process along"


async def test_a_drained_node_stays_down_until_it_is_restarted(tmp_path: Path) -> None:
    async with node_running(tmp_path) as (node, said):
        await node.wait_serving()
        await node.drain()
        assert node.pid is None and said == []
        await node.restart()
        assert node.serving and node.starts == 2
        await node.restart()
        assert node.starts == 3


async def test_a_frozen_node_stops_and_goes_on(tmp_path: Path) -> None:
    async with node_running(tmp_path) as (node, _), trio.open_nursery() as nursery:
        await node.wait_serving()
        pid = node.pid
        assert pid is not None
        nursery.start_soon(node.freeze, 0.2)
        while state(pid) != "T":  # noqa: ASYNC110 - the kernel tells nobody
            await trio.sleep(0.001)
        while state(pid) == "T":  # noqa: ASYNC110
            await trio.sleep(0.001)
        assert node.pid == pid and node.serving


async def test_a_node_that_cannot_start_is_given_up_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gatherup.chaos.node.RESTART_PAUSE_S", 0.001)
    async with node_running(tmp_path, "import sys; sys.exit('no such setting')") as (node, _):
        with pytest.raises(NodeFailedError, match="no such setting"):
            await node.wait_serving()


async def test_a_node_that_served_once_is_tried_for_ever_and_pauses_grow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gatherup.chaos.node.RESTART_PAUSE_S", 0.001)
    monkeypatch.setattr("gatherup.chaos.node.RESTART_PAUSE_MAX_S", 0.004)
    count = tmp_path / "starts"
    failing = f"""
import sys
count = open({str(count)!r}, "a+")
count.seek(0)
starts = len(count.read())
count.write("x")
count.close()
if 0 < starts <= {FAILED_STARTS_MAX + 2}:
    sys.exit("the machine is too busy")
"""
    async with node_running(tmp_path, failing + NODE) as (node, said):
        await node.wait_serving()
        node.kill()
        await node.wait_ended()
        await node.wait_serving()
    assert node.starts == FAILED_STARTS_MAX + 4
    assert said[0] == "node-1 ended with -9; it is started again."
    assert said[-1].startswith("node-1 ended with 1; it is started again in ")
    assert said[-1].endswith(f"after {FAILED_STARTS_MAX + 2} failed starts.")


async def test_no_node_outlives_a_killed_launcher() -> None:
    launcher = """
import sys, trio
from gatherup.chaos.child import Child
async def main():
    child = Child([sys.executable, "-c", "import time; time.sleep(600)"], {})
    print(child.pid, flush=True)
    await child.wait()
trio.run(main)
"""
    with trio.fail_after(HANG_S):
        started = await trio.lowlevel.open_process([sys.executable, "-c", launcher], stdout=subprocess.PIPE)
        assert started.stdout is not None
        async with started.stdout as stdout:
            pid = int(await stdout.receive_some())
        assert alive(pid)
        started.send_signal(signal.SIGKILL)
        await started.wait()
        while alive(pid) and state(pid) != "Z":  # noqa: ASYNC110 - nobody's child tells nobody
            await trio.sleep(0.005)
