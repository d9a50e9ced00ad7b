"""Ports of a node that say to the database what was done: what it finds wrong no ``except`` can pass over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

from typing_extensions import override

from actors.cluster.bridge import Bridge
from actors.cluster.calls import Call, ViewCall
from actors.cluster.ownership import Ownership
from actors.cluster.serving import OwnedStreams
from actors.ports.bus import Bus
from actors.ports.cluster_view import Joining, Member, Move
from actors.ports.log import Append, Checkpoint, Fence, LogRow, Verdict
from actors.relay import Relay
from actors.runtime.envelope import Envelope
from actors.runtime.publisher import Publisher
from actors.runtime.router import Router
from actors.runtime.snapshots import Snapshot
from actors.tables import Tables
from protocol.codes import Code
from protocol.frames import Command, Refused, Reply, Signalled
from protocol.ids import SYSTEM, USER, kind_of
from protocol.nodes import Answer, PassSignal, Returned, Shown, unseal
from storage.memory.directory import MemoryDirectory
from storage.memory.log import MemoryLog
from tests.sim.truth import ObservedDatabase

UNDECIDED: Final = {
    Code.UNAVAILABLE,
    Code.OVERLOADED,
    Code.INTERNAL,
    Code.NOT_FOUND,
    Code.CLIENT_ID_REUSED,
}
"""Refusals that rest on no state: anybody may give these, or on what the log said."""
_PASSES_SIGNAL = b"pass_signal"


class ObservedLog(MemoryLog):
    """A MemoryLog that says who wrote."""

    def __init__(self, database: ObservedDatabase, *args: Any, tables: Tables) -> None:
        super().__init__(database, *args, tables=tables)
        self._observed = database

    @override
    async def append(self, fence: Fence, appends: Sequence[Append], *, wait_for_locks: bool) -> list[Verdict]:
        verdicts = await super().append(fence, appends, wait_for_locks=wait_for_locks)
        for append, verdict in zip(appends, verdicts, strict=True):
            if verdict is Verdict.ACCEPTED:
                self._observed.wrote(fence, append.stream, append.activation, "wrote to")
        return verdicts

    @override
    async def checkpoint(self, fence: Fence, checkpoints: Sequence[Checkpoint]) -> list[bool]:
        for one in checkpoints:
            self._observed.on_checkpoint(fence, one.stream)
        kept = await super().checkpoint(fence, checkpoints)
        for one, done in zip(checkpoints, kept, strict=True):
            if done:
                self._observed.wrote(fence, one.stream, one.activation, "kept a checkpoint of")
                self._observed.alive(fence, f"kept a checkpoint of {one.stream}")
        return kept


class ObservedDirectory(MemoryDirectory):
    """A MemoryDirectory that says when leases moved, who was declared dead, and what was handed over."""

    def __init__(self, database: ObservedDatabase, busy: Callable[[int], int], *args: Any) -> None:
        """``busy`` tells how many streams of a shard this node has in hand."""
        super().__init__(database, *args)
        self._observed = database
        self._busy = busy

    @override
    async def join(self, joining: Joining, *, over: Member | None = None) -> Fence:
        fence = await super().join(joining, over=over)
        if over is not None:
            self._observed.declared_dead(over)
        return fence

    @override
    async def move(self, fence: Fence, moves: Sequence[Move]) -> int:
        for move in moves:
            owner = self._observed.members.shards[move.shard].row.owner
            if owner == fence.node and self._busy(move.shard):
                self._observed.alarms.append(f"{fence} hands over shard {move.shard}, whose streams it has")
        return await super().move(fence, moves)

    @override
    async def declare_dead(self, fence: Fence, member: Member, next_owners: Mapping[int, int]) -> bool:
        dead = await super().declare_dead(fence, member, next_owners)
        if dead:
            self._observed.declared_dead(member)
        return dead


class ObservedPublisher(Publisher):
    """A Publisher that says who let a signal pass."""

    def __init__(self, publisher: Publisher, database: ObservedDatabase, run: Fence) -> None:
        self._publisher = publisher
        self._database = database
        self._run = run

    @override
    def publish(self, stream: str, rows: Sequence[LogRow]) -> None:
        self._publisher.publish(stream, rows)

    @override
    def traced(self, stream: str, seq: int, parent: str) -> None:
        self._publisher.traced(stream, seq, parent)

    @override
    def signalled(self, frame: Signalled) -> None:
        self._database.acts(self._run, frame.stream, "signalled in")
        self._publisher.signalled(frame)

    @override
    def stands(self, stream: str, head: int) -> None:
        self._publisher.stands(stream, head)


class ObservedEffects:
    """A router, watched for effects of streams that aren't its node's to speak for."""

    def __init__(self, router: Router, database: ObservedDatabase, run: Fence) -> None:
        self._send = router.send
        self._database = database
        self._run = run
        router.send = self._watched  # type: ignore[method-assign]

    def _watched(self, command: Command, *, by: str, reply: Callable[[Reply], None]) -> None:
        if kind_of(by) not in (USER, SYSTEM):
            self._database.acts(self._run, by, "sent an effect of")
        self._send(command, by=by, reply=reply)


class ObservedRouter:
    """A node's router, watched for refusals and snapshots: only who owns a stream now may decide and show it.

    What was committed may be answered by whoever wrote it, and anybody may say that it can't serve.
    """

    def __init__(self, router: Router, database: ObservedDatabase, run: Fence) -> None:
        self._database = database
        self._run = run
        self._here: set[Envelope] = set()
        """What was last taken to a stream of this node, rather than to another one."""
        self._deliver, self._forward, self._view_for = router._deliver, router._forward, router.view_for
        router._deliver = self._delivered  # type: ignore[method-assign]
        router._forward = self._forwarded  # type: ignore[method-assign]
        router.view_for = self._viewed  # type: ignore[method-assign]

    def _delivered(self, envelope: Envelope, epoch: int) -> None:
        told = envelope.reply
        if envelope not in self._here and told is not None:
            self._here.add(envelope)
            envelope.reply = partial(self._replied, envelope, told)
        self._deliver(envelope, epoch)

    def _replied(self, envelope: Envelope, told: Callable[[Reply], None], reply: Reply) -> None:
        if envelope in self._here and isinstance(reply, Refused) and reply.code not in UNDECIDED:
            self._database.acts(self._run, envelope.stream, f"refused ({reply.code}) a command to")
        self._here.discard(envelope)
        told(reply)

    def _forwarded(self, there: Any, envelope: Envelope) -> None:
        self._here.discard(envelope)
        self._forward(there, envelope)

    def _viewed(self, stream: str, user: str, epoch: int, answer: Callable[[Any], None]) -> None:
        def shown(found: Snapshot | Refused | None) -> None:
            if isinstance(found, Snapshot):
                self._database.acts(self._run, stream, "showed")
            answer(found)

        self._view_for(stream, user, epoch, shown)


class ObservedQuestions:
    """A node's bridge, watched for snapshots that are thrown away though somebody here still waits for them."""

    def __init__(self, bridge: Bridge, database: ObservedDatabase) -> None:
        self._database = database
        self._open: dict[int, ViewCall] = {}
        """By the name of a first copy, those that were sent and not answered yet."""
        self._add, self._settle = bridge._calls.add, bridge._receiving._settle
        bridge._calls.add = self._added  # type: ignore[method-assign]
        bridge._receiving._settle = self._settled  # type: ignore[method-assign]

    def _added(self, call: Call) -> int:
        name = self._add(call)
        if isinstance(call, ViewCall):
            self._open = {name: call for name, call in self._open.items() if not call.over} | {name: call}
        return name

    def _settled(self, streams: OwnedStreams, run: Fence, message: Answer | Returned | Shown) -> None:
        call = self._open.get(message.call)
        waits = call is not None and not call.over
        self._settle(streams, run, message)
        if call is not None and waits and not call.over and isinstance(message, Shown):
            self._database.alarms.append(f"a snapshot of {call.stream} was thrown away, and is waited for")


