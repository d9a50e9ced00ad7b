"""A running gateway for tests: a clock moved by hand, an echoing session, and strict clients."""

from __future__ import annotations

import heapq
import itertools
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager

import trio
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.typing import Subprotocol as OfferedSubprotocol
from websockets.uri import parse_uri

from actors.ports.logins import Login, Tokens
from actors.session.connection_writer import ConnectionWriter, ConnectionWriters
from gatherup.config import Stream
from gatherup.gateway import Gateway, SessionFactory, SseLane, lanes
from protocol.codec import Subprotocol, codecs
from protocol.codes import CLOSE_SENTENCES, CloseCode
from tests.ports import SeededRandomness

HANG_S = 20.0
"""No wait of a test takes this long unless something hangs."""


class HandClock:
    """The Clock port, moved by the test alone."""

    def __init__(self) -> None:
        self._time_s = 1000.0
        self._waiting: list[tuple[float, int, Callable[[], object]]] = []
        self._ids = itertools.count()

    def now(self) -> int:
        return 1_700_000_000_000 + int(self._time_s * 1000)

    def monotonic(self) -> float:
        return self._time_s

    async def sleep_until(self, monotonic: float) -> None:
        if monotonic <= self._time_s:
            await trio.lowlevel.checkpoint()
            return
        woken = trio.Event()
        heapq.heappush(self._waiting, (monotonic, next(self._ids), woken.set))
        await woken.wait()

    def deadline(self, seconds: float) -> AbstractContextManager[trio.CancelScope]:
        @contextmanager
        def scope() -> Iterator[trio.CancelScope]:
            with trio.CancelScope() as cancel:
                heapq.heappush(self._waiting, (self._time_s + seconds, next(self._ids), cancel.cancel))
                yield cancel

        return scope()

    async def advance(self, seconds: float) -> None:
        """Let this time pass, each waiter waking in its turn."""
        end = self._time_s + seconds
        await trio.testing.wait_all_tasks_blocked(0.001)
        while self._waiting and self._waiting[0][0] <= end:
            self._time_s = max(self._time_s, self._waiting[0][0])
            while self._waiting and self._waiting[0][0] <= self._time_s:
                heapq.heappop(self._waiting)[2]()
            await trio.testing.wait_all_tasks_blocked(0.001)
        self._time_s = end


class EchoSession:
    """The gateway's side of a session: echoes every message; the first one is its hello."""

    def __init__(self, writer: ConnectionWriter, opened: list[EchoSession]) -> None:
        self.writer = writer
        self.id: str | None = None
        self.ready = False
        self.token_expires_at: int | None = None
        self.ended = 0
        opened.append(self)

    def ask_silence(self, silent_s: Callable[[], float]) -> None: ...

    async def receive(self, message: bytes) -> None:
        if message == b"crash":
            raise RuntimeError("a bug")
        self.ready = True
        self.write(message)

    def write(self, message: bytes) -> None:
        self.writer.write(self.writer.lane.framing.message(message))

    def close(self, code: CloseCode, *, retry_after_s: float | None = None) -> None:
        goodbye = self.writer.lane.goodbye(code, retry_after_s)
        self.writer.close(code, CLOSE_SENTENCES[code], goodbye=goodbye)

    def end(self) -> None:
        self.ended += 1


class AnyToken:
    """The Tokens port: every token is good."""

    def verify(self, token: str, now: int) -> Login:
        return Login(user="user:" + "0" * 32, login="0" * 32, expires_at=now + 900_000)


class Serving:
    """What ``serving`` gives."""

    def __init__(self, gateway: Gateway, clock: HandClock, writers: ConnectionWriters) -> None:
        self.gateway = gateway
        self.clock = clock
        self.writers = writers
        self.sessions: list[EchoSession] = []
        self.streams: list[trio.SocketStream] = []
        self.nursery: trio.Nursery

    @property
    def address(self) -> tuple[str, int]:
        return self.gateway.addresses[0]

    async def raw(self, *, receive_buffer: int | None = None) -> trio.SocketStream:
        """A TCP connection."""
        connected = trio.socket.socket()
        if receive_buffer is not None:
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            await connected.connect(self.address)
        except OSError:
            connected.close()
            raise
        self.streams.append(trio.SocketStream(connected))
        return self.streams[-1]

    async def peer(self, subprotocol: Subprotocol = Subprotocol.MSGPACK, **raw: int) -> Peer:
        """A WebSocket."""
        peer = Peer(await self.raw(**raw), subprotocol)
        await peer.shake_hands()
        return peer

    async def gone(self, left: int = 0) -> None:
        """Return when only so many connections are left."""
        while self.gateway.counters.connections > left:
            await trio.lowlevel.checkpoint()


