"""What session and relay tests stand on: a scripted wire, a plain framing, a trio clock, a log with switches."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import trio
from trio.testing import MockClock

from actors.kind import EVERYONE, LISTENERS, FactKey
from actors.ports.delivery import WireClosedError
from actors.ports.log import LogRow, LogUnavailableError
from actors.relay import Relay
from actors.session.connection_writer import ConnectionWriter, ConnectionWriters, Lane
from protocol.codec import Codec, Subprotocol, codecs
from protocol.event import Header, encode_header, encode_payload
from protocol.frames import ServerFrame
from protocol.ids import kind_of, stream_key
from protocol.room.events import MessagePosted
from storage.memory.blocks import MemoryBlocks
from storage.memory.database import MemoryDatabase, StoredStream
from storage.memory.faults import Faults
from storage.memory.log import MemoryLog
from tests.ports import TrioClock

HANG_S = 10_000.0
"""Of the mock clock: a guard against hangs, not a timing."""
CLOSE = 0xFFFFFFFF


class LengthFraming:
    """Four bytes of length, then the message; a length that can't be begins the Close."""

    def __init__(self, name: str) -> None:
        self.name = name

    def message(self, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + data

    def close(self, code: int, reason: str) -> bytes:
        return CLOSE.to_bytes(4, "big") + code.to_bytes(4, "big")


def parse(data: bytes) -> tuple[list[bytes], int | None]:
    """The whole messages, and the close code; asserts that nothing is cut and nothing follows the Close."""
    messages: list[bytes] = []
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size == CLOSE:
            assert len(data) == at + 8, "something follows the Close, or it is cut"
            return messages, int.from_bytes(data[at + 4 : at + 8], "big")
        assert len(data) >= at + 4 + size, "a cut message"
        messages.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return messages, None


class MemoryWire:
    """Takes ``room`` bytes, at most ``step`` at once; more room comes by ``grant``."""

    def __init__(self, *, room: int | None = None, step: int | None = None) -> None:
        self.room = room
        self.step = step
        self.got = bytearray()
        self.closed = False
        self.broken = False
        self.sends = 0
        self.on_send: Callable[[], None] | None = None
        self._writable = trio.Event()

    def send_some(self, data: bytes | memoryview) -> int:
        if self.closed or self.broken:
            raise WireClosedError
        self.sends += 1
        taken = len(data)
        if self.room is not None:
            taken = min(taken, self.room)
        if self.step is not None:
            taken = min(taken, self.step)
        if self.room is not None:
            self.room -= taken
        self.got += data[:taken]
        if self.on_send is not None:
            self.on_send()
        return taken

    async def wait_writable(self) -> None:
        while self.room == 0 and not (self.closed or self.broken):
            self._writable = trio.Event()
            await self._writable.wait()
        await trio.lowlevel.checkpoint()
        if self.closed or self.broken:
            raise WireClosedError

    def grant(self, room: int | None) -> None:
        self.room = None if room is None or self.room is None else self.room + room
        self._writable.set()

    def fail(self) -> None:
        self.broken = True
        self._writable.set()

    def close(self) -> None:
        self.closed = True
        self._writable.set()


class Halfway:
    """A Randomness without chance."""

    def token(self, size: int) -> bytes:
        return bytes(range(size))

    def uniform(self, low: float, high: float) -> float:
        return (low + high) / 2


class Switches(Faults):
    """Fails or holds calls of the log by name, and counts them."""

    def __init__(self) -> None:
        self.failing: set[str] = set()
        self.held: dict[str, trio.Event] = {}
        self.calls: list[str] = []

    async def before(self, call: str) -> None:
        self.calls.append(call)
        await trio.lowlevel.checkpoint()
        if (gate := self.held.get(call)) is not None:
            await gate.wait()
        if call in self.failing:
            raise LogUnavailableError(call)


CODECS = codecs()
PACKED = Lane(CODECS[Subprotocol.MSGPACK], LengthFraming("packed"))
TEXT = Lane(CODECS[Subprotocol.JSON], LengthFraming("text"))


def stream_id(number: int = 1, kind: str = "room") -> str:
    return f"{kind}:{number:032x}"


def user_id(number: int) -> str:
    return f"user:{number:032x}"


def client_id(number: int) -> str:
    return f"00000000-0000-0000-0000-{number:012x}"


class World:
    """A log, a relay and writers on one clock; ``write`` commits, ``publish`` does that and relays."""

    def __init__(self) -> None:
        self.clock = TrioClock()
        self.database = MemoryDatabase(incarnation=3)
        self.faults = Switches()
        self.log = MemoryLog(self.database, self.clock, self.faults)
        blocks = MemoryBlocks(self.database, self.faults)
        self.relay = Relay(self.log, self.clock, Halfway(), blocks=blocks)
        self.writers = ConnectionWriters(self.clock)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[World]:
        async with trio.open_nursery() as nursery:
            await nursery.start(self.writers.run)
            await nursery.start(self.relay.run)
            yield self
            nursery.cancel_scope.cancel()

    def stored(self, stream: str) -> StoredStream:
        return self.database.streams.setdefault(stream_key(stream), StoredStream(kind_of(stream)))

    def listen(self, stream: str, user: str = EVERYONE) -> None:
        self.stored(stream).rows[FactKey(LISTENERS, user)] = {}

    def forbid(self, stream: str, user: str = EVERYONE) -> None:
        self.stored(stream).rows.pop(FactKey(LISTENERS, user), None)

    def write(self, stream: str, body: str = "hello", **header: Any) -> LogRow:
        """Commit one event."""
        stored = self.stored(stream)
        stored.head += 1
        made = Header(stream=stream, seq=stored.head, at=1, author=user_id(0), type="room.posted", **header)
        row = LogRow(stored.head, encode_header(made), encode_payload(MessagePosted(body=body)))
        stored.events.append(row)
        for seq in made.erases:
            stored.events[seq - 1] = LogRow(seq, stored.events[seq - 1].header, None)
        return row

    def publish(self, stream: str, body: str = "hello", **header: Any) -> LogRow:
        row = self.write(stream, body, **header)
        self.relay.publish(stream, [row])
        return row

    def open(self, wire: MemoryWire, lane: Lane = PACKED) -> ConnectionWriter:
        return self.writers.open(wire, lane)


def frames(wire: MemoryWire, codec: Codec = PACKED.codec) -> list[ServerFrame]:
    """Everything the client got, decoded."""
    return [codec.decode_server(message) for message in parse(bytes(wire.got))[0]]


def closed_with(wire: MemoryWire) -> int | None:
    return parse(bytes(wire.got))[1]


def run(test: Callable[[], Any]) -> None:
    """Run an async test on a mock clock that jumps when all wait."""

    async def guarded() -> None:
        with trio.fail_after(HANG_S):
            await test()

    trio.run(guarded, clock=MockClock(autojump_threshold=0), strict_exception_groups=True)


async def settle() -> None:
    """Let everything that can run do so, without time passing."""
    await trio.testing.wait_all_tasks_blocked()
