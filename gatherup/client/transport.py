"""The real connection: trio-websocket, speaking MessagePack. Its exceptions are translated here and nowhere else."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Final, cast
from urllib.parse import urlsplit

import h11
import trio
import trio_websocket
from typing_extensions import override
from wsproto.utilities import ProtocolError

from gatherup.client.errors import ConnectionLostError
from gatherup.client.ports import Connection, Connector
from protocol.codec import Subprotocol

MESSAGE_BYTES_MAX: Final = 4 * 1024 * 1024
"""The largest message taken from a server: snapshots are larger than anything a client may send."""
QUEUE_MESSAGES: Final = 64
"""Messages read ahead of us."""
STREAM_PATH: Final = "/v1/stream"
"""Where a server has its streams, for addresses without a path."""
PORTS: Final = {"ws": 80, "wss": 443}
_LOST: Final = (
    trio_websocket.HandshakeError,
    trio_websocket.ConnectionClosed,
    ProtocolError,
    h11.ProtocolError,
)


class WebSocketConnector(Connector):
    """Connects to a ``ws://`` or ``wss://`` address (else ValueError); ``ssl_context`` replaces the default one."""

    def __init__(self, url: str, ssl_context: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            raise ValueError(f"not a ws:// or wss:// address: {url}")
        self._host = parts.hostname
        self._port = parts.port or PORTS[parts.scheme]
        self._host_header = parts.netloc.rpartition("@")[2]
        path = parts.path if parts.path not in ("", "/") else STREAM_PATH
        self._resource = path + (f"?{parts.query}" if parts.query else "")
        self._ssl_context = ssl_context or (ssl.create_default_context() if parts.scheme == "wss" else None)

    @override
    async def connect(self, nursery: trio.Nursery) -> WebSocketLink:
        link: WebSocketLink = await nursery.start(self._hold)
        return link

    async def _hold(self, task_status: trio.TaskStatus[WebSocketLink]) -> None:
        """Own one connection, trio-websocket's reader included, until it is over; its socket is closed then."""
        try:
            stream = await self._open_stream()
        except OSError as error:
            raise ConnectionLostError(None, str(error)) from error
        opened = False
        why: object = "closed in the handshake"
        try:
            async with trio.open_nursery() as nursery:
                with trio.CancelScope() as handshake:
                    socket = await self._shake_hands(nursery, _ObservedStream(stream, handshake.cancel))
                    opened = True
                    task_status.started(WebSocketLink(socket))
        except BaseExceptionGroup as group:
            why, rest = group.exceptions[0], group.split(_LOST)[1]
            if rest is not None:
                raise
            # Once it was open the link's own methods tell that it is gone.
        finally:
            await trio.aclose_forcefully(stream)
        if not opened:
            raise ConnectionLostError(None, f"no WebSocket there: {why}")

    async def _shake_hands(
        self, nursery: trio.Nursery, stream: _ObservedStream
    ) -> trio_websocket.WebSocketConnection:
        return await trio_websocket.wrap_client_stream(
            nursery,
            cast("trio.SocketStream", stream),  # it takes any stream, and says so
            self._host_header,
            self._resource,
            subprotocols=[Subprotocol.MSGPACK.value],
            message_queue_size=QUEUE_MESSAGES,
            max_message_size=MESSAGE_BYTES_MAX,
        )

    async def _open_stream(self) -> trio.SocketStream | trio.SSLStream[trio.SocketStream]:
        if self._ssl_context is None:
            return await trio.open_tcp_stream(self._host, self._port)
        return await trio.open_ssl_over_tcp_stream(
            self._host, self._port, ssl_context=self._ssl_context, https_compatible=True
        )


class _ObservedStream(trio.abc.Stream):
    """A stream that tells when it is over: trio-websocket waits on for a handshake that its peer has broken off."""

    def __init__(
        self, stream: trio.SocketStream | trio.SSLStream[trio.SocketStream], over: Callable[[], None]
    ) -> None:
        self._stream = stream
        self._over = over

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        data: bytes | bytearray = b""
        try:
            data = await self._stream.receive_some(max_bytes)
        finally:
            if not data:
                self._over()
        return data

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        try:
            await self._stream.send_all(data)
        except trio.BrokenResourceError:
            self._over()
            raise

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        self._over()
        await self._stream.aclose()


class WebSocketLink(Connection):
    """One open WebSocket."""

    def __init__(self, socket: trio_websocket.WebSocketConnection) -> None:
        self._socket = socket

    @override
    async def send(self, data: bytes) -> None:
        try:
            await self._socket.send_message(data)
        except trio_websocket.ConnectionClosed as closed:
            raise _lost(closed) from closed

    @override
    async def receive(self) -> bytes:
        try:
            message = await self._socket.get_message()
        except trio_websocket.ConnectionClosed as closed:
            raise _lost(closed) from closed
        # A text frame isn't ours; its bytes are judged like any other message.
        return message.encode() if isinstance(message, str) else message

    @override
    async def ping(self) -> None:
        try:
            await self._socket.ping()
        except trio_websocket.ConnectionClosed as closed:
            raise _lost(closed) from closed

    @override
    async def close(self) -> None:
        await self._socket.aclose(1000)


def _lost(closed: trio_websocket.ConnectionClosed) -> ConnectionLostError:
    """The close code as far as one came; 1006 stands for none."""
    reason = closed.reason
    if reason is None or reason.code == 1006:
        return ConnectionLostError(None)
    return ConnectionLostError(reason.code, reason.reason or "")
