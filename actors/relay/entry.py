"""One stream with local subscribers: who listens, what waits to be flushed. No task, no I/O."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from typing import Final

import trio

from actors.kind import EVERYONE
from actors.ports.log import LogRow
from actors.relay.ring import RelayedEvent, Ring, joined, portions
from actors.relay.subscriber import Subscriber, Watcher
from actors.session.connection_writer import Lane
from protocol.frames import Signalled

PENDING_BYTES_MAX: Final = 4 * 1024 * 1024
"""What may wait for one stream's next flush; beyond it the relay fetches events from the log again, later."""
SIGNALS_PENDING_MAX: Final = 32
"""Signals that wait for one stream's next flush; further ones are dropped."""


class Subscription:
    """One subscriber of one stream: registered, then live, then ended."""

    __slots__ = ("ended", "entry", "floor", "live", "subscriber", "user", "writer")

    def __init__(self, entry: Entry, subscriber: Subscriber) -> None:
        self.entry: Final = entry
        self.subscriber: Final = subscriber
        self.user: Final = subscriber.user
        self.writer: Final = subscriber.writer
        self.live = False
        """Gets flushes; it has had everything before them."""
        self.ended = False
        """Gets nothing any more."""
        self.floor = 0
        """The head at which its right to listen was read: only later events can revoke it.

        Whoever was removed, let in again and resumes from before that would otherwise be ended by the old removal.
        """

    def revoked_by(self, event: RelayedEvent) -> bool:
        """Whether this event ends the subscription."""
        return event.seq > self.floor and (self.user in event.revokes or EVERYONE in event.revokes)


class Watch:
    """One watcher of one stream: it waits until its position is known, then it is live, then ended."""

    __slots__ = ("ended", "entry", "live", "position", "watcher")

    def __init__(self, entry: Entry, watcher: Watcher) -> None:
        self.entry: Final = entry
        self.watcher: Final = watcher
        self.live = False
        """Gets events as they are relayed; it has had all events before them."""
        self.ended = False
        self.position = 0
        """Up to here it knows; only later events are told. Two ways lead here (the ring, a read of the log), and
        an event may come by on both.
        """

    def tell(self, events: Iterable[RelayedEvent]) -> None:
        """Tell of those of these events, in order, that it doesn't know."""
        for event in events:
            if event.seq > self.position and not self.ended:
                self.position = event.seq
                self.watcher.relayed(self.entry.stream, event)

    def catch_up(self) -> bool:
        """Tell what the ring holds beyond the position, and go live. False if the ring begins too late for that."""
        ring = self.entry.known(self.position)
        if not ring.reaches(self.position):
            return False
        self.live = True
        self.tell(ring.after(self.position))
        return True


class SharedPage:
    """A read of the log that several subscribers may wait for."""

    __slots__ = ("done", "events", "failed")

    def __init__(self) -> None:
        self.done = trio.Event()
        self.events: Sequence[RelayedEvent] = ()
        """Empty if the read was cancelled or found nothing: ask again."""
        self.failed = False
        """The log couldn't be read, which is everybody's answer. A reader that was cancelled is not: its
        subscriber went, the others stay.
        """


class Send:
    """The same bytes to many subscribers of one lane."""

    __slots__ = ("data", "droppable", "events", "targets")

    def __init__(
        self, data: bytes, targets: Sequence[Subscription], *, events: int = 0, droppable: bool = False
    ) -> None:
        self.data = data
        self.targets = targets
        self.events = events
        """How many logged events the bytes hold."""
        self.droppable = droppable


class End:
    """These subscriptions end here: the event before this revoked their right."""

    __slots__ = ("subscriptions",)

    def __init__(self, subscriptions: Sequence[Subscription]) -> None:
        self.subscriptions = subscriptions


Step = Send | End


