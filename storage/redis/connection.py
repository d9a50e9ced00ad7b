"""One connection to one server, from connecting to closing. Nothing here waits with a limit: callers have a clock."""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import trio

from storage.redis.address import Address, Endpoint
from storage.redis.resp import InvalidRespError, Reply, ReplyReader, RespError, command

RECEIVE_BYTES: Final = 64 * 1024
CODE_CHARS_MAX: Final = 32
"""Of a refusal's first word."""
_NONE_NEEDED: Final = "ERR AUTH <password> called without any password configured"
BROKEN: Final = (
    OSError,
    trio.BrokenResourceError,
    trio.ClosedResourceError,
    InvalidRespError,
    UnicodeError,  # a host whose name can't be looked up
)
"""What a connection may raise when it can't be made or is lost. RespError is a refusal, and not among these."""


class Connection:
    """Commands go out in order and are answered in order. A cancelled call leaves it unusable: close it."""

    def __init__(self, endpoint: Endpoint, tcp: trio.SocketStream, stream: trio.abc.Stream) -> None:
        self.endpoint = endpoint
        self._tcp = tcp
        self._stream = stream
        """``tcp`` itself, or TLS on it."""
        self._reader = ReplyReader()
        self._replies: deque[Reply] = deque()

    async def send(self, commands: bytes) -> None:
        """Send encoded commands."""
        await self._stream.send_all(commands)

    async def receive(self) -> list[Reply]:
        """What has arrived: at least one read, any number of whole replies. May be cancelled and called again."""
        if self._replies:
            await trio.lowlevel.checkpoint()
        else:
            await self._read()
        arrived = list(self._replies)
        self._replies.clear()
        return arrived

    async def answers(self, count: int) -> list[Reply]:
        """The next replies, this many."""
        while len(self._replies) < count:
            await self._read()
        return [self._replies.popleft() for _ in range(count)]

    async def call(self, *words: str) -> Reply:
        """One command's reply. Raises RespError when it is refused."""
        await self.send(command(*words))
        (reply,) = await self.answers(1)
        if isinstance(reply, RespError):
            raise reply
        return reply

    def close(self) -> None:
        """End it now, without a word to the server. Idempotent."""
        self._tcp.socket.close()

    async def _read(self) -> None:
        data = await self._stream.receive_some(RECEIVE_BYTES)
        if not data:
            raise trio.BrokenResourceError("the server closed the connection")
        self._reader.feed(data)
        self._replies.extend(self._reader.replies())


async def connect(address: Address, endpoint: Endpoint, *, sentinel: bool = False) -> Connection:
    """Connect and log in. Raises one of BROKEN, or RespError.

    A Sentinel may need no password where its servers do.
    """
    tcp = await trio.open_tcp_stream(endpoint.host, endpoint.port)
    try:
        stream = await _encrypted(tcp, endpoint) if address.tls else tcp
        connection = Connection(endpoint, tcp, stream)
        await _log_in(connection, address, sentinel=sentinel)
    except BaseException:
        tcp.socket.close()
        raise
    return connection


@asynccontextmanager
async def connected(
    address: Address, endpoint: Endpoint, *, sentinel: bool = False
) -> AsyncGenerator[Connection]:
    """A connection for a while. Raises like connect."""
    connection = await connect(address, endpoint, sentinel=sentinel)
    try:
        yield connection
    finally:
        connection.close()


async def _encrypted(tcp: trio.SocketStream, endpoint: Endpoint) -> trio.SSLStream[trio.SocketStream]:
    """TLS whose certificate must be good for the host, by the authorities that the system (SSL_CERT_FILE) trusts."""
    stream = trio.SSLStream(tcp, ssl.create_default_context(), server_hostname=endpoint.host)
    await stream.do_handshake()
    return stream


async def _log_in(connection: Connection, address: Address, *, sentinel: bool) -> None:
    known = address.credentials
    if not known.password:
        return
    words: Sequence[str] = ("AUTH", known.user, known.password) if known.user else ("AUTH", known.password)
    try:
        await connection.call(*words)
    except RespError as refusal:
        if not (sentinel and str(refusal).startswith(_NONE_NEEDED)):
            # Its code alone: a server that doesn't know AUTH repeats the password.
            code = next(iter(str(refusal).split()), "no reason")
            raise RespError(f"{code[:CODE_CHARS_MAX]}: the server refused the log-in") from None
