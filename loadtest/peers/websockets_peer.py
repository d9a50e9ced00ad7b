"""The Python library ``websockets`` with its own ``broadcast()``."""

from __future__ import annotations

import asyncio
import sys

from websockets.asyncio.server import ServerConnection, broadcast, serve

from loadtest.node import LOOPBACK
from loadtest.peers import CONTROL


async def run() -> None:
    """Serve until terminated."""
    subscribers: list[ServerConnection] = []

    async def handle(connection: ServerConnection) -> None:
        assert connection.request is not None
        if connection.request.path != CONTROL:
            subscribers.append(connection)
            await connection.wait_closed()
            return
        async for message in connection:
            broadcast(subscribers, message)

    async with serve(handle, LOOPBACK, 0, compression=None, ping_interval=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        sys.stdout.write(f"ready {port}\n")
        sys.stdout.flush()
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(run())
