"""The ``Wire`` port on a non-blocking socket."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from typing import Final

import trio
from typing_extensions import override

from actors.ports.delivery import Wire, WireClosedError

_RESET: Final = struct.pack("ii", 1, 0)  # struct linger: on, 0 seconds


class SocketWire(Wire):
    """One connection's outgoing half.

    ``close`` ends only this half (FIN): the peer still gets what was taken, while closing the socket with
    unread input would reset the connection and could destroy our last frame on its way. Whoever reads the
    socket then discards until the peer ends too, and calls ``abort``, which frees everything.
    """

    __slots__ = ("_send", "closed", "finished", "moved", "socket")

    def __init__(self, connected: socket.socket) -> None:
        self.socket: Final = connected
        self._send: Final = connected.send
        self.closed = False
        self.moved = False
        """Set when a full socket took bytes again: a peer that reads is alive. Whoever looks resets it."""
        self.finished: trio.Event | None = None

    @override
    def send_some(self, data: bytes | memoryview) -> int:
        try:
            return self._send(data)
        except BlockingIOError:
            return 0
        except OSError:
            raise WireClosedError from None

    @override
    async def wait_writable(self) -> None:
        if self.closed:
            raise WireClosedError
        try:
            await trio.lowlevel.wait_writable(self.socket)
        except trio.ClosedResourceError:
            raise WireClosedError from None
        self.moved = True

    @override
    def close(self) -> None:
        """End the outgoing half now, and wake whoever waits on the socket."""
        if self.closed:
            return
        self.closed = True
        if self.finished is not None:
            self.finished.set()
        trio.lowlevel.notify_closing(self.socket)
        with suppress(OSError):  # the peer was faster: there is nothing left to end
            self.socket.shutdown(socket.SHUT_WR)

    async def wait_closed(self) -> None:
        """Return when ``close`` or ``abort`` was called."""
        if not self.closed:
            self.finished = self.finished or trio.Event()
            await self.finished.wait()

    def abort(self) -> None:
        """Free the socket. Unless the peer has ended too, it sees a reset and unsent bytes are dropped."""
        if self.socket.fileno() < 0:
            return
        self.close()
        trio.lowlevel.notify_closing(self.socket)
        self.socket.close()

    def reset(self) -> None:
        """``abort`` that leaves the kernel nothing to deliver, for a peer that takes nothing."""
        with suppress(OSError):  # already freed
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.abort()
