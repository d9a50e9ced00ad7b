"""The committer: one transaction for all streams that wait, and the sorting of trouble.

Actors hand it appends and learn one of a few certain outcomes. Everything a database can answer is sorted here:
conflicts are retried, a data error is halved down to the guilty stream, a lost connection is settled by sending the
identical append again and then asking the receipts.
"""

from __future__ import annotations

import heapq
import logging
from collections import deque
from collections.abc import Sequence
from enum import Enum, auto
from itertools import count
from typing import Final

import outcome
import trio

from actors.ports.log import (
    Append,
    Fence,
    Log,
    LogConflictError,
    LogDataError,
    LogFaultError,
    LogOutcomeUnknownError,
    LogUnavailableError,
    Receipt,
    Verdict,
)
from actors.ports.time import Clock, Randomness
from actors.runtime import limits
from actors.runtime.backoff import backoff
from actors.runtime.counters import Buckets
from actors.runtime.oneshot import Oneshot

_log = logging.getLogger(__name__)


class Outcome(Enum):
    """What an actor learns of its append."""

    COMMITTED = auto()
    FENCED = auto()
    """Nothing was written, and this activation can write nothing any more."""
    DUPLICATE = auto()
    """Nothing was written: a client_id in it has a receipt."""
    UNSTORABLE = auto()
    """Nothing was written: something in this very append can't be stored."""
    UNAVAILABLE = auto()
    """Nothing was written: the log can't be reached."""
    UNKNOWN = auto()
    """The committer stopped before it was known."""


class _Pending:
    """An append on its way."""

    __slots__ = ("append", "attempts", "result", "unsettled", "waits")

    def __init__(self, append: Append) -> None:
        self.append = append
        self.result: Oneshot[Outcome] = Oneshot()
        self.attempts = 0
        self.unsettled = False
        """An earlier attempt may have committed, or may still: the identical append must go again."""
        self.waits = False
        """The next attempt waits for locks: the one before is likely to hold them, and about to end."""


