"""HTTP/1.1 requests on connections that stay open: little work for whoever sends them, and every answer checked."""

from __future__ import annotations

import re
import select
import socket
import time
from collections.abc import Callable
from typing import Final

from loadtest.connection import READ_BYTES_MAX, SETUP_TIMEOUT_S, Address, RefusedError
from loadtest.crowd import HANG_S, HungError
from loadtest.frames import HEAD_END

JSON: Final = "application/json"
_GOOD: Final = re.compile(rb"HTTP/1\.1 2\d\d ")
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


def request(method: str, path: str, *, token: str = "", body: bytes = b"") -> bytes:
    """Encode one whole request."""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n"
    if token:
        head += f"Authorization: Bearer {token}\r\n"
    if body:
        head += f"Content-Type: {JSON}\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


class HttpConnection:
    """One request after the other."""

    __slots__ = ("_came", "sent_at_ns", "socket")

    def __init__(self, address: Address) -> None:
        self.socket: Final = socket.create_connection(address, SETUP_TIMEOUT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at_ns = 0
        self._came = b""

    def send(self, data: bytes) -> None:
        """Send a whole request; small ones always fit the socket's buffer."""
        self.sent_at_ns = time.monotonic_ns()
        if self.socket.send(data) != len(data):
            raise RefusedError("the server doesn't read")

    def read(self) -> bytes | None:
        """Read once: the body of the answer if it is whole now. Raises RefusedError unless it is a success."""
        data = self.socket.recv(READ_BYTES_MAX)
        if not data:
            raise RefusedError(f"the server closed a connection: {self._came[:200]!r}")
        self._came += data
        head, end, body = self._came.partition(HEAD_END)
        if not end:
            return None
        length = _LENGTH.search(head)
        if not _GOOD.match(head) or length is None:
            raise RefusedError(f"the answer is {self._came[:500]!r}")
        if len(body) < int(length[1]):
            return None
        self._came = b""
        return body

    def ask(self, data: bytes) -> bytes:
        """Send a request and wait for its answer (before the socket joins others)."""
        self.send(data)
        while (body := self.read()) is None:
            pass
        return body


class Callers:
    """Connections that each ask again when they are answered, until all is settled."""

    def __init__(self, address: Address, count: int, next_request: Callable[[], bytes]) -> None:
        self.took_ns: list[int] = []
        """How long each answer took; whoever measures empties it."""
        self._next_request = next_request
        self._epoll = select.epoll()
        self._by_descriptor: dict[int, HttpConnection] = {}
        self._asking: set[HttpConnection] = set()
        for _ in range(count):
            connection = HttpConnection(address)
            connection.socket.setblocking(False)
            self._by_descriptor[connection.socket.fileno()] = connection
            self._epoll.register(connection.socket, select.EPOLLIN)

    def begin(self) -> None:
        """Have every connection send its request."""
        for connection in self._by_descriptor.values():
            self._ask(connection)

    def read(self, timeout_s: float, *, again: bool = True) -> None:
        """Read what is there; whoever is answered asks ``again``."""
        for descriptor, _ in self._epoll.poll(timeout_s):
            connection = self._by_descriptor[descriptor]
            if connection.read() is None:
                continue
            self.took_ns.append(time.monotonic_ns() - connection.sent_at_ns)
            self._asking.discard(connection)
            if again:
                self._ask(connection)
            else:
                self._epoll.unregister(descriptor)  # the server may close it now

    def settle(self) -> None:
        """Wait for the last answers; nobody asks again. Raises HungError."""
        until = time.monotonic() + HANG_S
        while self._asking:
            if time.monotonic() > until:
                raise HungError(f"{len(self._asking)} requests weren't answered for {HANG_S} s")
            self.read(0.05, again=False)

    def run(self, seconds: float) -> None:
        """Ask for so long, and wait for the last answers."""
        until = time.monotonic() + seconds
        self.begin()
        while (left := until - time.monotonic()) > 0:
            self.read(left)
        self.settle()

    def close(self) -> None:
        """Close every connection."""
        self._epoll.close()
        for connection in self._by_descriptor.values():
            connection.socket.close()

    def _ask(self, connection: HttpConnection) -> None:
        connection.send(self._next_request())
        self._asking.add(connection)
