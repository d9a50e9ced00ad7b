"""A runtime of one test kind on the memory log."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from msgspec import Struct

from actors.kind import (
    EVERYONE,
    LISTENERS,
    Accept,
    Change,
    Decision,
    Effect,
    Emit,
    FactKey,
    Facts,
    Instant,
    Job,
    Kind,
    Refuse,
    Send,
    Upsert,
)
from actors.ports.cluster_view import SHARDS
from actors.ports.executor import Executor
from actors.ports.log import Fence, LogRow
from actors.runtime.node import Runtime
from protocol.codes import Code
from protocol.event import Header
from protocol.frames import Command, Reply, Signalled, StreamCommand
from protocol.ids import derive_client_id
from protocol.kind import WireKind
from storage.memory.database import MemoryDatabase
from storage.memory.directory import MemoryDirectory
from storage.memory.executor import MemoryExecutor
from storage.memory.faults import Faults
from storage.memory.log import MemoryLog
from tests.ownership import joined
from tests.ports import SeededRandomness, TrioClock

TALLY = "tally:" + "0" * 31 + "{}"


class Add(StreamCommand, frozen=True, kw_only=True, tag="tally.add"):
    amount: int = 1
    note: str = ""
    forward: str | None = None
    due: Instant | None = None


class Touch(StreamCommand, frozen=True, kw_only=True, tag="tally.touch"):
    """Accepted without events."""


class Check(StreamCommand, frozen=True, kw_only=True, tag="tally.check"):
    """Refused unless the note of the given seq is as said."""

    seq: int
    note: str


class Explode(StreamCommand, frozen=True, kw_only=True, tag="tally.explode"):
    """A bug in the kind."""


class Expire(StreamCommand, frozen=True, kw_only=True, tag="tally.expire"):
    """The timer."""


class Added(Struct, frozen=True):
    amount: int
    note: str


class Expired(Struct, frozen=True):
    pass


class Tally(Struct, frozen=True):
    total: int = 0
    due: Instant | None = None


class TallyKind(Kind[Tally]):
    wire = WireKind(
        name="tally",
        commands=(Add, Touch, Check, Explode, Expire),
        events={"tally.added": Added, "tally.expired": Expired},
    )
    state = Tally

    def initial(self, stream: str) -> Tally:
        return Tally()

    def facts(self, state: Tally, command: Command, *, by: str) -> Sequence[FactKey]:
        return [FactKey("note", str(command.seq))] if isinstance(command, Check) else []

    def decide(self, state: Tally, facts: Facts, command: Command, *, by: str, now: Instant) -> Decision:
        match command:
            case Add():
                if command.amount < 0:
                    return Refuse(Code.INVALID, "no negative amounts", field="amount")
                marks: dict[str, Any] = {"amount": command.amount}
                if command.forward:
                    marks["forward"] = command.forward
                if command.due is not None:
                    marks["due"] = command.due
                return Accept((Emit(Added(command.amount, command.note), marks=marks),))
            case Touch():
                return Accept()
            case Check():
                row = facts[FactKey("note", str(command.seq))]
                return Accept() if row and row["note"] == command.note else Refuse(Code.NOT_FOUND)
            case Expire():
                return Accept((Emit(Expired()),))
            case _:
                raise RuntimeError("boom")

    def apply(self, state: Tally, header: Header, payload: Struct | None) -> Tally:
        if header.type == "tally.expired":
            return Tally(state.total)
        amount, due = header.marks["amount"], header.marks.get("due", state.due)
        assert isinstance(amount, int)
        return Tally(state.total + amount, due if isinstance(due, int) else None)

    def project(self, header: Header, payload: Struct | None) -> Sequence[Change]:
        if not isinstance(payload, Added):
            return ()
        return (
            Upsert("note", str(header.seq), {"note": payload.note}),
            Upsert(LISTENERS, EVERYONE, {}),
        )

    def erase(self, stream: str, user: str, events: Sequence[int]) -> None: ...

    def effects(self, header: Header) -> Sequence[Effect]:
        forward = header.marks.get("forward")
        if not isinstance(forward, str):
            return ()
        command = Add(client_id=cid("unused"), stream=forward, amount=1)
        return (Send(command), Job("mail", {"seq": header.seq}))

    def due(self, state: Tally) -> Instant | None:
        return state.due

    def on_due(self, state: Tally, now: Instant) -> Command | None:
        return Expire(client_id=cid("unused"), stream=TALLY.format(0))


def cid(*name: str) -> str:
    """A client id for a name."""
    return derive_client_id(*name)


class Published:
    """A Publisher that keeps what it is told."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, LogRow]] = []
        self.signals: list[Signalled] = []
        self.heads: list[tuple[str, int]] = []

    def publish(self, stream: str, rows: Sequence[LogRow]) -> None:
        self.rows.extend((stream, row) for row in rows)

    def traced(self, stream: str, seq: int, parent: str) -> None:
        raise AssertionError("nothing is traced here")

    def signalled(self, frame: Signalled) -> None:
        self.signals.append(frame)

    def stands(self, stream: str, head: int) -> None:
        self.heads.append((stream, head))


class World:
    """A database and the runtime on it, one life after the other."""

    def __init__(self) -> None:
        self.database = MemoryDatabase()
        self.kind: Kind[Any] = TallyKind()
        self.clock = TrioClock()
        self.faults = Faults()
        self.publisher = Published()
        self.executor: Executor = MemoryExecutor()

    @property
    def published(self) -> list[tuple[str, LogRow]]:
        return self.publisher.rows

    async def claim(self) -> Fence:
        """All shards, without a runtime."""
        return (await joined(MemoryDirectory(self.database, self.clock), self.clock)).me

    def make(self, *names: str) -> list[str]:
        """Streams that exist."""
        from protocol.ids import stream_key
        from storage.memory.database import StoredStream

        streams = [TALLY.format(n) for n in names]
        for stream in streams:
            self.database.streams[stream_key(stream)] = StoredStream("tally")
        return streams

    def row(self, stream: str):
        found = self.database.stream(stream)
        assert found is not None
        return found

    @asynccontextmanager
    async def runtime(self) -> AsyncIterator[Runtime]:
        self.ownership = await joined(MemoryDirectory(self.database, self.clock), self.clock)
        runtime = Runtime(
            kinds=[self.kind],
            log=MemoryLog(self.database, self.clock, self.faults),
            ownership=self.ownership,
            clock=self.clock,
            randomness=SeededRandomness(1),
            publisher=self.publisher,
            executor=self.executor,
            digest_key=b"k" * 32,
        )
        async with trio.open_nursery() as nursery:
            await nursery.start(runtime.run)
            try:
                yield runtime
            finally:
                nursery.cancel_scope.cancel()

    async def release(self, runtime: Runtime, timeout_s: float = 10.0) -> bool:
        """Hand everything over."""
        self.ownership.hand_over(range(SHARDS))
        return await runtime.release(range(SHARDS), timeout_s)


@pytest.fixture
def world() -> World:
    return World()


async def ask_all(runtime: Runtime, commands: Sequence[Command], by: str = "user:" + "1" * 32) -> list[Reply]:
    """Send all at once, so that they can share a batch; the replies in order."""
    replies: dict[int, Reply] = {}
    done = trio.Event()

    def collect(index: int, reply: Reply) -> None:
        assert index not in replies, "answered twice"
        replies[index] = reply
        if len(replies) == len(commands):
            done.set()

    for index, command in enumerate(commands):
        runtime.router.send(command, by=by, reply=lambda r, i=index: collect(i, r))
    with trio.fail_after(1000):
        await done.wait()
    return [replies[i] for i in range(len(commands))]
