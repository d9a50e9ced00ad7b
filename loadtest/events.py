"""Clients of Server-Sent Events: raw sockets that check the order of what comes."""

from __future__ import annotations

import re
import socket
from collections import deque
from typing import Final

import numpy as np

from loadtest.connection import READ_BYTES_MAX, SETUP_TIMEOUT_S, Address, RefusedError
from loadtest.frames import HEAD_END
from loadtest.scan import FrameError, Run
from protocol.frames import ServerFrame

EVENTS_PATH: Final = "/v1/events"
_EVENT: Final = re.compile(rb'id: ([a-z]+:[0-9a-f]{32})@[0-9]+-([0-9]+)\ndata: \{"t":"event"')
_SUBSCRIBED: Final = b'"t":"subscribed"'
_NO_STAMPS: Final = np.empty(0, dtype=np.int64)


class LastRead:
    """A broadcast brings the same bytes to many sockets: the last read that was parsed is parsed once."""

    __slots__ = ("_data", "_found")

    def __init__(self) -> None:
        self._data = b""
        self._found: list[tuple[bytes, bytes]] = []

    def of(self, data: bytes) -> list[tuple[bytes, bytes]]:
        """Stream and seq of every event in these whole messages."""
        if data != self._data:
            self._data, self._found = data, _EVENT.findall(data)
        return self._found


class EventSource:
    """A client of one stream, subscribed once made; in a crowd it reads like a WebSocket's connection does."""

    __slots__ = ("_last", "_next", "_rest", "answers", "socket")

    def __init__(self, address: Address, stream: str, token: str, last: LastRead) -> None:
        self.answers: Final[deque[ServerFrame]] = deque()
        """Nothing is ever asked."""
        self.socket: Final = socket.create_connection(address, SETUP_TIMEOUT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._last = last
        self._next: int | None = None
        self._rest = b""
        self.socket.sendall(
            f"GET {EVENTS_PATH}?stream={stream} HTTP/1.1\r\nHost: {address[0]}\r\n"
            f"Authorization: Bearer {token}\r\nAccept: text/event-stream\r\n\r\n".encode()
        )
        self._await_subscribed()

    def _await_subscribed(self) -> None:
        begun = b""
        while _SUBSCRIBED not in begun or not begun.endswith(b"\n\n"):
            data = self.socket.recv(READ_BYTES_MAX)
            if not data:
                raise RefusedError(f"the events were cut off: {begun!r}")
            begun += data
        if not begun.partition(HEAD_END)[0].startswith(b"HTTP/1.1 200 "):
            raise RefusedError(f"the events were refused: {begun!r}")

    def read(self) -> tuple[Run, ...]:
        """Read once: the events that came. Raises FrameError for a gap or a repeat."""
        data = self.socket.recv(READ_BYTES_MAX)
        if not data:
            raise RefusedError("the server closed a connection")
        whole, _, self._rest = (self._rest + data).rpartition(b"\n\n")
        found = self._last.of(whole)
        if not found:
            return ()
        first = int(found[0][1])
        if [int(seq) for _, seq in found] != list(range(first, first + len(found))) or first != (
            self._next or first
        ):
            raise FrameError(f"seqs {found} came, {self._next} was next")
        self._next = first + len(found)
        return (Run(found[0][0], first, len(found), _NO_STAMPS),)
