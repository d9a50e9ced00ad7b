"""What operators type: the cluster's screen, draining a node, several workers, and starts that are refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import trio

from actors.ports.cluster_view import ClusterView
from gatherup.client import Event, Online, Snapshot, Status, Stream, connect
from tests.integration.actors.cluster.rig import CLUSTER, SHORT_LEASE, Rig
from tests.integration.site import SETTINGS, Site

pytestmark = [pytest.mark.real, pytest.mark.slow]
GATHERUP = (sys.executable, "-m", "gatherup")
HANG_S = 300


def environment(**changes: str) -> dict[str, str]:
    foreign = ("GATHERUP_", "DATABASE_", "REDIS_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return {**clean, "PYTHONUNBUFFERED": "1", **changes}


async def ran(*arguments: str, **changes: str) -> subprocess.CompletedProcess[bytes]:
    return await obeyed(b"", *arguments, **changes)


async def obeyed(stdin: bytes, /, *arguments: str, **changes: str) -> subprocess.CompletedProcess[bytes]:
    return await trio.run_process(
        [*GATHERUP, *arguments],
        stdin=stdin,
        env=environment(**changes),
        capture_stdout=True,
        capture_stderr=True,
        check=False,
    )


async def test_the_screen_shows_every_node(cluster: Rig) -> None:
    for number in (1, 2):
        await cluster.ready(await cluster.start(f"node-{number}"))
    await cluster.balanced()
    shown = await ran("cluster", "--once", DATABASE_URL=cluster.dsn, COLUMNS="160")
    assert shown.returncode == 0, shown.stderr
    text = shown.stdout.decode()
    assert "node-1" in text
    assert "node-2" in text
    states, ages = list[str](), list[float | None]()
    while states != ["ready", "ready"] or None in ages:  # each says it with a renewal; two show a lease's age
        told = await ran("cluster", "--once", "--json", DATABASE_URL=cluster.dsn)
        document = json.loads(told.stdout)
        states = [node["state"] for node in document["nodes"]]
        ages = [node["lease_age_s"] for node in document["nodes"]]
    assert sum(node["shards"] for node in document["nodes"]) == 256
    assert {node["report"]["http"] for node in document["nodes"]} == {
        node.addresses.http for node in cluster.nodes.values()
    }


async def test_draining_by_command_ends_the_node_well(cluster: Rig) -> None:
    first, second = [await cluster.start(f"node-{number}") for number in (1, 2)]
    await cluster.balanced()
    await cluster.ready(second)
    unknown = await ran("drain", "node-9", DATABASE_URL=cluster.dsn)
    assert unknown.returncode == 1
    assert unknown.stderr.decode() == "unknown_node: no member is named node-9. Members: node-1, node-2.\n"
    drained = await ran("drain", "node-1", DATABASE_URL=cluster.dsn)
    assert drained.returncode == 0
    assert drained.stdout.decode().endswith("node-1 has ended.\n")
    await first.ended.wait()
    assert first.error is None
    del cluster.nodes["node-1"]
    await cluster.balanced()
    marked = await ran("drain", "node-2", "--no-wait", DATABASE_URL=cluster.dsn)
    assert marked.returncode == 0
    await second.ended.wait()  # alone: nobody is there to take its streams, and it ends all the same
    assert second.error is None
    del cluster.nodes["node-2"]


async def test_without_a_database_a_sentence_is_said() -> None:
    for command in (("cluster", "--once"), ("cluster",), ("drain", "node-1")):
        done = await ran(*command, DATABASE_URL="postgresql://x:secret-word@127.0.0.1:1/x")
        assert done.returncode == 1
        assert done.stderr.startswith(b"The database can't be reached: ")
        assert done.stderr.count(b"\n") == 1
        assert b"secret-word" not in done.stderr
    assert (await ran("cluster", DATABASE_URL="")).returncode == 2


async def test_a_misfit_exits_with_a_sentence(cluster: Rig) -> None:
    await cluster.start("node-1")
    settings = {**SETTINGS, **CLUSTER, "DATABASE_URL": cluster.dsn, "REDIS_URL": cluster.redis or ""}
    for changes, code in (
        ({"GATHERUP_NODE_NAME": "node-2", "GATHERUP_CLUSTER_NAME": "other"}, "wrong_cluster"),
        ({"GATHERUP_NODE_NAME": "node-1"}, "node_name_taken"),
    ):
        done = await ran("serve", **{**settings, **changes})
        assert done.returncode == 1
        # The last line: what a node's parts say while they are wired comes before.
        assert done.stderr.decode().splitlines()[-1].startswith(f"{code}: ")


class Serving:
    """A child that serves, and what it said."""

    def __init__(self, process: trio.Process) -> None:
        self.process = process
        self.said = ""
        self._heard = trio.Event()

    async def listen(self, stream: trio.abc.ReceiveStream) -> None:
        async for chunk in stream:
            self.said += bytes(chunk).decode()
            self._heard.set()
            self._heard = trio.Event()

    async def order(self, line: str, answer: str) -> str:
        """Type a line, and return what is said until this is."""
        before = len(self.said)
        assert self.process.stdin is not None
        await self.process.stdin.send_all(f"{line}\n".encode())
        await self.until(answer, self.said.count(answer) + 1)
        return self.said[before:]

    async def until(self, text: str, times: int = 1) -> None:
        """Return when the child has said this so often; it must not end before."""
        while self.said.count(text) < times:
            assert self.process.poll() is None, self.said
            with trio.move_on_after(1):
                await self._heard.wait()


@asynccontextmanager
async def serving(*arguments: str, **changes: str) -> AsyncIterator[Serving]:
    process = await trio.lowlevel.open_process(
        [*GATHERUP, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(**changes),
    )
    made = Serving(process)
    with trio.fail_after(HANG_S):
        async with trio.open_nursery() as nursery:
            assert process.stdout is not None
            assert process.stderr is not None
            nursery.start_soon(made.listen, process.stdout)
            nursery.start_soon(made.listen, process.stderr)
            try:
                yield made
            finally:
                process.kill()
                with trio.CancelScope(shield=True):
                    await process.wait()


def settings_of(cluster: Rig) -> Mapping[str, str]:
    return {
        **SETTINGS,
        **CLUSTER,
        "DATABASE_URL": cluster.dsn,
        "REDIS_URL": cluster.redis or "",
        **SHORT_LEASE,
        "GATHERUP_NODE_NAME": "core",
    }


async def test_workers_share_their_ports_and_a_crashed_one_comes_back(cluster: Rig) -> None:
    async with serving("serve", "--processes", "2", **settings_of(cluster)) as workers:
        await workers.until("GatherUp serves on", 2)
        addresses = {
            line.partition("serves on ")[2] for line in workers.said.splitlines() if "serves on" in line
        }
        assert len(addresses) == 1  # both on the same
        url, _, stream_url = addresses.pop().split()
        before = runs(await cluster.until(lambda view: len(view.members) == 2))
        assert sorted(before) == ["core-1", "core-2"]
        victim = worker_process(workers.process.pid, "core-1")
        os.kill(victim, signal.SIGKILL)
        await workers.until("GatherUp serves on", 3)
        after = runs(await cluster.until(lambda view: len(view.members) == 2))
        assert (after["core-1"] > before["core-1"], after["core-2"]) == (True, before["core-2"])
        await hear_one_another(url, stream_url, {"core-1", "core-2"})
        workers.process.terminate()
        assert await workers.process.wait() == 0, workers.said
        assert "Traceback" not in workers.said
        assert not (await cluster.view()).members  # both left


async def hear_one_another(url: str, stream_url: str, names: set[str]) -> None:
    """People come to one port until somebody is on each worker; what one of them says all of them get."""
    site = Site(url)
    ann = await site.guest("Ann")
    room = await ann.new_room()
    statuses: list[Status] = []
    async with AsyncExitStack() as stack:
        streams: list[Stream] = []
        while names - {status.node for status in statuses if isinstance(status, Online)}:
            assert len(streams) < 60, "the kernel picks by the port that a connection comes from"
            client = await stack.enter_async_context(
                connect(stream_url, token=ann.signed_in["access_token"], on_status=statuses.append)
            )
            streams.append(await client.subscribe(room))
        said = await ann.post(room, "to every core")
        for stream in streams:
            async for item in stream:
                if isinstance(item, Event | Snapshot) and item.position.seq >= said:
                    break
    await site.aclose()


def runs(view: ClusterView) -> dict[str, int]:
    """The run of each member, by its name."""
    return {member.name: member.fence for member in view.members}


def worker_process(parent: int, name: str) -> int:
    """The child of this process that is the node of this name."""
    for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        if f"GATHERUP_NODE_NAME={name}".encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
            return int(pid)
    raise AssertionError(name)


async def test_workers_that_cannot_start_say_why_and_go_on_trying(cluster: Rig) -> None:
    alone = await ran("serve", "--processes", "2", **{**settings_of(cluster), "REDIS_URL": ""})
    assert alone.returncode == 1
    assert b"bus_needed: " in alone.stderr
    unmigrated = {**settings_of(cluster), "DATABASE_URL": "postgresql://x@127.0.0.1:1/x"}
    async with serving("serve", "--processes", "1", **unmigrated) as workers:
        await workers.until("can't be reached", 2)
        workers.process.terminate()
        await workers.process.wait()


async def test_a_cluster_to_break_by_hand(server_dir: Path) -> None:
    settings = {"GATHERUP_DATA": str(server_dir / "dev-cluster"), **SHORT_LEASE}
    async with serving("dev", "--nodes", "3", **settings) as shell:
        await shell.until("3 nodes run")
        await shell.order("kill 1", "node-1 ended with -9; it is started again.")
        await all_ready(shell)
        await shell.order("nonsense", "There is no command 'nonsense'")
        await shell.order("freeze 2 7", "node-2 is frozen for 7 s.")
        await shell.until("node-2 ended with 1; it is started again.")  # the others took it for dead
        assert "node-2 goes on." in shell.said
        await all_ready(shell)
        await shell.order("cut 2 redis", "The link of node-2 to Redis is cut.")
        await shell.order("cut 1 postgres out", "Nothing passes from node-1 to PostgreSQL any more.")
        await shell.order("heal", "All links work again.")
        await all_ready(shell)
        await shell.order("drain 3", "node-3 has ended; restart starts it again.")
        await shell.order("restart 3", "node-3 serves.")
        await all_ready(shell)
        await shell.order("quit", "4 members\n")  # one with each node, and one that goes where it can
        assert await shell.process.wait() == 0, shell.said
        last = shell.said.splitlines()[-1]
        assert " 0 lost, 0 doubled, 0 altered" in last
        assert int(last.removeprefix("chat: ").split()[0]) > 20  # accepted


async def all_ready(shell: Serving) -> None:
    """Return when each of the three nodes says that it is ready."""
    while True:
        told = await shell.order("status", "chat: ")
        if told.count(" ready ") == 3:
            return
        await trio.sleep(0.2)
