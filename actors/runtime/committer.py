"""The committer: one transaction for all streams that wait, and the sorting of trouble.

Actors hand it appends and learn one of a few certain outcomes. Everything a database can answer is sorted here:
conflicts are retried, a data error is halved down to the guilty stream, a lost connection is settled by sending the
identical append again and then asking the receipts.
"""

from __future__ import annotations

import heapq
import logging
from collections import deque
from enum import Enum, auto
from itertools import count

import outcome
import trio

from actors.ports import (
    Append,
    Clock,
    Fence,
    Log,
    LogConflictError,
    LogDataError,
    LogOutcomeUnknownError,
    LogUnavailableError,
    Randomness,
    Verdict,
)
from actors.runtime import limits
from actors.runtime.backoff import backoff
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

    __slots__ = ("append", "attempts", "result", "unsettled")

    def __init__(self, append: Append) -> None:
        self.append = append
        self.result: Oneshot[Outcome] = Oneshot()
        self.attempts = 0
        self.unsettled = False
        """An earlier attempt may have committed, or may still: the identical append must go again."""


class Committer:
    """Batches appends of many streams. It outlives the actors and leaves nobody waiting when it ends.

    At most one append of a stream may be in its hands at a time; the cells see to that.
    """

    def __init__(self, log: Log, fence: Fence, clock: Clock, randomness: Randomness) -> None:
        self._db = log
        self._fence = fence
        self._clock = clock
        self._randomness = randomness
        self._ready: deque[_Pending] = deque()
        self._delayed: list[tuple[float, int, _Pending]] = []
        self._order = count()
        self._inflight: set[_Pending] = set()
        self._idle_lanes: deque[trio.lowlevel.Task] = deque()
        self._delays_changed = trio.Event()
        self._stopped = False
        self.commits = 0
        self.events = 0
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
                nursery.start_soon(self._release_delayed)
                for _ in range(limits.COMMIT_LANES):
                    nursery.start_soon(self._lane)
                task_status.started()
        finally:
            self._stopped = True
            self._fail_waiters()

    def _fail_waiters(self) -> None:
        waiting = [*self._ready, *(p for _, _, p in self._delayed)]
        for pending in waiting:
            if not pending.result.is_set:
                pending.result.set(Outcome.UNKNOWN if pending.unsettled else Outcome.UNAVAILABLE)
        for pending in self._inflight:
            if not pending.result.is_set:
                pending.result.set(Outcome.UNKNOWN)
        self._ready.clear()
        self._delayed.clear()
        self._inflight.clear()

    # --- queueing ---

    def _enqueue(self, pending: _Pending) -> None:
        self._ready.append(pending)
        if self._idle_lanes:
            trio.lowlevel.reschedule(self._idle_lanes.popleft(), outcome.Value(None))

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
        """The next batch: all fresh, or all unsettled, since the latter wait for locks."""
        while not self._ready:
            task = trio.lowlevel.current_task()
            self._idle_lanes.append(task)

            def abort(_: object, task: trio.lowlevel.Task = task) -> trio.lowlevel.Abort:
                self._idle_lanes.remove(task)
                return trio.lowlevel.Abort.SUCCEEDED

            await trio.lowlevel.wait_task_rescheduled(abort)
        unsettled = self._ready[0].unsettled
        batch: list[_Pending] = []
        while (
            self._ready
            and len(batch) < limits.STREAMS_PER_COMMIT_MAX
            and self._ready[0].unsettled is unsettled
        ):
            batch.append(self._ready.popleft())
        return batch

    # --- committing ---

    async def _lane(self) -> None:
        while True:
            batch = await self._take()
            self._inflight.update(batch)
            await self._commit(batch)
            self._inflight.difference_update(batch)

    async def _commit(self, batch: list[_Pending]) -> None:
        unsettled = batch[0].unsettled
        try:
            verdicts = await self._db.append(self._fence, [p.append for p in batch], wait_for_locks=unsettled)
        except LogConflictError:
            for pending in batch:
                self._delay(pending, limits.BUSY_BACKOFF_MIN_S, limits.BUSY_BACKOFF_MAX_S)
        except LogDataError as error:
            await self._halve(batch, error)
        except LogUnavailableError:
            for pending in batch:
                if unsettled:
                    self._delay(pending, limits.SETTLE_BACKOFF_MIN_S, limits.SETTLE_BACKOFF_MAX_S)
                else:
                    pending.result.set(Outcome.UNAVAILABLE)
        except LogOutcomeUnknownError:
            for pending in batch:
                pending.unsettled = True
                self._delay(pending, limits.SETTLE_BACKOFF_MIN_S, limits.SETTLE_BACKOFF_MAX_S)
        else:
            self.commits += 1
            for pending, verdict in zip(batch, verdicts, strict=True):
                await self._conclude(pending, verdict)

    async def _halve(self, batch: list[_Pending], error: LogDataError) -> None:
        """Find the streams that can't be stored; their neighbours are committed on the way."""
        if len(batch) == 1:
            _log.warning("an append of %s can't be stored: %s", batch[0].append.stream, error)
            batch[0].result.set(Outcome.UNSTORABLE)
            return
        middle = len(batch) // 2
        await self._commit(batch[:middle])
        await self._commit(batch[middle:])

    async def _conclude(self, pending: _Pending, verdict: Verdict) -> None:
        match verdict:
            case Verdict.ACCEPTED:
                self.events += len(pending.append.events)
                pending.result.set(Outcome.COMMITTED)
            case Verdict.BUSY:
                self._delay(pending, limits.BUSY_BACKOFF_MIN_S, limits.BUSY_BACKOFF_MAX_S)
            case _ if pending.unsettled:
                await self._settle(pending, verdict)
            case Verdict.DUPLICATE:
                pending.result.set(Outcome.DUPLICATE)
            case Verdict.FENCED | Verdict.BEHIND:
                pending.result.set(Outcome.FENCED)

    async def _settle(self, pending: _Pending, verdict: Verdict) -> None:
        """The identical append was refused, which settles the first attempt; its receipts tell how it went.

        Nothing else proves anything: an old head may still move, a moved head may be somebody else's.
        """
        self.settlements += 1
        mine = pending.append.receipts
        try:
            found = await self._db.receipts(pending.append.stream, [(r.author, r.client_id) for r in mine])
        except LogUnavailableError:
            self._delay(pending, limits.SETTLE_BACKOFF_MIN_S, limits.SETTLE_BACKOFF_MAX_S)
            return
        if mine and len(found) == len(mine) and set(found) == set(mine):
            pending.result.set(Outcome.COMMITTED)
        elif verdict is Verdict.DUPLICATE:
            pending.result.set(Outcome.DUPLICATE)
        else:
            pending.result.set(Outcome.FENCED)