@asynccontextmanager
async def serving(
    *,
    sessions: SessionFactory | None = None,
    options: Stream | None = None,
    writer_bytes_max: int = 1 << 20,
    clock: HandClock | None = None,
    tokens: Tokens | None = None,
) -> AsyncIterator[Serving]:
    """Run a gateway on a free port. On leaving, no task of it may be left, nor any crash it didn't expect."""
    clock = clock or HandClock()
    writers = ConnectionWriters(clock, bytes_max=writer_bytes_max)
    served: Serving

    def echo(writer: ConnectionWriter) -> EchoSession:
        return EchoSession(writer, served.sessions)

    gateway = Gateway(
        options or Stream(port=0),
        sessions=sessions or echo,
        writers=writers,
        lanes=lanes(codecs()),
        events_lane=SseLane(codecs()[Subprotocol.JSON]),
        tokens=tokens or AnyToken(),
        clock=clock,
        randomness=SeededRandomness(7),
    )
    served = Serving(gateway, clock, writers)
    with trio.fail_after(HANG_S):
        async with trio.open_nursery() as nursery:
            served.nursery = nursery
            await nursery.start(writers.run)
            await nursery.start(gateway.run)
            try:
                yield served
            finally:
                for stream in served.streams:
                    stream.socket.close()
            nursery.cancel_scope.cancel()
    assert gateway.counters.connections == 0
    assert len(writers.parked) == 0
    assert all(session.ended for session in served.sessions)


class Peer:
    """A strict client: whatever it reads must be valid WebSocket, or it raises."""

    def __init__(self, stream: trio.SocketStream, subprotocol: Subprotocol) -> None:
        self.stream = stream
        self.binary = subprotocol is Subprotocol.MSGPACK
        self.frames: list[Frame] = []
        self.protocol = ClientProtocol(
            parse_uri("ws://localhost/v1/stream"),
            subprotocols=[OfferedSubprotocol(subprotocol.value)],
            max_size=None,
        )

    async def shake_hands(self) -> None:
        self.protocol.send_request(self.protocol.connect())
        await self._flush()
        while self.protocol.state is State.CONNECTING:
            await self._read()
            assert self.protocol.handshake_exc is None, self.protocol.handshake_exc

    async def _flush(self) -> None:
        data = b"".join(self.protocol.data_to_send())
        if data:
            await self.stream.send_all(data)

    async def _read(self) -> bool:
        """Take in what comes next; false at the end."""
        data = await self.stream.receive_some(65536)
        if not data:
            self.protocol.receive_eof()
            assert self.protocol.close_rcvd is not None, "the stream ended without a Close"
            return False
        self.protocol.receive_data(data)
        assert self.protocol.parser_exc is None, self.protocol.parser_exc
        events = self.protocol.events_received()
        self.frames += [event for event in events if not isinstance(event, Response)]  # type: ignore[misc]
        return True

    def frame(self, opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
        """A masked frame."""
        return Frame(opcode, data, fin).serialize(mask=True)

    async def send(self, message: bytes) -> None:
        """A whole message in the subprotocol's opcode."""
        await self.stream.send_all(self.frame(Opcode.BINARY if self.binary else Opcode.TEXT, message))

    async def receive(self, opcodes: tuple[Opcode, ...] = (Opcode.BINARY, Opcode.TEXT)) -> bytes:
        """The next message (or frame of these opcodes)."""
        while True:
            for number, frame in enumerate(self.frames):
                if frame.opcode in opcodes:
                    del self.frames[: number + 1]
                    return bytes(frame.data)
            assert await self._read(), f"closed: {self.protocol.close_rcvd}"

    async def echo(self, message: bytes) -> None:
        """Send, and get it back."""
        await self.send(message)
        assert await self.receive() == message

    async def close_code(self) -> int:
        """Read to the end, and end too: the code of the server's Close."""
        code = await self.protocol_close()
        await self.stream.aclose()
        return code

    async def protocol_close(self) -> int:
        """Read to the end, and stay: the code of the server's Close."""
        while await self._read():
            pass
        assert self.protocol.close_rcvd is not None
        return int(self.protocol.close_rcvd.code)

    async def close(self, code: int = 1000) -> int:
        """Start the closing handshake; the code that is answered."""
        self.protocol.send_close(code)
        await self._flush()
        return await self.close_code()


def tasks() -> int:
    """Trio tasks that live now."""
    return trio.lowlevel.current_statistics().tasks_living
