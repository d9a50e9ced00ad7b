"""The only writer of a connection, and what a node's writers share.

A write goes straight to the wire, without a task, while nothing is queued. What the wire doesn't take is queued,
and a drain task exists for just as long. A reader so slow that its queue outgrows its limit is closed; it slows
nobody.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

import trio
from msgspec import Struct

from actors.ports.delivery import Framing, Wire, WireClosedError
from actors.ports.time import Clock
from protocol import limits
from protocol.codec import Codec
from protocol.codes import CLOSE_SENTENCES, CloseCode, may_come_back
from protocol.frames import Goodbye

JOIN_CHUNKS_MAX: Final = 64
JOIN_BYTES_MAX: Final = 64 * 1024
"""What one write of a drain joins: few system calls, without copying much for a peer that takes little."""


class Lane:
    """One codec with one framing. All connections of a lane get the same bytes for the same frame.

    There is one lane object per combination: lanes are compared by identity.
    """

    __slots__ = ("codec", "framing", "slow_reader")

    def __init__(self, codec: Codec, framing: Framing) -> None:
        self.codec: Final = codec
        self.framing: Final = framing
        slow = CloseCode.SLOW_READER
        self.slow_reader: Final = self.goodbye(slow) + framing.close(slow, CLOSE_SENTENCES[slow])
        """The last bytes for a slow reader: goodbye and Close."""

    def frame(self, frame: Struct) -> bytes:
        """A server frame as it goes on the wire."""
        return self.framing.message(self.codec.encode(frame))

    def event(self, header: bytes, payload: bytes | None) -> bytes:
        """A logged event as it goes on the wire."""
        return self.framing.message(self.codec.event(header, payload))

    def goodbye(self, code: CloseCode, retry_after_s: float | None = None) -> bytes:
        """The close code in words: the frame before the Close."""
        return self.frame(
            Goodbye(
                code=int(code),
                message=CLOSE_SENTENCES[code],
                retry=may_come_back(code),
                retry_after_s=retry_after_s,
            )
        )


class ConnectionWriters:
    """What a node's writers share: the nursery of drain tasks, and one task that ends overdue closings.

    ``run`` must be running before a peer may be slow; a writer that has to queue without it is ended.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        bytes_max: int = limits.OUTBOX_BYTES_MAX,
        close_timeout_s: float = limits.CLOSE_TIMEOUT_S,
    ) -> None:
        self.bytes_max: Final = bytes_max
        self.slow_closes = 0
        """Connections closed as slow readers, ever."""
        self.parked: Final[dict[ConnectionWriter, None]] = {}
        """Those that have a queue, now."""
        self._clock = clock
        self._close_timeout_s = close_timeout_s
        # By deadline, since all get the same time.
        self._closing: deque[tuple[float, ConnectionWriter]] = deque()
        self._added = trio.Event()
        self._nursery: trio.Nursery | None = None

    @property
    def queued_bytes(self) -> int:
        """What waits in all of them. Looks at each that has a queue."""
        return sum(writer.queued_bytes for writer in self.parked)

    def open(self, wire: Wire, lane: Lane) -> ConnectionWriter:
        """The writer of a new connection."""
        return ConnectionWriter(wire, lane, self)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Drain and end writers until cancelled."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            task_status.started()
            try:
                await self._end_overdue()
            finally:
                self._nursery = None

    def drain(self, writer: ConnectionWriter) -> None:
        """Start the drain task of a writer that has just queued something."""
        if self._nursery is None:
            writer.abort()
        else:
            self._nursery.start_soon(writer.drain)

    def end_later(self, writer: ConnectionWriter) -> None:
        """End this closing writer when the close timeout is over, if it hasn't ended by then."""
        self._closing.append((self._clock.monotonic() + self._close_timeout_s, writer))
        self._added.set()

    async def _end_overdue(self) -> None:
        while True:
            if not self._closing:
                self._added = trio.Event()
                await self._added.wait()
            await self._clock.sleep_until(self._closing[0][0])
            self._closing.popleft()[1].abort()