class ObservedEar:
    """What a node's bus brings, watched for signals of an owner that, as this node knows, isn't the owner."""

    def __init__(self, relay: Relay, database: ObservedDatabase, ownership: Ownership, key: bytes) -> None:
        self._database = database
        self._ownership = ownership
        self._key = key
        self._arriving: dict[str, int] = {}
        self._signalled = relay.signalled
        relay.signalled = self._pass  # type: ignore[method-assign]

    def over(self, bus: Bus) -> Bus:
        """The same bus, watched."""
        return _WatchedBus(bus, self)

    @contextmanager
    def hearing(self, data: bytes) -> Iterator[None]:
        """While a frame is taken: which epochs its signals have."""
        if _PASSES_SIGNAL in data:
            messages = unseal(data, self._key).messages
            self._arriving = {m.stream: m.epoch for m in messages if isinstance(m, PassSignal)}
        yield
        self._arriving = {}

    def _pass(self, frame: Signalled) -> None:
        known = self._ownership.view.shard(frame.stream).epoch
        if self._arriving.get(frame.stream, known) < known:
            self._database.alarms.append(f"a signal in {frame.stream} of an earlier owner was passed on")
        self._signalled(frame)


class _WatchedBus:
    def __init__(self, bus: Bus, ear: ObservedEar) -> None:
        self.publish = bus.publish
        self._bus = bus
        self._ear = ear

    async def listen(
        self, channel: str, heard: Callable[[bytes], None], connected: Callable[[bool], None]
    ) -> None:
        def watched(data: bytes) -> None:
            with self._ear.hearing(data):
                heard(data)

        await self._bus.listen(channel, watched, connected)
