"""Several nodes of one machine: what is refused before any is started, and who gets connections."""

from __future__ import annotations

import signal
import socket
import sys
from itertools import pairwise

import pytest
import trio

from gatherup import config
from gatherup.http.server import bind
from gatherup.start import StartRefusedError
from gatherup.workers import BACKOFF_HIGH_S, BACKOFF_LOW_S, Worker, run
from tests.ports import SeededRandomness, TrioClock
from tests.unit.gatherup.config.test_config import MINIMAL

CRASHES = 20
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


async def test_internal_ports_that_there_are_not_are_refused() -> None:
    read = config.read({**SHARED, "GATHERUP_INTERNAL_PORT": "65530"})
    with pytest.raises(StartRefusedError, match="GATHERUP_INTERNAL_PORT"):
        await run(read, {}, 7, print, program=("/bin/false",))


async def test_each_node_tells_its_health_on_a_port_of_its_own() -> None:
    read = config.read({**SHARED, "GATHERUP_INTERNAL_PORT": "9090"})
    said: list[str] = []
    tell = (
        sys.executable,
        "-c",
        "import os, sys; print(os.environ['GATHERUP_INTERNAL_PORT'], file=sys.stderr)",
    )
    with trio.fail_after(60):
        await run(read, {}, 3, said.append, program=tell)
    assert sorted(said) == ["9090", "9091", "9092"]


def test_a_node_that_doesn_t_serve_yet_takes_no_connection_from_its_neighbours() -> None:
    """The kernel gives each listening socket its share: in a backlog nobody reads, clients would wait."""
    with bind("127.0.0.1", 0, shared=True) as bound:
        port = bound.getsockname()[1]
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)


class Hasty(Worker):
    """Crashes at once, again and again, until it is told to end."""

    def __init__(self) -> None:
        super().__init__((), {"GATHERUP_NODE_NAME": "a"}, print, TrioClock(), SeededRandomness())
        self.begun: list[float] = []

    async def _live(self) -> int:
        self.begun.append(trio.current_time())
        if len(self.begun) == CRASHES:
            self.end(signal.SIGTERM)
        return 1


async def test_a_node_that_crashes_is_tried_for_ever_with_pauses_that_grow(autojump_clock: object) -> None:
    """It may be the machine that is too busy, or the database that is away."""
    worker = Hasty()
    await worker.run()
    pauses_s = [later - earlier for earlier, later in pairwise(worker.begun)]
    assert len(pauses_s) == CRASHES - 1
    assert pauses_s[0] <= BACKOFF_LOW_S and max(pauses_s) <= BACKOFF_HIGH_S
    assert min(pauses_s[-5:]) >= BACKOFF_HIGH_S / 2