class Entry:
    """What the relay holds of one stream.

    All live subscribers stand at the same seq: the one before the first pending event. Only those in ``_late``
    have had some of the pending events already, while they caught up.
    """

    __slots__ = (
        "_lanes",
        "_late",
        "_moved",
        "_pending",
        "_pending_bytes",
        "_signals",
        "announced",
        "failures",
        "flush_at",
        "pages",
        "repairing",
        "ring",
        "scheduled",
        "stream",
        "subscriptions",
        "users",
        "watches",
    )

    def __init__(self, stream: str) -> None:
        self.stream: Final = stream
        self.ring: Ring | None = None
        """None until a first event, or the head read by a subscriber, tells where the stream stands."""
        self.subscriptions: dict[Subscription, None] = {}
        """All that are registered, live or not."""
        self.watches: dict[Watch, None] = {}
        self.users: dict[str, dict[Subscription, None]] = {}
        """The live ones by user."""
        self._lanes: dict[Lane, dict[Subscription, None]] = {}  # the live ones by lane, but for the late
        # Became live while events were pending: the last seq it had. It caught up from the ring, which holds the
        # pending ones already; sent the whole flush like the others, it would get those twice.
        self._late: dict[Subscription, int] = {}
        self._pending: list[RelayedEvent] = []
        self._pending_bytes = 0
        self._signals: list[tuple[Signalled, Collection[str]]] = []  # each with the users it is kept from
        self.scheduled = False
        """A flush is waited for, or under way. Two at a time could overtake each other, and subscribers would see
        events out of order.
        """
        self.flush_at = 0.0
        """Monotonic seconds: no flush before."""
        self.announced = 0
        """The largest seq known to exist. It only grows: whoever lowered it would end a repair before its goal."""
        self.repairing = False
        """A task fetches the events up to ``announced``; a second one would read the same again."""
        self.failures = 0
        """Fetches that brought nothing, ever: who waits for the head sees by it that a fetch failed meanwhile."""
        self.pages: dict[int, SharedPage] = {}
        """Reads of the log under way, by the seq they start after."""
        self._moved: trio.Event | None = None

    @property
    def head(self) -> int:
        """The last seq that was relayed without a gap; 0 when not known yet."""
        return 0 if self.ring is None else self.ring.head

    @property
    def wanted(self) -> bool:
        """Whether anybody subscribes or watches."""
        return bool(self.subscriptions or self.watches)

    @property
    def full(self) -> bool:
        """No event is taken before the next flush."""
        return self._pending_bytes > PENDING_BYTES_MAX

    @property
    def waiting(self) -> bool:
        """Whether there is something to flush."""
        return bool(self._pending or self._signals)

    def known(self, head: int) -> Ring:
        """The ring; the stream is taken to stand at ``head`` if nothing better is known."""
        if self.ring is None:
            self.ring = Ring(head)
        return self.ring

    def accept(self, rows: Sequence[LogRow]) -> bool:
        """Take what comes next in order, pass over repeats. False if something is missing or has no room."""
        ring = self.known(rows[0].seq - 1)
        for row in rows:
            if row.seq <= ring.head:
                continue
            if row.seq > ring.head + 1 or self.full:
                self.announced = max(self.announced, rows[-1].seq)
                return False
            event = RelayedEvent(row)
            # The pending events are the same objects: one that isn't flushed yet goes out without the erased text.
            if event.erases:
                ring.erase(event.erases)
            ring.append(event)
            for watch in tuple(self.watches):
                if watch.live:
                    watch.tell((event,))
            if self.users:
                self._pending.append(event)
                self._pending_bytes += event.size
        return True

    def reaches_others(self, user: str) -> bool:
        """Whether anybody but this user hears what is signalled here."""
        return len(self.users) > (user in self.users) or any(w.watcher.user != user for w in self.watches)

    def signal(self, frame: Signalled, kept_from: Collection[str]) -> bool:
        """Let a signal wait for the next flush, for all but these users. False when it is dropped."""
        if len(self._signals) >= SIGNALS_PENDING_MAX:
            return False
        self._signals.append((frame, kept_from))
        return True

    def add(self, subscription: Subscription) -> bool:
        """Make live who has had everything up to the head. True when it is its user's first."""
        subscription.live = True
        if self._pending:
            self._late[subscription] = self.head
        else:
            self._lanes.setdefault(subscription.writer.lane, {})[subscription] = None
        first = subscription.user not in self.users
        self.users.setdefault(subscription.user, {})[subscription] = None
        return first

    def remove(self, subscription: Subscription) -> bool:
        """End a subscription. True when it was its user's last live one."""
        subscription.ended = True
        self.subscriptions.pop(subscription, None)
        if not subscription.live:
            return False
        subscription.live = False
        self._late.pop(subscription, None)
        if (lane := self._lanes.get(subscription.writer.lane)) is not None:
            lane.pop(subscription, None)
        mine = self.users[subscription.user]
        del mine[subscription]
        if mine:
            return False
        del self.users[subscription.user]
        # Nobody is live any more: nothing of it is for whoever becomes live next, who has caught up before.
        if not self.users:
            self._pending, self._pending_bytes = [], 0
            self._signals.clear()
        return True

    def moved(self) -> None:
        """Wake who waits for the head: it moved, or it can't for now."""
        if self._moved is not None:
            self._moved.set()
            self._moved = None

    async def wait_moved(self) -> None:
        """Return at the next ``moved``."""
        if self._moved is None:
            self._moved = trio.Event()
        await self._moved.wait()

    def cut(self) -> deque[Step]:
        """Take all that waits, as the steps that bring it to every live subscriber."""
        events, self._pending, self._pending_bytes = self._pending, [], 0
        steps: deque[Step] = deque()
        targets = [(lane, list(subscriptions)) for lane, subscriptions in self._lanes.items()]
        # The order of the steps is the order on the wires: a portion to everybody, then the end of those whom its
        # last event revokes, then the next portion, which they aren't sent any more.
        for portion in portions(events, self._revokes_somebody):
            for lane, subscriptions in targets:
                if subscriptions:
                    steps.append(Send(joined(portion, lane), subscriptions, events=len(portion)))
            for subscription, seq in self._late.items():
                if tail := [event for event in portion if event.seq > seq]:
                    steps.append(
                        Send(joined(tail, subscription.writer.lane), (subscription,), events=len(tail))
                    )
            if revoked := self._revoked(portion[-1]):
                steps.append(End(revoked))
        for subscription in self._late:
            self._lanes.setdefault(subscription.writer.lane, {})[subscription] = None
        self._late.clear()
        self._cut_signals(steps)
        return steps

    def _cut_signals(self, steps: deque[Step]) -> None:
        signals, self._signals = self._signals, []
        to_all = [frame for frame, kept_from in signals if not kept_from]
        for lane, subscriptions in self._lanes.items():
            if to_all and subscriptions:
                framed = b"".join(map(lane.frame, to_all))
                steps.append(Send(framed, list(subscriptions), droppable=True))
            for frame, kept_from in signals:
                if kept_from and (those := [s for s in subscriptions if s.user not in kept_from]):
                    steps.append(Send(lane.frame(frame), those, droppable=True))

    def _revokes_somebody(self, event: RelayedEvent) -> bool:
        return any(user in self.users or user == EVERYONE for user in event.revokes)

    def _revoked(self, event: RelayedEvent) -> list[Subscription]:
        """The live subscriptions that this event ends: who had it while catching up was judged then."""
        return [
            subscription
            for user in (self.users if EVERYONE in event.revokes else event.revokes)
            for subscription in self.users.get(user, ())
            if subscription.revoked_by(event) and self._late.get(subscription, 0) < event.seq
        ]
