"""How much is new in the rooms that sessions watch: counted once, kept up to date from headers, told at intervals.

``UnreadScheduler`` is one for the node, ``UnreadWatch`` one for a session that watches any.
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
from actors.session.read_markers import ReadMarkers
from actors.session.unread_counter import UnreadCounter
from protocol import limits
from protocol.frames import Heads, Read, RoomHead, Signalled
from protocol.ids import kind_of
from protocol.room import KIND

COUNTS_AT_ONCE: Final = 4
"""Sessions of a node whose rooms are counted at a time; each is one statement."""
DUE_AT_ONCE: Final = 8
"""How many sessions are told in one step, before other tasks run."""
HEARD_AT_ONCE: Final = 64
"""Sessions that take what was relayed to them in one step: one event may concern thousands."""
READ: Final = str(Read.__struct_config__.tag)


class UnreadScheduler:
    """When each session is told what is unread: as soon as one changes, and not before HEADS_INTERVAL_S are over."""

    def __init__(self, relay: Relay, read_markers: ReadMarkers, clock: Clock) -> None:
        self.frames = 0
        """Frames that told of heads, ever."""
        self.counts = 0
        """Countings of a session's rooms, ever."""
        self.relay: Final = relay
        self.read_markers: Final = read_markers
        self._clock = clock
        self._later: list[tuple[float, int, UnreadWatch]] = []  # a heap by time
        self._order = count()
        self._wake = trio.Event()
        self._hearing: deque[UnreadWatch] = deque()
        self._uncounted: deque[UnreadWatch] = deque()
        self._to_count = trio.Semaphore(0)

    async def run(self) -> None:
        """Tell and count until cancelled."""
        async with trio.open_nursery() as nursery:
            for _ in range(COUNTS_AT_ONCE):
                nursery.start_soon(self._count)
            while True:
                if self._wake.is_set():
                    self._wake = trio.Event()
                told, heard = self._tell_due(), self._hear()
                if told or heard:
                    await trio.lowlevel.checkpoint()
                elif self._later:
                    with self._clock.deadline(max(0.0, self._later[0][0] - self.now())):
                        await self._wake.wait()
                else:
                    await self._wake.wait()

    def hear(self, watch: UnreadWatch) -> None:
        """Have a session take what was relayed to it, in turn."""
        self._hearing.append(watch)
        self._wake.set()

    def tell_at(self, at: float, watch: UnreadWatch) -> None:
        """Have a session told at this time, in monotonic seconds."""
        heappush(self._later, (at, next(self._order), watch))
        if self._later[0][2] is watch:
            self._wake.set()

    def count(self, watch: UnreadWatch) -> None:
        """Have a session's rooms counted, in turn."""
        self._uncounted.append(watch)
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

    def _hear(self) -> bool:
        """Let some take what was relayed; whether there were any."""
        some = min(HEARD_AT_ONCE, len(self._hearing))
        for _ in range(some):
            self._hearing.popleft().hear()
        return bool(some)

    async def _count(self) -> None:
        while True:
            await self._to_count.acquire()
            self.counts += 1
            await self._uncounted.popleft().count()


