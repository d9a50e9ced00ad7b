"""A way to a server that can be shut without a word: bytes stop, connections stay."""

from __future__ import annotations

import ssl
from contextlib import suppress

import trio

LOST = (trio.BrokenResourceError, trio.ClosedResourceError, OSError)


class Gate:
    """Forwards to a port of this machine. Shut, it takes connections and bytes in, and lets neither through."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.port = 0
        self.connections = 0
        """How many were ever made."""
        self._server_port = port
        self._tls = tls
        self._opened = trio.Event()
        self._opened.set()

    def shut(self) -> None:
        self._opened = trio.Event()

    def open(self) -> None:
        self._opened.set()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        self.port = listener.socket.getsockname()[1]
        task_status.started()
        await trio.serve_listeners(self._serve, [listener])

    async def _serve(self, tcp: trio.SocketStream) -> None:
        self.connections += 1
        client = trio.SSLStream(tcp, self._tls, server_side=True) if self._tls else tcp
        with suppress(*LOST):
            server = await trio.open_tcp_stream("127.0.0.1", self._server_port)
            async with server, client, trio.open_nursery() as nursery:
                nursery.start_soon(self._pump, client, server, nursery.cancel_scope)
                nursery.start_soon(self._pump, server, client, nursery.cancel_scope)

    async def _pump(self, source: trio.abc.Stream, sink: trio.abc.Stream, scope: trio.CancelScope) -> None:
        with suppress(*LOST):
            while True:
                await self._opened.wait()
                if not (data := await source.receive_some()):
                    break
                await self._opened.wait()
                await sink.send_all(data)
        scope.cancel()
