"""Several runtimes on one memory database, and a line between them that takes its time."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import trio
from msgspec import msgpack
from msgspec.structs import replace

from actors.cluster.ownership import Ownership, There
from actors.ports.cluster_view import Move, shard_of
from actors.runtime.envelope import Envelope
from actors.runtime.node import Runtime
from actors.runtime.peers import RemoteSnapshot
from actors.runtime.snapshots import Snapshot
from protocol.frames import Refused, Signal
from storage.memory.directory import MemoryDirectory
from storage.memory.executor import MemoryExecutor
from storage.memory.faults import Faults
from storage.memory.log import MemoryLog
from tests.ownership import JOINING, joined, renew
from tests.ports import SeededRandomness
from tests.unit.actors.runtime.conftest import Published, World

LATENCY_S = 0.01
NAMES = ("one", "two", "three")


class CountingFaults(Faults):
    """No faults; how often each call was made, and those that are held up."""

    def __init__(self) -> None:
        self.calls: dict[str, int] = {}
        self.held: dict[str, trio.Event] = {}

    async def before(self, call: str) -> None:
        self.calls[call] = self.calls.get(call, 0) + 1
        await trio.lowlevel.checkpoint()
        if (gate := self.held.get(call)) is not None:
            await gate.wait()


class Line:
    """Peers of one node: hands everything to the other runtimes, LATENCY_S later, and the answers back."""

    def __init__(self, cluster: Cluster, router: Callable[[], Runtime]) -> None:
        self.forwarded = 0
        self._cluster = cluster
        self._mine = router

    def forward(self, to: There, stream: str, envelope: Envelope) -> None:
        self.forwarded += 1
        first, envelope.submitted = not envelope.submitted, True
        command = envelope.command if first else replace(envelope.command, resend=True)

        def returned() -> None:
            envelope.submitted = not first
            self._mine().router.route(envelope)

        self._later(
            lambda: self._cluster.of(to).router.take(
                stream,
                command,
                by=envelope.by,
                epoch=to.epoch,
                reply=lambda reply: self._later(lambda: envelope.answer(reply)),
                returned=lambda: self._later(returned),
            )
        )

    def ask_view(
        self, to: There, stream: str, user: str, answer: Callable[[RemoteSnapshot | Refused | None], None]
    ) -> None:
        def shown(found: Snapshot | Refused | None) -> None:
            answer(
                RemoteSnapshot(found.head, msgpack.encode(found.view))
                if isinstance(found, Snapshot)
                else found
            )

        self._later(lambda: self._cluster.of(to).router.view_for(stream, user, to.epoch, shown))

    def signal(self, to: There, signal: Signal, by: str) -> None:
        self._later(lambda: self._cluster.of(to).router.signal_from(signal.stream, signal, by, to.epoch))

    def _later(self, call: Callable[[], None]) -> None:
        async def after() -> None:
            await trio.sleep(LATENCY_S)
            call()

        self._cluster.nursery.start_soon(after)


class Node:
    """One node: what it believes, and its runtime."""

    def __init__(self, cluster: Cluster, ownership: Ownership, directory: MemoryDirectory) -> None:
        self.ownership = ownership
        self.directory = directory
        self.publisher = Published()
        self.faults = CountingFaults()
        self.wishes = 0
        self.line = Line(cluster, lambda: self.runtime)
        self.runtime = Runtime(
            kinds=[cluster.kind],
            log=MemoryLog(cluster.database, cluster.clock, self.faults),
            ownership=ownership,
            clock=cluster.clock,
            randomness=SeededRandomness(1),
            publisher=self.publisher,
            executor=MemoryExecutor(),
            peers=self.line,
            digest_key=b"k" * 32,
        )
        ownership.on_wish(self._wished)

    def _wished(self) -> None:
        self.wishes += 1

    async def renew(self) -> None:
        await renew(self.directory, self.ownership)

    def suspend(self) -> None:
        """Its lease couldn't be renewed in time."""
        self.ownership._acting_until = -math.inf  # type: ignore[reportPrivateUsage]

    def moves(self, shards: Sequence[int], to: Node) -> list[Move]:
        view = self.ownership.view
        return [Move(n, view.shards[n].epoch, to.ownership.me.node) for n in shards]


class Cluster(World):
    """Nodes by name; the first one has all shards."""

    def __init__(self) -> None:
        super().__init__()
        self.nodes: list[Node] = []

    def of(self, to: There) -> Runtime:
        """The runtime of that member."""
        return next(n.runtime for n in self.nodes if n.ownership.me == to.member.run)

    @asynccontextmanager
    async def running(self, count: int = 2) -> AsyncIterator[list[Node]]:
        for name in NAMES[:count]:
            directory = MemoryDirectory(self.database, self.clock)
            ownership = await joined(directory, self.clock, replace(JOINING, name=name), take=not self.nodes)
            self.nodes.append(Node(self, ownership, directory))
        async with trio.open_nursery() as lines, trio.open_nursery() as nursery:
            self.nursery = lines
            for node in self.nodes:
                await node.renew()
                await nursery.start(node.runtime.run)
            yield self.nodes
            nursery.cancel_scope.cancel()
            lines.cancel_scope.cancel()

    async def hand_over(
        self, giver: Node, taker: Node, shards: Sequence[int], timeout_s: float = 2.0
    ) -> bool:
        """As a member does it: hold, release, move; both see it, the taker a moment later."""
        giver.ownership.hand_over(shards)
        whole = await giver.runtime.release(shards, timeout_s)
        moves = giver.moves(shards, taker)
        assert await giver.directory.move(giver.ownership.me, moves) == len(moves)
        await giver.renew()
        await trio.sleep(LATENCY_S)
        await taker.renew()
        return whole


def shards_of(*streams: str) -> list[int]:
    return sorted({shard_of(stream) for stream in streams})