class ConnectionWriter:
    """The one writer of a connection: whole frames, in order, never blocking.

    It is *open*, then *closing* (our Close is written or queued; nothing follows it), then *closed*.
    """

    __slots__ = (
        "_drained",
        "_queue",
        "_wire",
        "_writers",
        "closed",
        "closing",
        "direct",
        "lane",
        "on_closing",
        "queued_bytes",
    )

    def __init__(self, wire: Wire, lane: Lane, writers: ConnectionWriters) -> None:
        self.lane: Final = lane
        self._wire = wire
        self._writers = writers
        self.direct = True
        """Open, and nothing is queued: a write goes straight to the wire. Written past a queue, a frame would land in
        the middle of the one that the peer has a part of.
        """
        self.closing = False
        """No frame is taken any more: after a Close the protocol allows none. Stays true once closed."""
        self.closed = False
        """The connection is over and everything queued is freed."""
        self.queued_bytes = 0
        self.on_closing: Callable[[], None] | None = None
        """Called once, when closing begins, whatever the cause; possibly from within ``write``."""
        # None while nothing is queued. A memoryview is the rest of a chunk the peer has part of: it must go
        # out, and can only be the first. bytes haven't begun, and are shared with other writers.
        self._queue: deque[bytes | memoryview] | None = None
        self._drained: trio.Event | None = None

    def write(self, framed: bytes) -> None:
        """Send or queue one or more whole frames. Ignored once closing.

        When more than ``bytes_max`` would wait, the connection is closed instead as a slow reader.
        """
        if self.direct:
            try:
                taken = self._wire.send_some(framed)
            except WireClosedError:
                self.abort()
                return
            if taken != len(framed):
                self._park(framed, taken)
        elif not self.closing:
            self._enqueue(framed)

    def write_droppable(self, framed: bytes) -> None:
        """Send frames that may be lost: dropped when anything is queued."""
        if self.direct:
            self.write(framed)

    def close(self, code: int, reason: str, *, goodbye: bytes = b"") -> None:
        """Send ``goodbye`` (framed) and the Close after what is queued, then end the connection.

        It ends when the last byte is out, at the latest after the close timeout. Ignored once closing.
        """
        if self.closing:
            return
        last = goodbye + self.lane.framing.close(code, reason)
        # The last bytes are always taken, whatever the limit: only they tell the client why, and whether to come back.
        if self._queue is None:
            self.write(last)
        else:
            self._queue.append(last)
            self.queued_bytes += len(last)
        self._begin_closing()

    def abort(self) -> None:
        """The connection is over, now. Idempotent."""
        if self.closed:
            return
        self.closed = True
        self._unqueue()
        self._wire.close()
        self._begin_closing()

    async def drained(self) -> None:
        """Return when nothing is queued, or the connection is over."""
        if self._queue is None:
            await trio.lowlevel.checkpoint()
            return
        if self._drained is None:
            self._drained = trio.Event()
        await self._drained.wait()

    async def drain(self) -> None:
        """Write what is queued, as the peer takes it. Started by the writer itself, once per parking."""
        try:
            while self._queue:
                await self._wire.wait_writable()
                if self._queue:  # else it was closed meanwhile
                    self._send_queued(self._queue)
        except WireClosedError:
            self.abort()

    def _park(self, framed: bytes, taken: int) -> None:
        # 1. The peer has a part of the frame: only the rest waits, as a view that marks it as begun.
        # 2. It has nothing of it: the bytes themselves wait, which other writers share, and may still be dropped.
        self.direct = False
        self._queue = deque((memoryview(framed)[taken:] if taken else framed,))
        self.queued_bytes = len(framed) - taken
        self._writers.parked[self] = None
        self._writers.drain(self)

    def _enqueue(self, framed: bytes) -> None:
        assert self._queue is not None
        if self.queued_bytes + len(framed) > self._writers.bytes_max:
            self._close_slow_reader(self._queue)
        else:
            self._queue.append(framed)
            self.queued_bytes += len(framed)

    def _close_slow_reader(self, queue: deque[bytes | memoryview]) -> None:
        # What waits is dropped, but a frame that has begun is finished: its reader would take our Close for the rest
        # of it. The client resumes from its position, so nothing is lost.
        first = queue[0]
        queue.clear()
        if isinstance(first, memoryview):
            queue.append(first)
        queue.append(self.lane.slow_reader)
        self.queued_bytes = sum(map(len, queue))
        self._writers.slow_closes += 1
        self._begin_closing()

    def _begin_closing(self) -> None:
        if self.closing:
            return
        # Set before anything is called: whoever is told may write or close again.
        self.closing = True
        self.direct = False
        if self._queue is not None:
            self._writers.end_later(self)
        else:
            self.abort()
        if (called := self.on_closing) is not None:
            self.on_closing = None
            called()

    def _send_queued(self, queue: deque[bytes | memoryview]) -> None:
        taken = self._wire.send_some(_joined(queue))
        self.queued_bytes -= taken
        while taken:
            first = queue[0]
            if taken < len(first):
                queue[0] = memoryview(first)[taken:]
                return
            taken -= len(first)
            queue.popleft()
        # Only now, with nothing left, may a write pass the queue again; or the Close is out, and that was all.
        if not queue:
            self._unqueue()
            self.direct = not self.closing
            if self.closing:
                self.abort()

    def _unqueue(self) -> None:
        if self._queue is not None:
            self._queue = None
            self.queued_bytes = 0
            del self._writers.parked[self]
        if self._drained is not None:
            self._drained.set()
            self._drained = None


def _joined(queue: deque[bytes | memoryview]) -> bytes | memoryview:
    """The first chunks of a queue as one, up to the limits; a long first one stands alone, uncopied."""
    chunks: list[bytes | memoryview] = []
    size = 0
    for chunk in queue:
        if chunks and (size + len(chunk) > JOIN_BYTES_MAX or len(chunks) == JOIN_CHUNKS_MAX):
            break
        chunks.append(chunk)
        size += len(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
