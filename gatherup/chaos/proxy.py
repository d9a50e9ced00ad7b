"""A small TCP proxy whose connections can be slowed down, silenced in either direction, or cut."""

from __future__ import annotations

import socket
import struct
from collections.abc import Collection
from enum import Enum
from typing import Final

import trio

CHUNK_BYTES: Final = 65_536
CHUNKS_QUEUED_MAX: Final = 64
"""What one direction of one connection holds while it is slow or silent; the sender's own buffers fill then."""
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)  # SO_LINGER: on, 0 s
_LOOPBACK: Final = "127.0.0.1"


class Direction(Enum):
    """Which way bytes go through a proxy."""

    UP = "up"
    """From the client to the server."""
    DOWN = "down"


BOTH: Final = frozenset(Direction)


class FaultProxy:
    """Passes connections on to one server; what it does to them is changed by plain calls at any time.

    Bytes are never lost or changed within a connection that lives: a silenced direction holds them back, as a
    network does that drops packets which TCP sends again. They arrive after ``heal`` if both ends are still there.
    """

    def __init__(self, host: str, port: int) -> None:
        """``host`` and ``port`` are the server's."""
        self.port = 0
        """Where it listens on 127.0.0.1, once it runs."""
        self._target = (host, port)
        self._delays_s = dict.fromkeys(Direction, 0.0)
        self._silent: frozenset[Direction] = frozenset()
        self._cut = False
        self._changed = trio.Event()
        self._open: set[_Link] = set()

    @property
    def connections(self) -> int:
        """How many are open now."""
        return len(self._open)

    def delay(self, seconds: float, directions: Collection[Direction] = BOTH) -> None:
        """Each byte takes this much longer from now on."""
        for direction in directions:
            self._delays_s[direction] = seconds

    def drop(self, directions: Collection[Direction] = BOTH) -> None:
        """Nothing more gets through this way (one of two: a one-way cut), and nobody is told."""
        self._silent = frozenset(directions)
        self._wake()

    def cut(self) -> None:
        """Reset every connection, and each new one, until ``heal``."""
        self._cut = True
        self.reset()

    def reset(self) -> None:
        """Reset the open connections; new ones are taken."""
        for link in list(self._open):
            link.reset()

    def heal(self) -> None:
        """End all faults of this proxy."""
        self._delays_s = dict.fromkeys(Direction, 0.0)
        self._silent, self._cut = frozenset(), False
        self._wake()

    async def run(self, *, task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED) -> None:
        """Listen until cancelled; starts with the port. Connections end with it."""
        (listener,) = await trio.open_tcp_listeners(0, host=_LOOPBACK)
        self.port = listener.socket.getsockname()[1]
        async with trio.open_nursery() as nursery:
            await nursery.start(trio.serve_listeners, self._serve, [listener])
            task_status.started(self.port)

    def _wake(self) -> None:
        self._changed.set()
        self._changed = trio.Event()

    async def _serve(self, client: trio.SocketStream) -> None:
        if self._cut:
            _reset(client)
            return
        try:
            server = await trio.open_tcp_stream(*self._target)
        except OSError:
            _reset(client)
            return
        link = _Link(client, server)
        self._open.add(link)
        try:
            with link.life:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._pass_on, link, Direction.UP, client, server)
                    nursery.start_soon(self._pass_on, link, Direction.DOWN, server, client)
        finally:
            self._open.discard(link)
            link.close()

    async def _pass_on(
        self, link: _Link, direction: Direction, source: trio.SocketStream, target: trio.SocketStream
    ) -> None:
        """One direction of one connection, until it ends; its end ends that direction of the other half."""
        queue, chunks = trio.open_memory_channel[tuple[float, bytes]](CHUNKS_QUEUED_MAX)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._deliver, direction, chunks, target)
                async with queue:
                    while data := await source.receive_some(CHUNK_BYTES):
                        await queue.send((trio.current_time() + self._delays_s[direction], data))
        except* (trio.BrokenResourceError, trio.ClosedResourceError):
            link.reset()  # one end is gone: so is the other

    async def _deliver(
        self,
        direction: Direction,
        chunks: trio.MemoryReceiveChannel[tuple[float, bytes]],
        target: trio.SocketStream,
    ) -> None:
        async with chunks:
            async for due, data in chunks:
                await trio.sleep_until(due)
                await self._audible(direction)
                await target.send_all(data)
        await self._audible(direction)
        await target.send_eof()

    async def _audible(self, direction: Direction) -> None:
        while direction in self._silent:
            await self._changed.wait()


class _Link:
    """One connection: its two halves."""

    def __init__(self, client: trio.SocketStream, server: trio.SocketStream) -> None:
        self.life = trio.CancelScope()
        self._halves = (client, server)
        self._aborted = False

    def reset(self) -> None:
        self._aborted = True
        self.life.cancel()

    def close(self) -> None:
        for half in self._halves:
            if self._aborted:
                _reset(half)
            else:
                half.socket.close()


def _reset(stream: trio.SocketStream) -> None:
    """Close with a RST."""
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    stream.socket.close()
