"""A small HTTP server on loopback that keeps what webhooks tell it, and answers as a test tells it."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import trio


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    url: str = ""
    received: list[Received] = field(default_factory=list)
    answer: bytes = b"HTTP/1.1 204 No Content\r\n\r\n"
    hangs: bool = False
    """Say nothing at all."""
    floods: bool = False
    """Say a body without an end."""

    async def serve(self, stream: trio.abc.Stream) -> None:
        data = b""
        try:
            while b"\r\n\r\n" not in data:
                chunk = await stream.receive_some()
                if not chunk:
                    return
                data += chunk
            head, _, body = data.partition(b"\r\n\r\n")
            request, *lines = head.decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            while len(body) < int(headers["content-length"]):
                body += await stream.receive_some()
            self.received.append(Received(request.split(" ")[1], headers, body))
            if self.hangs:
                await trio.sleep_forever()
            await stream.send_all(self.answer)
            while self.floods:
                await stream.send_all(b"x" * 65_536)
            await stream.aclose()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # the sender has heard enough


@asynccontextmanager
async def receiver(tls: ssl.SSLContext | None = None) -> AsyncGenerator[Receiver]:
    """A server for the block."""
    it = Receiver()

    async def serve(stream: trio.SocketStream) -> None:
        if tls is None:
            await it.serve(stream)
            return
        with suppress(trio.BrokenResourceError):  # who doesn't like the certificate hangs up
            await it.serve(trio.SSLStream(stream, tls, server_side=True, https_compatible=True))

    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    it.url = f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}/in?game=1"
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, serve, listeners)
        yield it
        nursery.cancel_scope.cancel()
