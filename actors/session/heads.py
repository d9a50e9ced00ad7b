"""How much is new in the rooms that sessions watch: counted once, kept up to date from headers, told in paces.

``Pace`` is one for the node, ``WatchedHeads`` one for a session that watches any.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from heapq import heappop, heappush
from itertools import count
from typing import Final

import trio
from typing_extensions import override

from actors.ports.log import LogUnavailableError
from actors.ports.time import Clock
from actors.relay import Relay, Watcher
from actors.relay.entry import Watch
from actors.relay.ring import RelayedEvent
from actors.session.connection_writer import ConnectionWriter
from actors.session.reads import Reads
from actors.session.tally import Tally
from protocol import limits
from protocol.frames import Heads, Read, RoomHead, Signalled
from protocol.ids import kind_of
from protocol.room import KIND

COUNTS_AT_ONCE: Final = 4
"""Sessions of a node whose rooms are counted at a time; each is one statement."""
DUE_AT_ONCE: Final = 8
"""How many sessions are told in one step, before other tasks run."""
READ: Final = str(Read.__struct_config__.tag)


class Pace:
    """When each session is told of its heads: as soon as one changes, and not before HEADS_INTERVAL_S are over."""

    def __init__(self, relay: Relay, reads: Reads, clock: Clock) -> None:
        self.frames = 0
        """Frames that told of heads, ever."""
        self.counts = 0
        """Countings of a session's rooms, ever."""
        self.relay: Final = relay
        self.reads: Final = reads
        self._clock = clock
        self._later: list[tuple[float, int, WatchedHeads]] = []  # a heap by time
        self._order = count()
        self._wake = trio.Event()
        self._uncounted: deque[WatchedHeads] = deque()
        self._to_count = trio.Semaphore(0)

    async def run(self) -> None:
        """Tell and count until cancelled."""
        async with trio.open_nursery() as nursery:
            for _ in range(COUNTS_AT_ONCE):
                nursery.start_soon(self._count)
            while True:
                if self._wake.is_set():
                    self._wake = trio.Event()
                if self._tell_due():
                    await trio.lowlevel.checkpoint()
                elif self._later:
                    with self._clock.deadline(max(0.0, self._later[0][0] - self.now())):
                        await self._wake.wait()
                else:
                    await self._wake.wait()

    def tell_at(self, at: float, heads: WatchedHeads) -> None:
        """Have a session told at this time, in monotonic seconds."""
        heappush(self._later, (at, next(self._order), heads))
        if self._later[0][2] is heads:
            self._wake.set()

    def count(self, heads: WatchedHeads) -> None:
        """Have a session's rooms counted, in turn."""
        self._uncounted.append(heads)
        self._to_count.release()

    def now(self) -> float:
        """Monotonic seconds."""
        return self._clock.monotonic()

    def _tell_due(self) -> bool:
        """Tell some of those whose time has come; whether there were any."""
        now, told = self.now(), 0
        while told < DUE_AT_ONCE and self._later and self._later[0][0] <= now:
            heappop(self._later)[2].due(now)
            told += 1
        return bool(told)

    async def _count(self) -> None:
        while True:
            await self._to_count.acquire()
            self.counts += 1
            await self._uncounted.popleft().count()


