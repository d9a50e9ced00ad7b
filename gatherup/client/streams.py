"""A followed stream as its reader sees it: an async iterator over a bounded buffer."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Final

import trio

from gatherup.client.errors import ClientError
from gatherup.client.items import Ended, Event, Item, Read, Signal, Snapshot
from protocol.frames import Position

SIGNALS_BUFFERED_MAX: Final = 32
"""Signals that find this many items waiting are dropped."""


class Stream:
    """One followed stream. Iterate it once, in one task; ``close`` or leaving ``async with`` stops following.

    It yields ``Event | Snapshot | Signal | Read`` and last of all one ``Ended``. Reconnects aren't seen here: events
    go on where they stopped, or a Snapshot says that too much was missed.

    The buffer holds ``buffer_items_max`` items. A reader slower than its stream stops nobody else: the SDK leaves the
    stream while the buffer is full and resumes it, from the server's log, once half was read.
    """

    def __init__(
        self,
        stream: str,
        since: Position | None,
        consumed: Callable[[Stream], None],
        left: Callable[[Stream], None],
    ) -> None:
        self.id = stream
        self.position = since
        """Where the reader stands: after the last item it took. Keep it to resume in another run."""
        self._consumed = consumed
        self._left = left
        self._buffer: deque[Item] = deque()
        self._changed = trio.Event()
        self._opened = trio.Event()
        self._closed = False
        self._failure: ClientError | None = None

    def __aiter__(self) -> Stream:
        return self

    async def __anext__(self) -> Item:
        while not self._buffer:
            if self._closed:
                raise StopAsyncIteration
            self._changed = trio.Event()
            await self._changed.wait()
        await trio.lowlevel.checkpoint()
        if not self._buffer:  # closed while others ran
            raise StopAsyncIteration
        item = self._buffer.popleft()
        if isinstance(item, Event | Snapshot):
            self.position = item.position
            self._consumed(self)
        elif isinstance(item, Ended):
            self._closed = True
        return item

    async def __aenter__(self) -> Stream:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop following, forget what is buffered, end the iteration. Safe to call twice."""
        if not self._closed:
            self._closed = True
            self._buffer.clear()
            self._changed.set()
            self._left(self)

    # --- the client's side -------------------------------------------------------------------------------------

    def push(self, item: Event | Snapshot | Signal | Read) -> None:
        """Buffer an item. The state machine bounds how many events wait; signals are dropped first."""
        if isinstance(item, Signal | Read) and len(self._buffer) >= SIGNALS_BUFFERED_MAX:
            return
        self._buffer.append(item)
        self._changed.set()

    def opened(self) -> None:
        """The server follows it for us."""
        self._opened.set()

    def ended(self, error: ClientError) -> None:
        """Note that nothing follows."""
        self._failure = error
        self._buffer.append(Ended(stream=self.id, error=error))
        self._changed.set()
        self._opened.set()

    async def wait_opened(self) -> None:
        """Return when it is followed. Raises what ended it before that."""
        await self._opened.wait()
        if self._failure is not None:
            raise self._failure
