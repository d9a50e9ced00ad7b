"""One client's raw WebSocket: checks whatever comes, and says what it was."""

from __future__ import annotations

import socket
from collections import deque
from typing import Final

import msgspec
from msgspec import Struct

from loadtest.frames import CLOSE, HEAD_END, PING, PONG, accept_of, handshake, masked
from loadtest.scan import FrameError, Run, Scan, scan
from protocol.codec import FULL, Codec, Subprotocol
from protocol.frames import Event, Refused, ServerFrame, Signalled, Subscribed

READ_BYTES_MAX: Final = 64 * 1024
SETUP_TIMEOUT_S: Final = 60.0
CODEC: Final = Codec(Subprotocol.MSGPACK, FULL)
Address = tuple[str, int]


class RefusedError(Exception):
    """The server didn't do what it was asked."""


class LastScan:
    """A broadcast brings the same bytes to many sockets: the last read that was parsed is parsed once."""

    __slots__ = ("_data", "_scan")

    def __init__(self) -> None:
        self._data = b""
        self._scan = scan(b"")

    def of(self, data: bytes) -> Scan:
        """``scan(data)``."""
        if data != self._data:
            self._scan = scan(data)
            self._data = data
        return self._scan


class Connection:
    """A socket after its WebSocket handshake. Blocking during set-up; ``read`` never blocks once in a crowd.

    Every stream's events must follow each other from where its subscription began.
    """

    __slots__ = ("_last", "_positions", "_rest", "answers", "events", "socket", "user")

    def __init__(self, address: Address, path: str, last: LastScan) -> None:
        self.user = ""
        self.events = 0
        """Events that came, ever."""
        self.answers: deque[ServerFrame] = deque()
        """Frames that came and were neither events nor signals."""
        self._last = last
        self._positions: dict[bytes, int] = {}
        self._rest = b""
        self.socket: Final = socket.create_connection(address, SETUP_TIMEOUT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._shake_hands(address, path)

    def _shake_hands(self, address: Address, path: str) -> None:
        self.socket.sendall(handshake(f"{address[0]}:{address[1]}", path, Subprotocol.MSGPACK))
        head = b""
        while HEAD_END not in head:
            data = self.socket.recv(READ_BYTES_MAX)
            if not data:
                raise RefusedError(f"the handshake was cut off: {head!r}")
            head += data
        head, _, self._rest = head.partition(HEAD_END)
        if not head.startswith(b"HTTP/1.1 101 ") or accept_of().encode() not in head:
            raise RefusedError(f"the handshake was refused: {head!r}")

    def send(self, frame: Struct) -> None:
        """Send a client frame; small ones always fit the socket's buffer, or this raises BlockingIOError."""
        self.send_bytes(masked(CODEC.encode(frame)))

    def send_bytes(self, data: bytes) -> None:
        """Send whole frames."""
        if self.socket.send(data) != len(data):
            raise RefusedError("the server doesn't read")

    def ask(self, frame: Struct) -> ServerFrame:
        """Send a frame and wait for the next answer (set-up only). Raises RefusedError."""
        self.send(frame)
        return self.answer()

    def answer(self) -> ServerFrame:
        """Wait for the next answer (set-up only). Raises RefusedError for a refusal."""
        while not self.answers:
            self.read()
        answer = self.answers.popleft()
        if isinstance(answer, Refused):
            raise RefusedError(f"{answer.code}: {answer.message}")
        return answer

    def read(self) -> tuple[Run, ...]:
        """Read once: the events that came. Raises FrameError for a gap, a repeat or a broken frame."""
        data = self.socket.recv(READ_BYTES_MAX)
        if not data:
            raise RefusedError("the server closed a connection")
        if self._rest:
            data = self._rest + data
        scanned = self._last.of(data)
        self._rest = data[scanned.used :] if scanned.used < len(data) else b""
        for stream, first, count, _ in scanned.runs:
            if self._positions.get(stream, first) != first:
                raise FrameError(f"{stream!r}: seq {first} came, {self._positions[stream]} was next")
            self._positions[stream] = first + count
            self.events += count
        for first_byte, payload in scanned.others:
            self._other(first_byte, payload)
        return scanned.runs

    def _other(self, first_byte: int, payload: bytes) -> None:
        if first_byte == PING:
            self.send_bytes(masked(payload, PONG))
        elif first_byte == CLOSE:
            raise RefusedError(f"the server closed a connection: {payload!r}")
        else:
            frame = CODEC.decode_server(payload)
            if isinstance(frame, Event):
                raise FrameError("an event frame wasn't recognised")
            if isinstance(frame, Signalled):
                return
            if isinstance(frame, Subscribed):
                self._positions[msgspec.msgpack.encode(frame.stream)] = frame.seq + 1
            self.answers.append(frame)
