"""How far users of this node have read: gathered, kept in batches, and told once it is kept."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

import trio

from actors.ports.log import LogUnavailableError
from actors.ports.reading import ReadMark, ReadMoved, ReadPositions
from actors.ports.streams import Streams
from actors.ports.time import Clock
from protocol import limits
from protocol.frames import Read, RoomHead
from protocol.inbox import inbox_of

KEPT_AT_ONCE: Final = 1000
"""Positions in one call of the storage."""

_log = logging.getLogger(__name__)


class ReadMarkers:
    """Read positions on their way to the storage: of each user and room the furthest, kept READ_FLUSH_S later.

    ``run`` must be running; what it has in hand when the node ends, ``flush`` keeps. A position that moved is told in
    the user's inbox and in direct rooms, after it was kept: so who hears of it and counts again finds it.
    """

    def __init__(self, positions: ReadPositions, streams: Streams, clock: Clock) -> None:
        self.dropped = 0
        """Marks for which there was no room, ever."""
        self._positions = positions
        self._streams = streams
        self._clock = clock
        self._waiting: dict[str, dict[str, int]] = {}  # by user, then by room; no user without rooms
        self._count = 0  # of all rooms in it
        self._marked = trio.Event()  # set while anything waits

    @property
    def waiting(self) -> int:
        """Positions that aren't kept yet."""
        return self._count

    def mark(self, user: str, room: str, number: int) -> bool:
        """Note that the user has read up to this message, if they turn out to be in the room. Never blocks.

        False, and nothing is noted, while READ_WAITING_MAX wait already.
        """
        mine = self._waiting.get(user, {})
        if room not in mine:
            if self._count >= limits.READ_WAITING_MAX:
                self.dropped += 1
                return False
            self._count += 1
        mine[room] = max(number, mine.get(room, 0))
        self._waiting[user] = mine
        self._marked.set()
        return True

    async def counts(self, user: str, rooms: Sequence[str]) -> list[RoomHead]:
        """How these rooms stand for the user, what waits here counted as kept. The port says the rest."""
        mine = self._waiting.get(user, {})
        return await self._positions.counts(user, {room: mine.get(room, 0) for room in rooms})

    async def run(self) -> None:
        """Keep what was marked, READ_FLUSH_S after the first mark, until cancelled. Asks for nothing while idle."""
        kept = True
        while True:
            await self._marked.wait()
            await self._clock.sleep_until(self._clock.monotonic() + limits.READ_FLUSH_S)
            before, kept = kept, await self.flush()
            if before and not kept:
                _log.warning("read positions can't be kept now: they wait")

    async def flush(self) -> bool:
        """Keep what waits now; false if the storage is away, and the rest goes on waiting."""
        marks = [
            ReadMark(user, room, number)
            for user, mine in self._waiting.items()
            for room, number in mine.items()
        ]
        for first in range(0, len(marks), KEPT_AT_ONCE):
            batch = marks[first : first + KEPT_AT_ONCE]
            try:
                moved = await self._positions.keep(batch)
            except LogUnavailableError:
                return False
            self._settle(batch)
            self._tell(moved)
        return True

    def _settle(self, kept: Sequence[ReadMark]) -> None:
        for mark in kept:
            mine = self._waiting.get(mark.user, {})
            if mine.get(mark.room) != mark.number:
                continue  # further on meanwhile, or settled by another flush
            del mine[mark.room]
            self._count -= 1
            if not mine:
                del self._waiting[mark.user]
        if not self._waiting:
            self._marked = trio.Event()

    def _tell(self, moved: Sequence[ReadMoved]) -> None:
        for read in moved:
            streams = (inbox_of(read.user), read.room) if read.direct else (inbox_of(read.user),)
            for stream in streams:
                signal = Read(stream=stream, room=read.room, number=read.number, user=read.user)
                self._streams.signal(signal, by=read.user)