class UnreadWatch(Watcher):
    """What is unread in the rooms that one session watches. A Watcher of their rooms.

    At any time it waits for its turn with the scheduler, or its rooms are being counted, or nothing has changed.
    """

    __slots__ = (
        "_changed",
        "_counters",
        "_gone",
        "_heard",
        "_next_at",
        "_scheduler",
        "_under_way",
        "_user",
        "_watches",
        "_writer",
    )

    def __init__(self, scheduler: UnreadScheduler, user: str, writer: ConnectionWriter) -> None:
        self._scheduler = scheduler
        self._user = user
        self._writer = writer
        self._counters: dict[str, UnreadCounter] = {}
        self._watches: dict[str, Watch] = {}  # of the same rooms
        self._changed: dict[str, None] = {}
        self._gone: dict[str, None] = {}
        self._heard: list[tuple[str, RelayedEvent]] = []
        """What was relayed and not taken yet, in order: whoever looks at the counters takes it first."""
        self._next_at = float("-inf")  # no frame before
        self._under_way = False

    # --- what the session calls ----------------------------------------------------------------------

    def watch(self, rooms: Sequence[str]) -> None:
        """Watch these instead of those before. Those the user isn't in are left out, once they were counted."""
        self.end()
        for room in dict.fromkeys(rooms):
            if kind_of(room) == KIND:
                self._counters[room] = UnreadCounter()
                self._watches[room] = self._scheduler.relay.watch(room, self)
                self._change(room)

    def was_read(self, room: str, number: int) -> None:
        """The user has read a room up to this number, on whatever device."""
        self.hear()
        if (counter := self._counters.get(room)) is not None and counter.was_read(number):
            self._change(room)

    def end(self) -> None:
        """Stop watching all rooms."""
        for room in tuple(self._counters):
            self._forget(room)
        self._gone.clear()
        self._heard.clear()

    # --- what the relay calls ------------------------------------------------------------------------

    @property
    @override
    def user(self) -> str:
        return self._user

    @override
    def relayed(self, stream: str, event: RelayedEvent) -> None:
        # Only noted: the event is relayed to all who watch the room in one step.
        if not self._heard:
            self._scheduler.hear(self)
        self._heard.append((stream, event))

    def _take(self, stream: str, event: RelayedEvent) -> None:
        if (counter := self._counters.get(stream)) is None:
            return
        counter.happened(event.read, self._user)
        if counter.gone:
            self._forget(stream)
            self._gone[stream] = None
            self._soon()
        else:
            self._change(stream)

    @override
    def signalled(self, frame: Signalled) -> None:
        """In direct rooms it tells how far the other has read."""
        number = frame.data.get("number")
        counter = self._counters.get(frame.stream)
        if counter is None or frame.type != READ or frame.author == self._user or not isinstance(number, int):
            return
        if counter.peer_has_read(number):
            self._change(frame.stream)

    # --- what the scheduler calls -------------------------------------------------------------------------

    def hear(self) -> None:
        """Take what was relayed."""
        heard, self._heard = self._heard, []
        for stream, event in heard:
            self._take(stream, event)

    def due(self, now: float) -> None:
        """Its turn has come."""
        self.hear()
        if self._writer.direct and not all(self._counters[room].exact for room in self._changed):
            self._scheduler.count(self)
        else:
            self._tell(now)

    async def count(self) -> None:
        """Count the rooms that aren't exact, and tell."""
        self.hear()
        inexact = {room: counter for room, counter in self._counters.items() if not counter.exact}
        for counter in inexact.values():
            counter.asked()
        try:
            found = await self._scheduler.read_markers.counts(self._user, list(inexact)) if inexact else []
        except LogUnavailableError:
            self._scheduler.tell_at(self._scheduler.now() + limits.HEADS_INTERVAL_S, self)
            return
        heads = {head.room: head for head in found}
        self.hear()
        for room, counter in inexact.items():
            if self._counters.get(room) is counter:  # else it is watched no longer
                self._counted(room, counter, heads.get(room))
        self._tell(self._scheduler.now())

    def _counted(self, room: str, counter: UnreadCounter, head: RoomHead | None) -> None:
        known = counter.seq > 0
        if head is not None:
            counter.counted(head, self._user)
        if head is None or counter.gone:
            self._forget(room)
            if known:
                self._gone[room] = None
        else:
            # This tells of what came by meanwhile: the room may be watched no longer when it returns.
            self._scheduler.relay.watched_from(self._watches[room], head.seq)
            self.hear()

    def _tell(self, now: float) -> None:
        """Write what is exact, unless the client is slow: it gets what is true by the time it has read the rest."""
        self._under_way = False
        self._next_at = now + limits.HEADS_INTERVAL_S
        told = [room for room in self._changed if self._counters[room].exact]
        if self._writer.direct and (told or self._gone):
            rooms = tuple(self._counters[room].head(room) for room in told)
            self._writer.write(self._writer.lane.frame(Heads(rooms=rooms, gone=tuple(self._gone))))
            self._scheduler.frames += 1
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
            self._scheduler.tell_at(max(self._scheduler.now(), self._next_at), self)

    def _forget(self, room: str) -> None:
        del self._counters[room]
        self._scheduler.relay.unwatch(self._watches.pop(room))
        self._changed.pop(room, None)
