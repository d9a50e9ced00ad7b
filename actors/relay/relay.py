"""The relay: what a node's streams publish goes to its subscribers, each event once and in order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final

import trio

from actors.gather import Gather
from actors.ports.blocks import Blocks
from actors.ports.log import Log, LogRow, LogUnavailableError, Page
from actors.ports.time import Clock, Randomness
from actors.ports.trace import Tracer
from actors.relay.counters import RelayCounters
from actors.relay.entry import Entry, SharedPage, Subscription, Watch
from actors.relay.flusher import Flusher
from actors.relay.ring import RelayedEvent, joined, portions
from actors.relay.signals import Signals
from actors.relay.subscriber import Subscriber, Watcher
from actors.runtime.backoff import backoff
from protocol import limits
from protocol.codes import Code
from protocol.frames import Signalled

REPAIR_RETRY_MIN_S: Final = 0.05
REPAIR_RETRY_MAX_S: Final = 2.0
PAGE_LINES: Final = 2
PAGE_EVENTS_PER_CALL_MAX: Final = 2000


class Relay:
    """Streams' events to this node's subscribers.

    A subscriber *registers* first, so that from then on everything published is kept for it; then reads its
    right and the head; then *attaches* from where it stands. Nothing is delivered unless ``run`` is running.
    Without ``blocks`` nobody has blocked anybody.
    """

    def __init__(
        self,
        log: Log,
        clock: Clock,
        randomness: Randomness,
        tracer: Tracer | None = None,
        blocks: Blocks | None = None,
    ) -> None:
        self.counters: Final = RelayCounters()
        self._tracer = tracer
        self.pages: Final = Gather[Page, list[LogRow]](
            clock,
            log.read,
            lines=PAGE_LINES,
            weight_max=PAGE_EVENTS_PER_CALL_MAX,  # thousands of streams may have missed something at once
            weigh=lambda page: page.limit,
        )
        self._clock = clock
        self._randomness = randomness
        self._entries: dict[str, Entry] = {}  # streams that somebody subscribes to or watches
        self._listened: dict[str, dict[str, None]] = {}  # by user: streams with a live subscription of theirs
        self._flusher = Flusher(clock, self.counters, self._revoke)
        self._signals = Signals(self._entries, self._flusher, self.counters, blocks, clock)
        self._nursery: trio.Nursery | None = None
        self._on_interest: list[Callable[[str, bool], None]] = []
        self._on_audience: Callable[[str], None] = lambda stream: None

    # --- from the streams -------------------------------------------------------------------------

    def publish(self, stream: str, rows: Sequence[LogRow]) -> None:
        """Relay committed events. Drops repeats, and fills gaps from the log. Never blocks."""
        entry = self._entries.get(stream)
        if entry is None or not rows:
            return
        whole = entry.accept(rows)
        self._accepted(entry)
        if not whole:
            self.counters.gaps += 1
            self._repair_soon(entry)

    def traced(self, stream: str, seq: int, parent: str) -> None:
        """Trace the way of a traced event, which was just published, to this node's subscribers, if it has any."""
        entry, deliveries = self._entries.get(stream), self._flusher.deliveries
        if self._tracer is None or entry is None or not entry.users or deliveries.full:
            return
        if (trace := self._tracer.deliver(parent, stream=stream)) is not None:
            deliveries.add(stream, seq, trace)

    def signalled(self, frame: Signalled) -> None:
        """Pass an ephemeral signal on, soon, to watchers and live subscribers who haven't blocked its author.

        It is dropped if too much waits.
        """
        self._signals.take(frame)

    def stands(self, stream: str, head: int) -> None:
        """The stream has events up to here: what of them wasn't relayed is fetched from the log. Never blocks."""
        entry = self._entries.get(stream)
        if entry is not None:
            entry.announced = max(entry.announced, head)
            self._repair_announced(entry)

    def audience(self, stream: str) -> Collection[str]:
        """The users with a live subscription here."""
        entry = self._entries.get(stream)
        return () if entry is None else entry.users.keys()

    def listened_by(self, user: str) -> Collection[str]:
        """The streams of which this user has a live subscription here."""
        return self._listened.get(user, {}).keys()

    def on_audience(self, listener: Callable[[str], None]) -> None:
        """Have it told of a stream when a user gets a first live subscription of it here, or loses the last one.

        It must not block.
        """
        self._on_audience = listener

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams that somebody here subscribes to or watches."""
        return tuple(self._entries)

    def on_interest(self, listener: Callable[[str, bool], None]) -> None:
        """Have it told too when a stream gets its first subscriber or watcher here (True), and loses the last (False).

        Told before ``register`` and ``detach`` return; it must not block.
        """
        self._on_interest.append(listener)

    # --- from the sessions ------------------------------------------------------------------------

    def register(self, stream: str, subscriber: Subscriber) -> Subscription:
        """Begin a subscription: nothing published from now on will be missing when it attaches."""
        entry = self._wanted(stream)
        subscription = Subscription(entry, subscriber)
        entry.subscriptions[subscription] = None
        return subscription

    def watch(self, stream: str, watcher: Watcher) -> Watch:
        """Have a watcher told of signals from now on, and of events once it is known from which one on.

        So whoever must know of all that happens after some moment watches first, then reads how things stand
        together with the stream's head, and calls ``watched_from`` with that head.
        """
        entry = self._wanted(stream)
        watch = Watch(entry, watcher)
        entry.watches[watch] = None
        return watch

    def watched_from(self, watch: Watch, head: int) -> None:
        """The watcher knows what happened up to this head: every later event is told, once and in order.

        What was relayed meanwhile is told at once, or soon if it must be read from the log.
        """
        if watch.ended:
            return
        watch.position = head
        watch.entry.known(head)
        watch.entry.announced = max(watch.entry.announced, head)
        self._repair_announced(watch.entry)
        if not watch.catch_up() and self._nursery is not None:
            self._nursery.start_soon(self._tell_from_log, watch)

    async def caught_up(self, watch: Watch) -> None:
        """Return when everything that was relayed so far was told, or the watch has ended."""
        while not (watch.live or watch.ended):
            await watch.entry.wait_moved()

    def unwatch(self, watch: Watch) -> None:
        """Stop telling this watcher. Idempotent."""
        if not watch.ended:
            watch.ended = True
            del watch.entry.watches[watch]
            self._let_go(watch.entry)
            watch.entry.moved()

    def _wanted(self, stream: str) -> Entry:
        entry = self._entries.get(stream)
        if entry is None:
            entry = self._entries[stream] = Entry(stream)
            for listener in self._on_interest:
                listener(stream, True)
        return entry

    def _let_go(self, entry: Entry) -> None:
        """Forget a stream that nobody wants any more."""
        if not entry.wanted:
            del self._entries[entry.stream]
            for listener in self._on_interest:
                listener(entry.stream, False)

    async def attach(self, subscription: Subscription, *, after: int, head: int, opening: bytes) -> None:
        """Write ``opening``, then every event after this seq, then go live.

        ``head`` is the one read together with the right to listen, after registering. Returns when the
        subscription is live or ended. Raises LogUnavailableError with nothing written; when the log fails
        later, the subscription ends with ``unavailable``.
        """
        # Order and revocation hold only if a subscription begins in this order:
        # 1. It is registered, by ``register``: what is published from here on passes this entry.
        # 2. Right and head are read in one statement, by the caller. Read before 1, an event committed in between
        #    would be in neither; read apart, a removal between the two reads would be missed.
        # 3. Up to that head nothing can revoke it: the right was read with all of that applied.
        entry = subscription.entry
        subscription.floor = head
        entry.known(head)
        self._repair_announced(entry)
        # 4. The relay itself reaches the head, before anything is written: a log that fails until here leaves the
        #    client without a subscription rather than with half of one.
        await self._reach(subscription, max(head, after))
        if subscription.ended:
            return
        # 5. The opening, then the events after it, then live. From here on failure is told as an end.
        subscription.writer.write(opening)
        try:
            await self._catch_up(subscription, after)
        except LogUnavailableError:
            self._end(subscription, Code.UNAVAILABLE)

    def detach(self, subscription: Subscription) -> None:
        """End a subscription: nothing of the stream is written from now on. Idempotent."""
        if subscription.ended:
            return
        entry = subscription.entry
        if entry.remove(subscription):
            mine = self._listened[subscription.user]
            del mine[entry.stream]
            if not mine:
                del self._listened[subscription.user]
            self._on_audience(entry.stream)
        if not entry.users and self._flusher.deliveries:
            self._flusher.deliveries.forget(entry.stream)
        self._let_go(entry)
        entry.moved()

    # --- catching up ------------------------------------------------------------------------------

    async def _reach(self, subscription: Subscription, seq: int) -> None:
        """Return when the stream was relayed up to here, from the log if need be, or it doesn't matter."""
        entry = subscription.entry
        while entry.head < seq and not subscription.ended:
            entry.announced = max(entry.announced, seq)
            failures = entry.failures
            self._repair_soon(entry)
            await entry.wait_moved()
            if entry.failures > failures and entry.head < seq:
                raise LogUnavailableError

    async def _catch_up(self, subscription: Subscription, position: int) -> None:
        """Serve everything after the position; the last part, from the ring, and going live are one step."""
        entry = subscription.entry
        missed = False
        while not subscription.ended:
            ring = entry.known(position)
            # 1. As fast as the client takes it: a resume must not fill the writer and close it as a slow reader.
            if subscription.writer.queued_bytes:
                await subscription.writer.drained()
            # 2. The rest is in the ring: it is written and the subscription goes live without an await between, or
            #    an event that is relayed meanwhile would be neither in that rest nor in a flush.
            elif ring.reaches(position):
                for portion in portions(ring.after(position), subscription.revoked_by):
                    self._serve(subscription, portion)
                    if subscription.ended:
                        return
                if entry.add(subscription):
                    self._listened.setdefault(subscription.user, {})[entry.stream] = None
                    self._on_audience(entry.stream)
                return
            # 3. Older than the ring: a page from the log, and look again.
            else:
                self.counters.resumes_from_log += not missed
                missed = True
                position = await self._serve_page(subscription, position)

    async def _serve_page(self, subscription: Subscription, position: int) -> int:
        """Serve the next events from the log, as fast as the client takes them; the new position."""
        entry = subscription.entry
        # Not beyond what was relayed: a page may hold events that the entry has yet to accept, and would pass on again.
        events = [event for event in await self._page(entry, position) if event.seq <= entry.head]
        for portion in portions(events, subscription.revoked_by):
            if subscription.writer.queued_bytes:
                await subscription.writer.drained()
            if subscription.ended:
                break
            self._serve(subscription, portion)
            position = portion[-1].seq
        return position

    async def _tell_from_log(self, watch: Watch) -> None:
        """Tell a watcher what is too old for the ring, for as long as it takes."""
        attempt = 0
        while not watch.ended and not watch.catch_up():
            try:
                events = await self._page(watch.entry, watch.position)
            except LogUnavailableError:
                attempt += 1
                await self._wait_to_retry(attempt)
            else:
                attempt = 0
                watch.tell(event for event in events if event.seq <= watch.entry.head)
        watch.entry.moved()

    async def _page(self, entry: Entry, after: int) -> Sequence[RelayedEvent]:
        """Events from the log, at least one; all who want the same ones at a time share one read."""
        while (page := entry.pages.get(after)) is not None:
            await page.done.wait()
            if page.failed:
                raise LogUnavailableError
            if page.events:
                return page.events
        page = entry.pages[after] = SharedPage()
        try:
            rows = await self.pages.ask(Page(entry.stream, after, limits.RESUME_PAGE_EVENTS))
            if not rows or rows[0].seq != after + 1:
                raise LogUnavailableError(f"{entry.stream}: no event {after + 1}, though the head is beyond")
            page.events = [RelayedEvent(row) for row in rows]
        except LogUnavailableError:
            page.failed = True
            raise
        finally:  # also when cancelled: the others wake up, find it empty and one of them reads
            del entry.pages[after]
            page.done.set()
        return page.events

    def _serve(self, subscription: Subscription, portion: Sequence[RelayedEvent]) -> None:
        subscription.writer.write(joined(portion, subscription.writer.lane))
        self.counters.deliveries += len(portion)
        if subscription.revoked_by(portion[-1]):
            self._revoke(subscription)

    def _revoke(self, subscription: Subscription) -> None:
        self.counters.revocations += not subscription.ended
        self._end(subscription, Code.FORBIDDEN)

    def _end(self, subscription: Subscription, code: Code) -> None:
        if not subscription.ended:
            self.detach(subscription)
            subscription.subscriber.unsubscribed(subscription.entry.stream, code)

    # --- running ----------------------------------------------------------------------------------

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Flush and repair until cancelled."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            nursery.start_soon(self._signals.run)
            task_status.started()
            try:
                await self._flusher.run()
            finally:
                self._nursery = None

    def _accepted(self, entry: Entry) -> None:
        entry.moved()
        if entry.waiting:
            self._flusher.schedule(entry)

    def _repair_announced(self, entry: Entry) -> None:
        """Fetch what is known to exist and wasn't relayed, once it is known where relaying began."""
        if entry.ring is not None and entry.head < entry.announced:
            self._repair_soon(entry)

    def _repair_soon(self, entry: Entry) -> None:
        if self._nursery is not None and not entry.repairing:
            entry.repairing = True
            self.counters.repairs += 1
            self._nursery.start_soon(self._repair, entry)

    async def _repair(self, entry: Entry) -> None:
        """Fetch what is missing up to the announced seq; with back-off for as long as anybody wants it."""
        attempt = 0
        while entry.head < entry.announced and entry.wanted:
            # Without room it would accept nothing: wait for a flush.
            if entry.full:
                await self._clock.sleep_until(self._clock.monotonic() + limits.FLUSH_TICK_MIN_S)
                continue
            before = entry.head
            await self._fetch(entry)
            if entry.head > before:
                attempt = 0
                continue
            attempt += 1
            entry.failures += 1
            entry.moved()
            await self._wait_to_retry(attempt)
        entry.repairing = False
        entry.moved()

    async def _wait_to_retry(self, attempt: int) -> None:
        wait_s = backoff(self._randomness, attempt, REPAIR_RETRY_MIN_S, REPAIR_RETRY_MAX_S)
        await self._clock.sleep_until(self._clock.monotonic() + wait_s)

    async def _fetch(self, entry: Entry) -> None:
        try:
            rows = await self.pages.ask(Page(entry.stream, entry.head, limits.RESUME_PAGE_EVENTS))
        except LogUnavailableError:
            return  # no progress: the caller backs off
        if rows:
            entry.accept(rows)
            self._accepted(entry)
