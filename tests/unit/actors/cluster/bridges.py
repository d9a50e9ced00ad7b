"""A few bridges on one bus inside a test, with a router, a relay and a log that only note what they get."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import trio
from msgspec.structs import replace

from actors.cluster.bridge import Bridge
from actors.cluster.ownership import Ownership, There
from actors.ports.bus import BusUnavailableError
from actors.ports.cluster_view import SHARDS, ClusterView, Member, Shard
from actors.ports.log import Fence, LogRow, LogUnavailableError
from actors.presence import Presence
from actors.presence.roster import Here as Local
from actors.runtime.envelope import Envelope
from protocol.frames import Accepted, Command, Reply, Signal, Signalled
from protocol.nodes import NODE_PROTOCOL, NodeFrame, inbox, link_key, unseal
from tests.counter_kind import Add, CounterKind
from tests.ports import SeededRandomness, TrioClock

SECRET = b"s" * 32
KEY = link_key(SECRET, "test")
BY = "user:" + "0" * 32


class Wave(Signal, frozen=True, kw_only=True, tag="counter.wave"): ...


class WavingKind(CounterKind):
    wire = replace(CounterKind.wire, signals=(Wave,))


KINDS: dict[str, Any] = {"counter": WavingKind()}


def stream_in(shard: int, number: int = 0) -> str:
    return f"counter:{shard:02x}{number:030x}"


def client_id(number: int) -> str:
    return f"00000000-0000-0000-0000-{number:012x}"


def add(stream: str, number: int = 1, **more: Any) -> Add:
    return Add(client_id=client_id(number), stream=stream, points=1, **more)


def row(seq: int, payload: bytes = b"p") -> LogRow:
    return LogRow(seq, b"h%d" % seq, payload)


def member(id: int, fence: int = 1) -> Member:  # noqa: A002
    return Member(
        id=id,
        name=f"n{id}",
        fence=fence,
        lease=1,
        lease_s=2.0,
        protocol=NODE_PROTOCOL,
        hears=tuple(range(1, 10)),
    )


class Hub:
    """The bus of all nodes. ``lose`` picks frames that vanish; ``down`` nodes can't publish or hear."""

    def __init__(self) -> None:
        self.ears: dict[str, tuple[Callable[[bytes], None], Callable[[bool], None]]] = {}
        self.lose: Callable[[NodeFrame], bool] = lambda frame: False
        self.down: set[int] = set()
        self.carried: list[tuple[str, bytes]] = []
        self.publishes: list[int] = []

    def end(self, node: int) -> End:
        return End(self, node)

    def frames(self) -> list[NodeFrame]:
        return [unseal(data, KEY) for _, data in self.carried]


class End:
    def __init__(self, hub: Hub, node: int) -> None:
        self.hub, self.node = hub, node

    async def publish(self, frames: Sequence[tuple[str, bytes]]) -> list[int]:
        await trio.lowlevel.checkpoint()
        hub = self.hub
        if self.node in hub.down:
            raise BusUnavailableError
        hub.publishes.append(len(frames))
        heard: list[int] = []
        for channel, data in frames:
            frame = unseal(data, KEY)
            hub.carried.append((channel, data))
            there = channel in hub.ears and frame.receiver[0] not in hub.down
            heard.append(int(there))
            if there and not hub.lose(frame):
                hub.ears[channel][0](data)
        return heard

    async def listen(
        self, channel: str, heard: Callable[[bytes], None], connected: Callable[[bool], None]
    ) -> None:
        self.hub.ears[channel] = (heard, connected)
        connected(True)
        try:
            await trio.sleep_forever()
        finally:
            del self.hub.ears[channel]


class FakeRelay:
    def __init__(self) -> None:
        self.streams: tuple[str, ...] = ()
        self.published: list[tuple[str, list[LogRow]]] = []
        self.stood: list[tuple[str, int]] = []
        self.signals: list[Signalled] = []
        self.listeners: list[Callable[[str, bool], None]] = []

    def on_interest(self, listener: Callable[[str, bool], None]) -> None:
        self.listeners.append(listener)

    def interest(self, stream: str, wanted: bool) -> None:
        for listener in self.listeners:
            listener(stream, wanted)

    def publish(self, stream: str, rows: Sequence[LogRow]) -> None:
        self.published.append((stream, list(rows)))

    def stands(self, stream: str, head: int) -> None:
        self.stood.append((stream, head))

    def signalled(self, frame: Signalled) -> None:
        self.signals.append(frame)

    def seqs(self, stream: str) -> list[int]:
        return [r.seq for name, rows in self.published if name == stream for r in rows]


class FakeLog:
    def __init__(self) -> None:
        self.at: dict[str, int] = {}
        self.failing = False
        self.reads: list[list[str]] = []

    async def heads(self, streams: Sequence[str]) -> list[int]:
        self.reads.append(list(streams))
        await trio.lowlevel.checkpoint()
        if self.failing:
            raise LogUnavailableError
        return [self.at.get(stream, 0) for stream in streams]


