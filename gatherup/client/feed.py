"""What is watched beside streams as its reader sees it: an async iterator, the newest of each name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Generic, TypeVar

import trio

from gatherup.client.errors import ClientError
from gatherup.client.items import Ended, Gone, PersonPresence
from protocol.frames import RoomHead

T = TypeVar("T")
Watch = Callable[[tuple[str, ...]], None]


class Feed(Generic[T]):
    """What is new about some names. Iterate it once, in one task; ``close`` or leaving ``async with`` ends it.

    It yields something for each name that changed, and last of all one ``Ended``. Of a name only the newest waits for
    a slow reader.
    """

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._items: dict[str, T] = {}
        self._changed = trio.Event()
        self._answered = trio.Event()
        self._failure: ClientError | None = None
        self._closed = False

    async def watch(self, names: Sequence[str]) -> None:
        """Watch these, at least one, instead of those before. Returns once the server agreed.

        Raises RefusedError, ClosedError.
        """
        if not names:
            raise ValueError("name at least one, or close the feed")
        if self._failure is not None:
            raise self._failure
        if self._answered.is_set():  # else others wait for it too, and all for what was named last
            self._answered = trio.Event()
        answered, named = self._answered, tuple(dict.fromkeys(names))
        self._items = {name: item for name, item in self._items.items() if name in named}
        self._watch(named)
        await answered.wait()
        if self._failure is not None:
            raise self._failure

    def __aiter__(self) -> Feed[T]:
        return self

    async def __anext__(self) -> T | Ended:
        while not self._items and self._failure is None and not self._closed:
            self._changed = trio.Event()
            await self._changed.wait()
        await trio.lowlevel.checkpoint()
        if self._items:
            return self._items.pop(next(iter(self._items)))
        if self._closed or self._failure is None:
            raise StopAsyncIteration
        self._closed = True
        return Ended(stream=None, error=self._failure)

    async def __aenter__(self) -> Feed[T]:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Watch nothing any more, end the iteration. Safe to call twice."""
        if not self._closed:
            self._closed = True
            self._items.clear()
            self._changed.set()
            if self._failure is None:
                self._watch(())

    # --- the client's side -------------------------------------------------------------------------------------

    async def begin(self, names: Sequence[str]) -> None:
        """Watch these for the first time; whatever goes wrong closes it."""
        try:
            await self.watch(names)
        except BaseException:
            self.close()
            raise

    def push(self, items: Mapping[str, T]) -> None:
        """Note what is new of each name."""
        self._items.update(items)
        self._changed.set()

    def answered(self) -> None:
        """The server watches what was named last."""
        self._answered.set()

    def ended(self, error: ClientError) -> None:
        """Note that nothing follows."""
        self._failure = error
        self._changed.set()
        self._answered.set()


HeadsFeed = Feed[RoomHead | Gone]
"""How much is new in rooms: first of all one ``RoomHead`` for each, and all again after a reconnect. A ``Gone`` room
isn't watched any more."""
PresenceFeed = Feed[PersonPresence]
"""Who is there: first of all those who are. After a reconnect those who were there are told offline until the server
tells otherwise."""
