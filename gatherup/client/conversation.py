"""One connection while it is in use: its writer and its tasks."""

from __future__ import annotations

import math

import trio

from gatherup.client.errors import ConnectionLostError
from gatherup.client.ports import Connection
from gatherup.client.wire import encode
from protocol.frames import ClientFrame, Signal


class Conversation:
    """One connection while it is in use."""

    def __init__(self, link: Connection, nursery: trio.Nursery) -> None:
        self.link = link
        self.nursery = nursery
        # Unbounded, and yet bounded: by the window of commands, one question a stream, and dropped signals.
        self._outgoing, self._queued = trio.open_memory_channel[ClientFrame](math.inf)

    def send(self, frame: ClientFrame) -> None:
        """Queue a frame; a signal only if nothing waits."""
        if isinstance(frame, Signal) and self._outgoing.statistics().current_buffer_used > 0:
            return
        self._outgoing.send_nowait(frame)

    async def write(self) -> None:
        """Send what is queued. A lost connection is left to the reader, who gets its close code."""
        try:
            async for frame in self._queued:
                await self.link.send(encode(frame))
        except ConnectionLostError:
            return