class FakeRouter:
    """Answers each command once per client id, as receipts do; or as ``answer`` says."""

    def __init__(self) -> None:
        self.routed: list[Envelope] = []
        self.taken: list[Command] = []
        self.epochs: list[int] = []
        self.effects: dict[str, int] = {}
        self.signals: list[tuple[str, Signal, str, int]] = []
        self.reply: Callable[[Command], Reply | None] = self._accept
        self.shows: Any = None
        self.on_route: Callable[[Envelope], None] = lambda envelope: None

    def _accept(self, command: Command) -> Reply:
        seq = self.effects.setdefault(command.client_id, len(self.effects) + 1)
        return Accepted(client_id=command.client_id, seq=seq, events=1)

    def route(self, envelope: Envelope) -> None:
        self.routed.append(envelope)
        self.on_route(envelope)

    def take(
        self,
        stream: str,
        command: Command,
        *,
        by: str,
        epoch: int,
        reply: Callable[[Reply], None],
        returned: Callable[[], None],
        parent: str | None,
    ) -> None:
        self.taken.append(command)
        self.epochs.append(epoch)
        told = self.reply(command)
        if told is None:
            returned()
        else:
            reply(told)

    def view_for(self, stream: str, user: str, epoch: int, answer: Callable[[Any], None]) -> None:
        answer(self.shows)

    def signal_from(self, stream: str, signal: Signal, by: str, epoch: int) -> None:
        self.signals.append((stream, signal, by, epoch))


class Node:
    def __init__(self, town: Town, id: int, fence: int = 1, secret: bytes = SECRET) -> None:  # noqa: A002
        self.id, self.fence, self.town = id, fence, town
        self.ownership = Ownership(Fence(id, fence), town.clock, lease_s=1e9)
        self.relay, self.log, self.router = FakeRelay(), town.log, FakeRouter()
        self.here: dict[str, Local] = {}
        self.presence = Presence(
            self.ownership,
            town.clock,
            here=lambda stream: self.here.get(stream, Local()),
            tell=self.relay.signalled,
        )
        self.relay.on_interest(self.presence.interest)
        self.bridge = Bridge(
            bus=town.hub.end(id),
            log=self.log,  # pyright: ignore[reportArgumentType]
            ownership=self.ownership,
            relay=self.relay,  # pyright: ignore[reportArgumentType]
            presence=self.presence,
            kinds=KINDS,
            clock=town.clock,
            randomness=SeededRandomness(id),
            cluster="test",
            secret=secret,
        )
        self.scope = trio.CancelScope()

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        with self.scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self.presence.run)
                await nursery.start(self.bridge.run, self.router)
                task_status.started()

    def see(self) -> None:
        """Read the view."""
        self.ownership.renewed(trio.current_time(), self.town.view)

    def forward(self, stream: str, command: Command) -> tuple[Envelope, list[Reply]]:
        replies: list[Reply] = []
        envelope = Envelope(command, BY, stream, replies.append, trio.current_time() + 10)
        where = self.ownership.where(stream)
        assert isinstance(where, There)
        self.bridge.forward(where, stream, envelope)
        return envelope, replies


class Town:
    """Nodes 1 … n; shard s belongs to node s % n + 1."""

    def __init__(self, nodes: int) -> None:
        self.hub, self.log, self.clock = Hub(), FakeLog(), TrioClock()
        self.view = ClusterView(
            version=1,
            members=tuple(member(n) for n in range(1, nodes + 1)),
            shards=tuple(Shard(n % nodes + 1, 1) for n in range(SHARDS)),
        )
        self.nodes = {n: Node(self, n) for n in range(1, nodes + 1)}

    def change(self, **changes: Any) -> None:
        """Another version, not yet seen by anybody."""
        self.view = replace(self.view, version=self.view.version + 1, **changes)

    def move(self, shard: int, to: int | None) -> None:
        shards = list(self.view.shards)
        shards[shard] = Shard(to, shards[shard].epoch + 1)
        self.change(shards=tuple(shards))

    def see(self) -> None:
        for node in self.nodes.values():
            node.see()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Town]:
        self.see()
        async with trio.open_nursery() as nursery:
            for node in self.nodes.values():
                await nursery.start(node.run)
            await settle()
            yield self
            nursery.cancel_scope.cancel()

    def reconnect(self, node: int) -> None:
        self.hub.down.discard(node)
        self.hub.ears[inbox("test", node)][1](True)

    def cut_off(self, node: int) -> None:
        self.hub.down.add(node)
        self.hub.ears[inbox("test", node)][1](False)


async def settle() -> None:
    """Let all that happens without the passing of time happen."""
    for _ in range(30):
        await trio.lowlevel.checkpoint()