class Committer:
    """Batches appends of many streams. It outlives the actors and leaves nobody waiting when it ends.

    At most one append of a stream may be in its hands at a time; the cells see to that.
    """

    def __init__(
        self,
        log: Log,
        fence: Fence,
        clock: Clock,
        randomness: Randomness,
        *,
        commit_connections: int = limits.COMMIT_CONNECTIONS,
    ) -> None:
        self._db = log
        self._commit_connections = commit_connections
        self.fence = fence
        """By what it writes."""
        self._clock = clock
        self._randomness = randomness
        self._ready: deque[_Pending] = deque()
        self._delayed: list[tuple[float, int, _Pending]] = []
        self._order = count()
        # Each append is in exactly one of _ready, _delayed, _inflight and _settling until its outcome is set. When the
        # committer ends it answers from these four; an append that is in none would leave its cell waiting for ever.
        self._inflight: set[_Pending] = set()
        self._settling: set[_Pending] = set()
        self._nursery: trio.Nursery
        self._idle_connections: deque[trio.lowlevel.Task] = deque()
        self._delays_changed = trio.Event()
        self._stopped = False
        self.commits = 0
        self.events = 0
        self.commit_events: Final = Buckets(limits.COMMIT_EVENTS_BOUNDS)
        """How many events a commit holds."""
        self.commit_s: Final = Buckets(limits.COMMIT_S_BOUNDS)
        """How long a commit takes, in seconds."""
        self.settlements = 0

    def submit(self, append: Append) -> Oneshot[Outcome]:
        """Queue an append; its outcome is set once, in any case."""
        pending = _Pending(append)
        if self._stopped:
            pending.result.set(Outcome.UNAVAILABLE)
        else:
            self._enqueue(pending)
        return pending.result

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Commit until cancelled."""
        try:
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                nursery.start_soon(self._release_delayed)
                for _ in range(self._commit_connections):
                    nursery.start_soon(self._commit_loop)
                task_status.started()
        finally:
            self._stopped = True
            self._fail_waiters()

    def _fail_waiters(self) -> None:
        # What waits isn't in the log, unless an earlier attempt may be; of what is on its way nothing is known.
        waiting = [*self._ready, *(p for _, _, p in self._delayed)]
        for pending in waiting:
            if not pending.result.is_set:
                pending.result.set(Outcome.UNKNOWN if pending.unsettled else Outcome.UNAVAILABLE)
        for pending in (*self._inflight, *self._settling):
            if not pending.result.is_set:
                pending.result.set(Outcome.UNKNOWN)
        self._ready.clear()
        self._delayed.clear()
        self._inflight.clear()
        self._settling.clear()

    # --- queueing ---

    def _enqueue(self, pending: _Pending) -> None:
        self._ready.append(pending)
        if self._idle_connections:
            trio.lowlevel.reschedule(self._idle_connections.popleft(), outcome.Value(None))

    def _delay(self, pending: _Pending, low_s: float, high_s: float) -> None:
        pending.attempts += 1
        wait_s = backoff(self._randomness, pending.attempts, low_s, high_s)
        entry = (self._clock.monotonic() + wait_s, next(self._order), pending)
        heapq.heappush(self._delayed, entry)
        if self._delayed[0] is entry:
            self._delays_changed.set()

    async def _release_delayed(self) -> None:
        while True:
            self._delays_changed = trio.Event()
            if not self._delayed:
                await self._delays_changed.wait()
                continue
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._sleep_then_cancel, self._delayed[0][0], nursery.cancel_scope)
                await self._delays_changed.wait()
                nursery.cancel_scope.cancel()
            now = self._clock.monotonic()
            while self._delayed and self._delayed[0][0] <= now:
                self._enqueue(heapq.heappop(self._delayed)[2])

    async def _sleep_then_cancel(self, until: float, scope: trio.CancelScope) -> None:
        await self._clock.sleep_until(until)
        scope.cancel()

    async def _take(self) -> list[_Pending]:
        """The next batch: all wait for locks, or none."""
        while not self._ready:
            task = trio.lowlevel.current_task()
            self._idle_connections.append(task)

            def abort(_: object, task: trio.lowlevel.Task = task) -> trio.lowlevel.Abort:
                self._idle_connections.remove(task)
                return trio.lowlevel.Abort.SUCCEEDED

            await trio.lowlevel.wait_task_rescheduled(abort)
        return self._cut()

    def _cut(self) -> list[_Pending]:
        first = self._ready.popleft()
        batch, events = [first], len(first.append.events)
        while self._ready and len(batch) < limits.STREAMS_PER_COMMIT_MAX:
            following = self._ready[0]
            events += len(following.append.events)
            # Whoever waits for locks isn't mixed in: one held row would hold up all the others of its transaction.
            if following.waits is not first.waits or events > limits.EVENTS_PER_COMMIT_MAX:
                break
            batch.append(self._ready.popleft())
        return batch

    # --- committing ---

    async def _commit_loop(self) -> None:
        while True:
            batch = await self._take()
            self._inflight.update(batch)
            await self._commit(batch)
            self._inflight.difference_update(batch)

    async def _commit(self, batch: list[_Pending]) -> None:
        appends = [p.append for p in batch]
        begun = self._clock.monotonic()
        # What a database answers comes to six cases. The first five are about the whole transaction.
        try:
            verdicts = await self._db.append(self.fence, appends, wait_for_locks=batch[0].waits)
        # 1. Rolled back for reasons of timing (deadlock, serialization, lock timeout): the same again, later.
        except LogConflictError:
            for pending in batch:
                pending.waits = False  # once: a row that is held for long must not hold its neighbours too
                self._delay(pending, limits.BUSY_BACKOFF_MIN_S, limits.BUSY_BACKOFF_MAX_S)
        # 2. Rolled back because one of them can't be stored: find out which.
        except LogDataError as error:
            if not await self._halved(batch):
                self._warn(batch[0], "an append can't be stored", error)
                batch[0].result.set(Outcome.UNSTORABLE)
        # 3. Rolled back because the database failed on something that one of them, or each, needs: find out which.
        except LogFaultError as error:
            if not await self._halved(batch):
                self._warn(batch[0], "the database fails on an append", error)
                self._unavailable(batch)
        # 4. Nothing was sent.
        except LogUnavailableError:
            self._unavailable(batch)
        # 5. Sent, and no answer: it may be in the log, or come to be there later. The identical append goes again
        #    and waits for locks, that is, until the first attempt has ended one way or the other.
        except LogOutcomeUnknownError:
            for pending in batch:
                pending.unsettled = pending.waits = True
                self._delay(pending, limits.SETTLE_BACKOFF_MIN_S, limits.SETTLE_BACKOFF_MAX_S)
        # 6. Answered, stream by stream.
        else:
            self.commit_s.add(self._clock.monotonic() - begun)
            self.commits += 1
            events = self.events
            open_questions = [
                (pending, verdict)
                for pending, verdict in zip(batch, verdicts, strict=True)
                if not self._conclude(pending, verdict)
            ]
            self.commit_events.add(self.events - events)
            if open_questions:
                self._settling.update(pending for pending, _ in open_questions)
                self._nursery.start_soon(self._settle, open_questions)

    async def _halved(self, batch: list[_Pending]) -> bool:
        """Commit both halves apart, so that neighbours of a guilty stream are committed; false for a single one."""
        if len(batch) == 1:
            return False
        middle = len(batch) // 2
        await self._commit(batch[:middle])
        await self._commit(batch[middle:])
        return True

    def _unavailable(self, batch: list[_Pending]) -> None:
        """This attempt wrote nothing. That says nothing of one before it: where there was one, go on asking."""
        for pending in batch:
            if pending.unsettled:
                self._delay(pending, limits.SETTLE_BACKOFF_MIN_S, limits.SETTLE_BACKOFF_MAX_S)
            else:
                pending.result.set(Outcome.UNAVAILABLE)

    def _warn(self, pending: _Pending, what: str, error: Exception) -> None:
        _log.warning(what, extra={"stream": pending.append.stream, "error": str(error)})

    def _conclude(self, pending: _Pending, verdict: Verdict) -> bool:
        """Act on a verdict; false if only the receipts can tell what it means."""
        match verdict:
            # Certain also after a lost attempt: head and receipts let only one of the two in.
            case Verdict.ACCEPTED:
                self.events += len(pending.append.events)
                pending.result.set(Outcome.COMMITTED)
            # Somebody holds the stream's row: that proves nothing, neither now nor about a lost attempt.
            case Verdict.BUSY:
                self._delay(pending, limits.BUSY_BACKOFF_MIN_S, limits.BUSY_BACKOFF_MAX_S)
            # Refused, but perhaps only because the lost attempt is in the log: a moved head and a receipt that
            # exists are just what its success looks like.
            case _ if pending.unsettled:
                return False
            case Verdict.DUPLICATE:
                pending.result.set(Outcome.DUPLICATE)
            case Verdict.FENCED | Verdict.BEHIND:
                pending.result.set(Outcome.FENCED)
        return True

    async def _settle(self, refused: list[tuple[_Pending, Verdict]]) -> None:
        """Identical appends were refused, which settles their first attempts; the receipts tell how those went.

        Nothing else proves anything: an old head may still move, a moved head may be somebody else's. Apart from the
        connections, so that a slow read holds up no commit.
        """
        questions = [
            (p.append.stream, [(r.author, r.client_id) for r in p.append.receipts]) for p, _ in refused
        ]
        try:
            found = await self._db.receipts(questions)
        except LogUnavailableError:
            for pending, _ in refused:
                self._settling.discard(pending)
                # Now; the whole attempt is repeated later.
                self._delay(pending, limits.SETTLE_BACKOFF_MIN_S, limits.SETTLE_BACKOFF_MAX_S)
            return
        for (pending, verdict), receipts in zip(refused, found, strict=True):
            self._settling.discard(pending)
            self._tell(pending, verdict, receipts)

    def _tell(self, pending: _Pending, verdict: Verdict, found: Sequence[Receipt]) -> None:
        """Tell an actor by its receipts."""
        mine = pending.append.receipts
        self.settlements += 1
        # All receipts are there and equal ours to the last seq: the lost attempt committed. A part of them, or others
        # under the same client_ids, are of earlier commands.
        if mine and len(found) == len(mine) and set(found) == set(mine):
            pending.result.set(Outcome.COMMITTED)
        elif verdict is Verdict.DUPLICATE:
            pending.result.set(Outcome.DUPLICATE)
        else:
            pending.result.set(Outcome.FENCED)
