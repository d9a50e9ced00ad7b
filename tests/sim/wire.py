"""A client's connection in memory: bytes one way in odd pieces, messages the other way."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable

import trio
from typing_extensions import override

from actors.ports.delivery import Framing, Wire, WireClosedError
from tests.sim.clock import SimClock

PIPE_BYTES_MAX = 3000
_CLOSE = 0xFFFFFFFF


class SimFraming(Framing):
    """Length-prefixed messages; a Close is a mark and a code."""

    def __init__(self, name: str) -> None:
        self.name = name

    @override
    def message(self, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + data

    @override
    def close(self, code: int, reason: str) -> bytes:
        return _CLOSE.to_bytes(4, "big") + code.to_bytes(2, "big")


class Closed(Exception):
    """The server closed with this code; None when the connection just broke."""

    def __init__(self, code: int | None) -> None:
        super().__init__(str(code))
        self.code = code


class SimWire(Wire):
    """Both ends of one connection. The server's end is a Wire; the client's reads messages and sends them."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)
        self._down = bytearray()
        self._changed = trio.Event()
        self.stalled = False
        """True while the client doesn't read."""
        self.broken = False
        self._up_in, self._up_out = trio.open_memory_channel[bytes](1000)
        self._server: SimClock | None = None
        self.on_send: Callable[[], None] = lambda: None
        """Called whenever the server's end sends something that isn't its last words."""
        self._size: int | None = None  # of the message that is being read

    # --- the server's end ---

    def serve(self, clock: SimClock) -> None:
        """A node takes the connection; what it does with it stands still while that node is frozen."""
        self._server = clock

    async def _thawed(self) -> None:
        if self._server is not None:
            await self._server.thawed()

    @override
    def send_some(self, data: bytes | memoryview) -> int:
        if self.broken:
            raise WireClosedError
        if bytes(data[-6:-2]) != _CLOSE.to_bytes(4, "big"):
            self.on_send()
        room = PIPE_BYTES_MAX - len(self._down)
        taken = min(len(data), room, self._random.choice([1, 7, 100, 3000, 3000, 3000]))
        self._down += bytes(data[:taken])
        self._notify()
        return taken

    @override
    async def wait_writable(self) -> None:
        while not self.broken and len(self._down) >= PIPE_BYTES_MAX:
            await self._changed.wait()
        await trio.sleep(self._random.uniform(0, 0.005))
        await self._thawed()
        if self.broken:
            raise WireClosedError

    @override
    def close(self) -> None:
        """Bytes already taken may still be read."""
        self.cut()

    async def messages(self) -> AsyncIterator[bytes]:
        """What the client sends, as the server's reader task sees it; ends when the connection does."""
        async for message in self._up_out:
            await trio.sleep(self._random.uniform(0, 0.01))
            await self._thawed()
            if self.broken:
                return
            yield message

    # --- the client's end ---

    def send(self, message: bytes) -> None:
        """Send one message; lost without a word when the connection is gone."""
        if not self.broken:
            try:
                self._up_in.send_nowait(message)
            except (trio.WouldBlock, trio.BrokenResourceError, trio.ClosedResourceError):
                self.cut()

    async def receive(self) -> bytes:
        """The next whole message; may be cancelled and called again. Raises Closed."""
        if self._size is None:
            self._size = int.from_bytes(await self._take(4), "big")
        if self._size == _CLOSE:
            code = int.from_bytes(await self._take(2), "big")
            self.cut()
            raise Closed(code)
        message = await self._take(self._size)
        self._size = None
        return message

    async def _take(self, size: int) -> bytes:
        await trio.lowlevel.checkpoint()
        while self.stalled or len(self._down) < size:
            if self.broken and not self.stalled:
                raise Closed(None)
            await self._changed.wait()
        taken = bytes(self._down[:size])
        del self._down[:size]
        self._notify()
        return taken

    def stall(self, stalled: bool) -> None:
        """Stop or go on reading."""
        self.stalled = stalled
        self._notify()

    def cut(self) -> None:
        """The connection breaks; each end learns of it."""
        if not self.broken:
            self.broken = True
            self._up_in.close()
        self._notify()

    def kill(self) -> None:
        """The server died: what it had sent may be lost too."""
        keep = self._random.randrange(len(self._down) + 1)
        del self._down[keep:]
        self.stalled = False
        self.cut()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = trio.Event()
