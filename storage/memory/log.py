"""The log in memory: the same promises as PostgreSQL's, with faults to order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

from typing_extensions import override

from actors.kind import FactKey, Instant, Row, tables_of
from actors.ports.cluster_view import shard_of
from actors.ports.log import (
    Activation,
    Append,
    Checkpoint,
    Fence,
    FencedError,
    Log,
    LogConflictError,
    LogDataError,
    LogOutcomeUnknownError,
    LogRow,
    LogUnavailableError,
    NotActivated,
    Page,
    ReadAccess,
    Receipt,
    Verdict,
    Wanted,
)
from actors.ports.time import Clock
from actors.tables import Tables
from protocol.ids import stream_key
from storage.memory.database import BIRTH_STEP, MemoryDatabase, check
from storage.memory.faults import Faults, Outcome, Point
from storage.memory.locks import Held

LOCK_TIMEOUT_S: Final = 2.0
ENGINE_TABLES: Final = tables_of(())
"""Of kinds that declare none."""


class MemoryLog(Log):
    """The Log port on a MemoryDatabase. One per node; the database is shared.

    ``tables`` are those of the node's kinds.
    """

    def __init__(
        self,
        database: MemoryDatabase,
        clock: Clock,
        faults: Faults | None = None,
        *,
        tables: Tables = ENGINE_TABLES,
        lock_timeout_s: float = LOCK_TIMEOUT_S,
    ) -> None:
        self._database = database
        self._clock = clock
        self._tables = tables
        self._faults = faults or Faults()
        self._lock_timeout_s = lock_timeout_s

    @override
    async def activate(
        self, fence: Fence, wanted: Sequence[Wanted], *, wait_for_locks: bool
    ) -> list[Activation | NotActivated]:
        if len({one.stream for one in wanted}) != len(wanted):
            raise ValueError("a stream stands in one call once")
        await self._faults.before("activate")
        database = self._database
        async with Held() as held:
            if not await self._in_time(self._lock_node(held, fence)):
                raise LogUnavailableError("lock timeout")
            if database.fences(fence):
                return [NotActivated.FENCED] * len(wanted)
            shards = {shard_of(one.stream): database.shard(one.stream).lock for one in wanted}
            if not await self._in_time(held.add([shards[n] for n in sorted(shards)], shared=True)):
                raise LogUnavailableError("lock timeout")
            found: dict[str, Activation | NotActivated] = {}
            for one in sorted(wanted, key=lambda one: stream_key(one.stream)):
                found[one.stream] = await self._activate(held, fence, one, wait_for_locks)
            return [found[one.stream] for one in wanted]

    async def _activate(
        self, held: Held, fence: Fence, wanted: Wanted, wait: bool
    ) -> Activation | NotActivated:
        database, stream = self._database, wanted.stream
        if not database.owns(fence, stream, wanted.epoch):
            return NotActivated.FENCED
        if wanted.create and stream_key(stream) not in database.streams:
            database.create(stream)
        if (row := database.stream(stream)) is None:
            return NotActivated.ABSENT
        if wait:
            if not await self._in_time(held.add([row.lock])):
                raise LogUnavailableError("lock timeout")
            if database.stream(stream) is not row:  # it went away meanwhile
                return NotActivated.BUSY if wanted.create else NotActivated.ABSENT
        elif self._faults.busy(stream) or not held.try_add(row.lock):
            return NotActivated.BUSY
        row.activation += 1
        shard = database.shard(stream).row
        database.activated(stream, row.activation, run=fence, epoch=wanted.epoch, shard=shard)
        seq, state = row.checkpoints.get(wanted.state_version, (0, None))
        return Activation(
            activation=row.activation,
            head=row.head,
            last_at=row.last_at,
            effects_seq=row.effects_seq,
            checkpoint=state,
            checkpoint_seq=seq,
        )

    @override
    async def discard(self, fence: Fence, activations: Sequence[tuple[str, int]]) -> None:
        await self._faults.before("discard")
        for stream, activation in () if self._database.fences(fence) else activations:
            row = self._database.stream(stream)
            if row is None or row.activation != activation or activation <= BIRTH_STEP:
                continue
            if row.head == 0 and row.wake_at is None and not row.receipts:
                del self._database.streams[stream_key(stream)]

    @override
    async def append(self, fence: Fence, appends: Sequence[Append], *, wait_for_locks: bool) -> list[Verdict]:
        if len({append.stream for append in appends}) != len(appends):
            raise ValueError("a stream stands in one call once")
        await self._faults.before("append")
        for append in appends:
            check(append, self._tables)
        transaction = partial(self._transaction, fence, tuple(appends), wait_for_locks)
        match self._faults.outcome(appends):
            case Outcome.ANSWERED:
                return await transaction()
            case Outcome.CONFLICT:
                raise LogConflictError("injected")
            case Outcome.LOST_BEFORE_COMMIT:
                pass
            case Outcome.LOST_AFTER_COMMIT:
                await transaction()
            case Outcome.LOST_AND_LATE:
                self._faults.detach(partial(self._land, transaction))
        raise LogOutcomeUnknownError("injected")

    async def _land(self, transaction: Callable[[], Awaitable[list[Verdict]]]) -> None:
        await self._faults.pause(Point.ON_ITS_WAY)
        try:
            await transaction()
        except (LogConflictError, LogDataError):
            return  # rolled back; there is nobody to tell

    async def _transaction(
        self, fence: Fence, appends: Sequence[Append], wait_for_locks: bool
    ) -> list[Verdict]:
        database = self._database
        async with Held() as held:
            if not await self._in_time(self._lock_node(held, fence)):
                raise LogConflictError("lock timeout")
            if database.fences(fence):
                return [Verdict.FENCED] * len(appends)
            busy = await self._lock_streams(held, appends, wait_for_locks)
            await self._faults.pause(Point.LOCKED)
            verdicts = [Verdict.BUSY if a.stream in busy else database.judge(a) for a in appends]
            accepted = [
                a for a, verdict in zip(appends, verdicts, strict=True) if verdict is Verdict.ACCEPTED
            ]
            database.commit(accepted, self._tables)
        await self._faults.pause(Point.COMMITTED)
        return verdicts

    async def _lock_node(self, held: Held, fence: Fence) -> None:
        if node := self._database.members.nodes.get(fence.node):
            await held.add([node.lock], shared=True)

    async def _lock_streams(self, held: Held, appends: Sequence[Append], wait: bool) -> set[str]:
        """Lock what exists, in id order; which streams are somebody else's for the moment."""
        busy: set[str] = set()
        for append in sorted(appends, key=lambda append: stream_key(append.stream)):
            if (row := self._database.stream(append.stream)) is None:
                continue
            if wait:
                if not await self._in_time(held.add([row.lock])):
                    raise LogConflictError("lock timeout")
            elif self._faults.busy(append.stream) or not held.try_add(row.lock):
                busy.add(append.stream)
        return busy

    async def _in_time(self, waiting: Awaitable[None]) -> bool:
        """Whether a wait for locks ended within the lock timeout."""
        with self._clock.deadline(self._lock_timeout_s) as scope:
            await waiting
        return not scope.cancelled_caught

    @override
    async def read(self, pages: Sequence[Page]) -> list[list[LogRow]]:
        await self._faults.before("read")
        rows = [self._database.stream(page.stream) for page in pages]
        return [
            row.events[page.after : page.after + page.limit] if row else []
            for page, row in zip(pages, rows, strict=True)
        ]

    @override
    async def receipts(
        self, questions: Sequence[tuple[str, Sequence[tuple[str, str]]]]
    ) -> list[list[Receipt]]:
        await self._faults.before("receipts")
        return [self._receipts(stream, keys) for stream, keys in questions]

    def _receipts(self, stream: str, keys: Sequence[tuple[str, str]]) -> list[Receipt]:
        row = self._database.stream(stream)
        return [row.receipts[key] for key in dict.fromkeys(keys) if key in row.receipts] if row else []

    @override
    async def facts(
        self, questions: Sequence[tuple[str, Sequence[FactKey]]]
    ) -> list[dict[FactKey, Row | None]]:
        await self._faults.before("facts")
        return [
            {key: self._database.fact(stream, key, self._tables) for key in keys}
            for stream, keys in questions
        ]

    @override
    async def read_access(self, questions: Sequence[tuple[str, str]]) -> list[ReadAccess]:
        await self._faults.before("read_access")
        return [self._database.access(stream, user) for stream, user in questions]

    @override
    async def checkpoint(self, fence: Fence, checkpoints: Sequence[Checkpoint]) -> list[bool]:
        await self._faults.before("checkpoint")
        return [self._checkpoint(fence, one) for one in checkpoints]

    def _checkpoint(self, fence: Fence, checkpoint: Checkpoint) -> bool:
        row = self._database.stream(checkpoint.stream)
        if self._database.fences(fence) or row is None or row.activation != checkpoint.activation:
            return False
        if checkpoint.seq >= row.checkpoints.get(checkpoint.version, (0, b""))[0]:
            row.checkpoints[checkpoint.version] = (checkpoint.seq, checkpoint.state)
        return True

    @override
    async def heads(self, streams: Sequence[str]) -> list[int]:
        await self._faults.before("heads")
        found = [self._database.stream(stream) for stream in streams]
        return [row.head if row else 0 for row in found]

    @override
    async def due(
        self, shards: Sequence[int], before: Instant, limit: int, *, after: tuple[Instant, str] | None = None
    ) -> list[tuple[str, Instant]]:
        await self._faults.before("due")
        asked = frozenset(shards)
        from_ = (0, b"") if after is None else (after[0], stream_key(after[1]))
        due = sorted(
            (row.wake_at, key, row.kind)
            for key, row in self._database.streams.items()
            if row.wake_at is not None and row.wake_at <= before and not row.deleted and key[0] in asked
        )
        later = [found for found in due if found[:2] > from_]
        return [(f"{kind}:{key.hex()}", wake_at) for wake_at, key, kind in later[:limit]]

    @override
    async def take_in_hand(
        self, fence: Fence, stream: str, key: tuple[str, str], *, lost_before: int
    ) -> bool:
        await self._faults.before("take_in_hand")
        if self._database.fences(fence):
            raise FencedError
        may = self._database.take_in_hand(fence, stream, key, lost_before)
        await self._faults.after("take_in_hand")
        return may

    @override
    async def let_go(self, stream: str, key: tuple[str, str]) -> None:
        await self._faults.before("let_go")
        self._database.in_hand.pop((stream, *key), None)