class WatchedHeads(Watcher):
    """The heads that one session watches. A Watcher of their rooms.

    At any time it waits for its turn in the pace, or its rooms are being counted, or nothing has changed.
    """

    __slots__ = (
        "_changed",
        "_gone",
        "_next_at",
        "_pace",
        "_tallies",
        "_under_way",
        "_user",
        "_watches",
        "_writer",
    )

    def __init__(self, pace: Pace, user: str, writer: ConnectionWriter) -> None:
        self._pace = pace
        self._user = user
        self._writer = writer
        self._tallies: dict[str, Tally] = {}
        self._watches: dict[str, Watch] = {}  # of the same rooms
        self._changed: dict[str, None] = {}
        self._gone: dict[str, None] = {}
        self._next_at = float("-inf")  # no frame before
        self._under_way = False

    # --- what the session calls ----------------------------------------------------------------------

    def watch(self, rooms: Sequence[str]) -> None:
        """Watch these instead of those before. Those the user isn't in are left out, once they were counted."""
        self.end()
        for room in dict.fromkeys(rooms):
            if kind_of(room) == KIND:
                self._tallies[room] = Tally()
                self._watches[room] = self._pace.relay.watch(room, self)
                self._change(room)

    def was_read(self, room: str, number: int) -> None:
        """The user has read a room up to this number, on whatever device."""
        if (tally := self._tallies.get(room)) is not None and tally.was_read(number):
            self._change(room)

    def end(self) -> None:
        """Stop watching all rooms."""
        for room in tuple(self._tallies):
            self._forget(room)
        self._gone.clear()

    # --- what the relay calls ------------------------------------------------------------------------

    @override
    def relayed(self, stream: str, event: RelayedEvent) -> None:
        if (tally := self._tallies.get(stream)) is None:
            return
        tally.happened(event.read, self._user)
        if tally.gone:
            self._forget(stream)
            self._gone[stream] = None
            self._soon()
        else:
            self._change(stream)

    @override
    def signalled(self, frame: Signalled) -> None:
        """In direct rooms it tells how far the other has read."""
        number = frame.data.get("number")
        tally = self._tallies.get(frame.stream)
        if tally is None or frame.type != READ or frame.author == self._user or not isinstance(number, int):
            return
        if tally.peer_has_read(number):
            self._change(frame.stream)

    # --- what the pace calls -------------------------------------------------------------------------

    def due(self, now: float) -> None:
        """Its turn has come."""
        if self._writer.direct and not all(self._tallies[room].exact for room in self._changed):
            self._pace.count(self)
        else:
            self._tell(now)

    async def count(self) -> None:
        """Count the rooms that aren't exact, and tell."""
        inexact = {room: tally for room, tally in self._tallies.items() if not tally.exact}
        for tally in inexact.values():
            tally.asked()
        try:
            found = await self._pace.reads.counts(self._user, list(inexact)) if inexact else []
        except LogUnavailableError:
            self._pace.tell_at(self._pace.now() + limits.HEADS_INTERVAL_S, self)
            return
        heads = {head.room: head for head in found}
        for room, tally in inexact.items():
            if self._tallies.get(room) is tally:  # else it is watched no longer
                self._counted(room, tally, heads.get(room))
        self._tell(self._pace.now())

    def _counted(self, room: str, tally: Tally, head: RoomHead | None) -> None:
        known = tally.seq > 0
        if head is not None:
            tally.counted(head, self._user)
        if head is None or tally.gone:
            self._forget(room)
            if known:
                self._gone[room] = None
        else:
            # This tells of what came by meanwhile: the room may be watched no longer when it returns.
            self._pace.relay.watched_from(self._watches[room], head.seq)

    def _tell(self, now: float) -> None:
        """Write what is exact, unless the client is slow: it gets what is true by the time it has read the rest."""
        self._under_way = False
        self._next_at = now + limits.HEADS_INTERVAL_S
        told = [room for room in self._changed if self._tallies[room].exact]
        if self._writer.direct and (told or self._gone):
            rooms = tuple(self._tallies[room].head(room) for room in told)
            self._writer.write(self._writer.lane.frame(Heads(rooms=rooms, gone=tuple(self._gone))))
            self._pace.frames += 1
            self._gone.clear()
            for room in told:
                self._changed.pop(room, None)
        if self._changed or self._gone:
            self._soon()

    # --- state ---------------------------------------------------------------------------------------

    def _change(self, room: str) -> None:
        self._changed[room] = None
        self._soon()

    def _soon(self) -> None:
        """Have its turn come, once."""
        if not self._under_way:
            self._under_way = True
            self._pace.tell_at(max(self._pace.now(), self._next_at), self)

    def _forget(self, room: str) -> None:
        del self._tallies[room]
        self._pace.relay.unwatch(self._watches.pop(room))
        self._changed.pop(room, None)
