"""A scripted server on real sockets: trio-websocket, and whatever a test wants it to say."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import trio
import trio_websocket

from protocol.codec import Codec, Subprotocol, codecs
from protocol.frames import ClientFrame, Hello, ServerFrame
from tests.unit.gatherup.client.world import welcome

CODEC: Codec = codecs()[Subprotocol.MSGPACK.value]
F = TypeVar("F", bound=ClientFrame)


class Peer:
    """One accepted connection, from the server's end."""

    def __init__(self, socket: trio_websocket.WebSocketConnection) -> None:
        self.socket = socket

    async def hear(self, kind: type[F]) -> F:
        message = await self.socket.get_message()
        assert isinstance(message, bytes)
        frame = CODEC.decode(message)
        assert isinstance(frame, kind), frame
        return frame

    async def say(self, *frames: ServerFrame) -> None:
        for frame in frames:
            await self.socket.send_message(CODEC.encode(frame))

    async def greet(self, **changes: object) -> Hello:
        hello = await self.hear(Hello)
        await self.say(welcome(**changes))
        return hello

    async def until_closed(self) -> int:
        """Read on until the client closes: its close code."""
        while True:
            try:
                await self.socket.get_message()
            except trio_websocket.ConnectionClosed as closed:
                return closed.reason.code if closed.reason else 1006


@asynccontextmanager
async def serving(*scripts: Callable[[Peer], Awaitable[object]]) -> AsyncIterator[str]:
    """A server whose nth connection follows the nth script: its address. Every script must have run to its end."""
    remaining = list(scripts)
    done = 0

    async def handle(request: trio_websocket.WebSocketRequest) -> None:
        nonlocal done
        script = remaining.pop(0)
        assert request.proposed_subprotocols == (Subprotocol.MSGPACK.value,)
        socket = await request.accept(subprotocol=Subprotocol.MSGPACK.value)
        await script(Peer(socket))
        done += 1

    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            server = await nursery.start(trio_websocket.serve_websocket, handle, "127.0.0.1", 0, None)
            yield f"ws://127.0.0.1:{server.port}/"
            while done < len(scripts):
                await trio.testing.wait_all_tasks_blocked(0.01)
            nursery.cancel_scope.cancel()
    assert not remaining, "a connection didn't come"
