"""What happens to the nodes of a simulation while its clients are at work, by seed."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable

import trio

from actors.cluster.limits import ACTING_PART, LEASE_S
from protocol.nodes import inbox
from storage.memory.directory import MemoryDirectory
from tests.ports import TrioClock
from tests.sim.cluster import Cluster
from tests.sim.node import CLUSTER, SimNode

OFTEN_S = (1.0, 2.5, 6.0)
"""Between two events, on average: one of these for each history."""


class Trouble:
    """Crashes, freezes, cuts, outages, drains and new nodes, one after the other or several at a time.

    Whatever is broken for a while is whole again when ``run`` is cancelled.
    """

    def __init__(self, cluster: Cluster, seed: object) -> None:
        self._cluster = cluster
        self._chance = random.Random(f"trouble {seed}")
        self._note = cluster.history.note
        self._nursery: trio.Nursery
        self._events: list[tuple[int, Callable[[], Awaitable[None]]]] = [
            (22, self._crash),
            (10, self._stop),
            (12, self._freeze_long),
            (8, self._freeze_shortly),
            (5, self._drain),
            (6, self._add),
            (7, self._lose_postgres),
            (7, self._fail_over),
            (8, self._cut_from_postgres),
            (8, self._renew_slowly),
            (6, self._lose_redis),
            (8, self._cut_from_redis),
            (10, self._partition),
            (4, self._jump),
        ]

    async def run(self) -> None:
        """Until cancelled."""
        often_s = self._chance.choice(OFTEN_S)
        weights, events = zip(*self._events, strict=True)
        async with trio.open_nursery() as nursery:
            while True:
                await trio.sleep(self._chance.uniform(0, 2 * often_s))
                (event,) = self._chance.choices(events, weights)
                nursery.start_soon(event)

    def _some(self) -> SimNode:
        return self._chance.choice(list(self._cluster.nodes.values()))

    def _say(self, who: str, *what: object) -> None:
        self._note("TROUBLE", who, *what)

    # --- nodes ---

    async def _crash(self) -> None:
        node = self._some()
        self._say(node.name, "is killed")
        node.crash()

    async def _stop(self) -> None:
        node = self._some()
        self._say(node.name, "gets SIGTERM")
        node.terminate()

    async def _freeze_long(self) -> None:
        await self._freeze(self._chance.uniform(LEASE_S, 3 * LEASE_S))

    async def _freeze_shortly(self) -> None:
        await self._freeze(self._chance.uniform(0.05, 0.7 * LEASE_S))

    async def _freeze(self, seconds: float) -> None:
        node = self._some()
        if node.clock.frozen:
            return
        overflows = self._chance.random() < 0.4
        self._say(node.name, f"is frozen for {seconds:.2f} s", "and loses its bus connection" * overflows)
        self._cluster.freezes += 1
        node.clock.freeze()
        try:
            if overflows:
                await self._isolate(node.name, seconds / 2)
            await trio.sleep(seconds / 2 if overflows else seconds)
        finally:
            self._say(node.name, "is thawed")
            node.clock.thaw()

    async def _drain(self) -> None:
        node = self._some()
        if len(self._cluster.nodes) > 1:
            self._say(node.name, "is to be drained")
            await MemoryDirectory(self._cluster.database, TrioClock()).drain(node.name)

    async def _add(self) -> None:
        if self._cluster.may_grow:
            self._say("a node is added")
            self._cluster.add()

    async def _jump(self) -> None:
        milliseconds = self._chance.choice([-3_600_000, -1500, 1500, 3_600_000])
        if self._chance.random() < 0.7:
            node = self._some()
            self._say(node.name, f"has its clock set by {milliseconds} ms")
            node.clock.jump(milliseconds)
        else:
            milliseconds = self._chance.choice([-1500, -200, 200, 1500])
            self._say(f"PostgreSQL has its clock set by {milliseconds} ms")
            self._cluster.database.skew_ms += milliseconds

    # --- PostgreSQL ---

    async def _lose_postgres(self) -> None:
        seconds = self._chance.uniform(0.1, 5)
        self._say(f"PostgreSQL is away for {seconds:.2f} s")
        self._cluster.postgres_down(seconds, rolled_back=False)

    async def _fail_over(self) -> None:
        seconds = self._chance.uniform(0.0, 2)
        self._say(f"PostgreSQL fails over in {seconds:.2f} s")
        self._cluster.postgres_down(seconds, rolled_back=True)

    async def _cut_from_postgres(self) -> None:
        node, seconds = self._some(), self._chance.uniform(0.2, 3 * LEASE_S)
        self._say(node.name, f"is cut from PostgreSQL for {seconds:.2f} s")
        node.faults.go_down(seconds, rolled_back=False)

    async def _renew_slowly(self) -> None:
        """The last renewal that came through is answered just before it would be too late: the lease is old by then."""
        node, seconds = self._some(), self._chance.uniform(1.5 * LEASE_S, 3 * LEASE_S)
        late_s = self._chance.uniform(0.3, 0.99) * ACTING_PART * LEASE_S
        self._say(node.name, f"renews {late_s:.2f} s late, and then not at all, for {seconds:.2f} s")
        node.faults.renew_slowly(seconds, late_s)

    # --- Redis ---

    async def _lose_redis(self) -> None:
        seconds = self._chance.choice([0.0, self._chance.uniform(0.1, 8)])
        self._say(f"Redis is away for {seconds:.2f} s")
        network = self._cluster.network
        network.down()
        try:
            await trio.sleep(seconds)
        finally:
            network.up()

    async def _cut_from_redis(self) -> None:
        node, seconds = self._some(), self._chance.uniform(0.1, 8)
        self._say(node.name, f"is cut from Redis for {seconds:.2f} s")
        await self._isolate(node.name, seconds)

    async def _isolate(self, name: str, seconds: float) -> None:
        network = self._cluster.network
        network.isolate(name)
        try:
            await trio.sleep(seconds)
        finally:
            network.rejoin(name)

    async def _partition(self) -> None:
        """What one node sends another is lost, unnoticed, one way or both."""
        pair = [self._some(), self._some()]
        ids = {node.name: node.id for node in pair}
        if len(ids) < 2 or None in ids.values():
            return
        seconds = self._chance.uniform(0.1, 8)
        ways = [pair] if self._chance.random() < 0.7 else [pair, pair[::-1]]
        cuts = [(one.name, inbox(CLUSTER, other.id or 0)) for one, other in ways]
        self._say(f"nothing gets through for {seconds:.2f} s:", cuts)
        network = self._cluster.network
        for cut in cuts:
            network.cut(*cut)
        try:
            await trio.sleep(seconds)
        finally:
            for cut in cuts:
                network.mend(*cut)
