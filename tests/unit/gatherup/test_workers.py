"""Several nodes of one machine: what is refused before any is started, and who gets connections."""

from __future__ import annotations

import signal
import socket
from typing import cast

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from gatherup import config
from gatherup.http.server import bind
from gatherup.start import StartRefusedError
from gatherup.workers import CRASHES_MAX, SETTLED_S, Worker, _watch, run  # pyright: ignore[reportPrivateUsage]
from tests.ports import SeededRandomness, TrioClock
from tests.unit.gatherup.config.test_config import MINIMAL

SHARED = {
    **MINIMAL,
    "REDIS_URL": "redis://localhost",
    "GATHERUP_CLUSTER_SECRET": "c3" * 32,
    "GATHERUP_HTTP_PORT": "0",
    "GATHERUP_STREAM_PORT": "0",
}


async def test_a_name_that_leaves_no_room_for_a_number_is_refused() -> None:
    read = config.read({**SHARED, "GATHERUP_NODE_NAME": "n" * 63})
    with pytest.raises(StartRefusedError, match="GATHERUP_NODE_NAME"):
        await run(read, {}, 9, print, program=("/bin/false",))


def test_a_node_that_doesn_t_serve_yet_takes_no_connection_from_its_neighbours() -> None:
    """The kernel gives each listening socket its share: in a backlog nobody reads, clients would wait."""
    with bind("127.0.0.1", 0, shared=True) as bound:
        port = bound.getsockname()[1]
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)


class FakeWorker:
    """A worker that crashes too often, or one that ends a while after it was told to."""

    def __init__(self, *, gave_up: bool) -> None:
        self.gave_up = gave_up
        self.ending = False
        self.signals: list[signal.Signals] = []
        self._told = trio.Event()

    def end(self, number: signal.Signals) -> None:
        self.ending = True
        self.signals.append(number)
        self._told.set()

    async def run(self) -> None:
        if not self.gave_up:
            await self._told.wait()
            await wait_all_tasks_blocked()


async def test_two_that_give_up_cut_nobody_off() -> None:
    """A second signal would end a node that hands over."""
    workers = [FakeWorker(gave_up=True), FakeWorker(gave_up=True), FakeWorker(gave_up=False)]
    with pytest.raises(StartRefusedError, match="crashed"):
        await _watch(cast("list[Worker]", workers))
    assert workers[2].signals == [signal.SIGTERM]


class BrieflyWell(Worker):
    """Its first run goes on long enough to count as well; then it crashes at once, again and again."""

    def __init__(self, *, well: bool) -> None:
        super().__init__((), {"GATHERUP_NODE_NAME": "a"}, print, TrioClock(), SeededRandomness())
        self.runs = 0
        self._well = well

    async def _live(self) -> int:
        self.runs += 1
        if self._well and self.runs == 1:
            await trio.sleep(SETTLED_S)
        if self.runs == 4 * CRASHES_MAX:
            self.end(signal.SIGTERM)
        return 1


@pytest.mark.parametrize(("well", "runs"), [(False, CRASHES_MAX), (True, 4 * CRASHES_MAX)])
async def test_only_a_node_that_never_was_well_is_given_up(
    autojump_clock: object, well: bool, runs: int
) -> None:
    """A crash while the database is away must not end the nodes that live through the outage."""
    worker = BrieflyWell(well=well)
    await worker.run()
    assert worker.runs == runs
    assert worker.gave_up is not well
