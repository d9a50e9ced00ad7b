"""The log in PostgreSQL. Here, and nowhere above, the driver's errors become the port's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, Self
from uuid import UUID

from psycopg.conninfo import make_conninfo
from typing_extensions import override

from actors.kind import FactKey, Instant, Row
from actors.ports.log import (
    Activation,
    Append,
    Checkpoint,
    Fence,
    FencedError,
    Log,
    LogConflictError,
    LogDataError,
    LogFaultError,
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
from protocol.ids import client_key, stream_key
from storage.postgres.driver.errors import (
    DataRejected,
    OutcomeUnknown,
    PostgresError,
    Retryable,
    ServerFault,
    own_words,
)
from storage.postgres.driver.link import CommitLink
from storage.postgres.driver.links import Links
from storage.postgres.driver.pool import Lender
from storage.postgres.driver.queries import rows
from storage.postgres.driver.write_access import WriteAccess
from storage.postgres.streams import activation, append_batch, in_hand
from storage.postgres.streams.activation import DISCARD
from storage.postgres.streams.changes import schema_of
from storage.postgres.streams.checkpoints import KEEP
from storage.postgres.streams.parameters import named, run_of
from storage.postgres.streams.projections import OTHERS, projections_of
from storage.postgres.streams.shared_facts import SHARED

CONNECT_TIMEOUT_S: Final = 2
"""To one address; libpq takes whole seconds, from 2."""
LOCK_TIMEOUT_S: Final = 2.0
STATEMENT_TIMEOUT_S: Final = 5.0
CALL_TIMEOUT_S: Final = 5.0
"""A call other than append, a wait for a pooled connection or a lock included."""
COMMIT_LINKS: Final = 2

NO_KEY: Final = bytes(16)
"""Before that of any stream."""

_SETTINGS: Final = {
    # append_batch_v3 judges rows as their last writer left them: only READ COMMITTED reads them so.
    "default_transaction_isolation": "read committed",
    # Accepted means durable, whatever the server's own default is.
    "synchronous_commit": "on",
}
# Streams are looked up one by one: with "limit" they aren't joined. The planner joins a crowd to a table of unknown
# size, such as one that has just grown, by scanning it for each.
_READ: Final = """
    select q.position, e.seq, e.header, e.payload
    from unnest(%(streams)s::uuid[], %(kinds)s::text[], %(afters)s::bigint[], %(limits)s::bigint[])
        with ordinality q(id, kind, after, at_most, position)
    cross join lateral (
        select s.* from stream s where s.id = q.id and s.kind = q.kind and s.deleted_at is null limit 1
    ) s
    cross join lateral (
        select e.seq, e.header, e.payload from event e where e.stream_id = s.id and e.seq > q.after
        order by e.seq limit q.at_most
    ) e
    order by q.position, e.seq
"""
_RECEIPTS: Final = """
    select q.position, r.author, r.client_id::text, r.first_seq, r.last_seq, r.digest, r.answer
    from unnest(%(streams)s::uuid[], %(kinds)s::text[], %(authors)s::text[], %(client_ids)s::uuid[])
        with ordinality q(id, kind, author, client_id, position)
    cross join lateral (
        select s.* from stream s where s.id = q.id and s.kind = q.kind and s.deleted_at is null limit 1
    ) s
    cross join lateral (
        select r.* from receipt r where r.stream_id = s.id and r.author = q.author and r.client_id = q.client_id
        limit 1
    ) r
"""
_READ_ACCESS: Final = """
    select s.id is not null,
           coalesce(l.may, false) and not exists (
               select from listener n where n.stream_id = s.id and n.user_id = '!'
           ) as may_listen,
           i.number, coalesce(s.head, 0), coalesce(l.after, 0)
    from incarnation i
    cross join unnest(%(streams)s::uuid[], %(kinds)s::text[], %(users)s::text[])
        with ordinality q(id, kind, user_id, position)
    left join lateral (
        select s.* from stream s where s.id = q.id and s.kind = q.kind and s.deleted_at is null limit 1
    ) s on true
    left join lateral (
        select true as may, min(coalesce(l.after, 0)) as after from listener l
        where l.stream_id = s.id and l.user_id in (q.user_id, '*') having count(*) > 0
    ) l on true
    order by q.position
"""
_HEADS: Final = """
    select coalesce(s.head, 0) from unnest(%(streams)s::uuid[], %(kinds)s::text[]) with ordinality q(id, kind, position)
    left join lateral (
        select s.* from stream s where s.id = q.id and s.kind = q.kind and s.deleted_at is null limit 1
    ) s on true
    order by q.position
"""
# Each shard's earliest by its index: neither other shards' streams nor those beyond the limit are read.
_DUE: Final = """
    select d.kind, d.id, d.wake_at
    from unnest(%(shards)s::smallint[]) q(shard)
    cross join lateral (
        select s.kind, s.id, s.wake_at from stream s
        where s.shard = q.shard and s.wake_at between %(from)s and %(before)s and s.deleted_at is null
            and (s.wake_at, s.id) > (%(from)s, %(after)s)
        order by s.wake_at, s.id limit %(limit)s
    ) d
    order by d.wake_at, d.id limit %(limit)s
"""


def quick(conninfo: str) -> str:
    """The same database, but an unreachable one is noticed within CONNECT_TIMEOUT_S per address."""
    return make_conninfo(conninfo, connect_timeout=CONNECT_TIMEOUT_S)


class PostgresLog(Log):
    """The Log port on PostgreSQL: appends on connections of its own, everything else on the pool.

    The pool's connections are in autocommit and quick to fail (see ``quick``).
    ``tables`` are those of the node's kinds.
    """

    def __init__(
        self,
        conninfo: str,
        pool: Lender,
        clock: Clock,
        tables: Tables,
        *,
        links: int = COMMIT_LINKS,
        lock_timeout_s: float = LOCK_TIMEOUT_S,
        access: WriteAccess | None = None,
        jobs_written: Callable[[], object] = lambda: None,
    ) -> None:
        """``jobs_written`` is called after an append that wrote jobs: for kinds, or for webhooks, of which only SQL
        knows. After one whose outcome is unknown it isn't.
        """
        self.trouble: str | None = None
        """Why PostgreSQL takes no writes, in its own words: the first reason since the last append that it took."""
        self._jobs_written = jobs_written
        self._pool = pool
        self._clock = clock
        self._schema = schema_of(tables)
        self._projections = projections_of(tables)
        connect = partial(
            CommitLink.connect,
            quick(conninfo),
            {"append": append_batch.STATEMENT},
            statement_timeout_s=STATEMENT_TIMEOUT_S,
            lock_timeout_s=lock_timeout_s,
            settings=_SETTINGS,
        )
        self._links = Links(connect, links, access or WriteAccess())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._links.aclose()

    @override
    async def append(self, fence: Fence, appends: Sequence[Append], *, wait_for_locks: bool) -> list[Verdict]:
        if len({append.stream for append in appends}) != len(appends):
            raise ValueError("a stream stands in one call once")
        parameters = append_batch.parameters(
            fence, appends, wait_for_locks=wait_for_locks, schema=self._schema
        )
        try:
            answer = await self._links.execute("append", parameters)
        except OutcomeUnknown as error:
            self._failed(error)
            raise LogOutcomeUnknownError(str(error)) from error
        except Retryable as error:
            raise LogConflictError(str(error)) from error
        except DataRejected as error:
            raise LogDataError(str(error)) from error
        except ServerFault as error:
            raise LogFaultError(f"{error.sqlstate}: {error}") from error
        except PostgresError as error:
            # Nothing sent, or refused for no fault of the data: no disk space, read-only …
            self._failed(error)
            raise LogUnavailableError(str(error)) from error
        self.trouble = None
        verdicts, jobs = append_batch.verdicts(len(appends), answer)
        if jobs:
            self._jobs_written()
        return verdicts

    @override
    async def activate(
        self, fence: Fence, wanted: Sequence[Wanted], *, wait_for_locks: bool
    ) -> list[Activation | NotActivated]:
        if len({one.stream for one in wanted}) != len(wanted):
            raise ValueError("a stream stands in one call once")
        parameters = activation.parameters(fence, wanted, wait_for_locks=wait_for_locks)
        try:
            found = await self._ask(activation.STATEMENT, parameters)
        except LogUnavailableError as error:
            self._failed(error)
            raise
        return activation.answers(len(wanted), found)

    @override
    async def discard(self, fence: Fence, activations: Sequence[tuple[str, int]]) -> None:
        parameters = {
            **named([stream for stream, _ in activations]),
            **run_of(fence),
            "activations": [number for _, number in activations],
        }
        await self._ask(DISCARD, parameters)

    @override
    async def read(self, pages: Sequence[Page]) -> list[list[LogRow]]:
        parameters = {
            **named([page.stream for page in pages]),
            "afters": [page.after for page in pages],
            "limits": [page.limit for page in pages],
        }
        found = [list[LogRow]() for _ in pages]
        for position, seq, header, payload in await self._ask(_READ, parameters):
            found[int(position) - 1].append(LogRow(seq, header, payload))
        return found

    def _failed(self, error: Exception) -> None:
        # The first one is kept: the next may name another file, and nobody should be told of a new trouble.
        self.trouble = self.trouble or own_words(error)

    @override
    async def receipts(
        self, questions: Sequence[tuple[str, Sequence[tuple[str, str]]]]
    ) -> list[list[Receipt]]:
        asked = [
            (place, stream, key)
            for place, (stream, keys) in enumerate(questions)
            for key in dict.fromkeys(keys)
        ]
        parameters = {
            **named([stream for _, stream, _ in asked]),
            "authors": [author for _, _, (author, _) in asked],
            "client_ids": [UUID(bytes=client_key(client_id)) for _, _, (_, client_id) in asked],
        }
        found = [list[Receipt]() for _ in questions]
        for position, *values in await self._ask(_RECEIPTS, parameters):
            found[asked[int(position) - 1][0]].append(Receipt(*values))
        return found

    @override
    async def facts(
        self, questions: Sequence[tuple[str, Sequence[FactKey]]]
    ) -> list[dict[FactKey, Row | None]]:
        found: list[dict[FactKey, Row | None]] = [dict.fromkeys(keys) for _, keys in questions]
        by_table: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        for place, keys in enumerate(found):
            for key in keys:
                by_table[key.table].append((place, key.key))
        for table, asked in by_table.items():
            reading = self._shared(table, asked) if table in SHARED else self._own(table, asked, questions)
            for place, key, row in await reading:
                found[place][FactKey(table, key)] = row
        return found

    async def _own(
        self,
        table: str,
        asked: Sequence[tuple[int, str]],
        questions: Sequence[tuple[str, Sequence[FactKey]]],
    ) -> list[tuple[int, str, Row]]:
        """Rows of one table of streams' own, with the question and the key that asked."""
        projection = self._projections.get(table, OTHERS)
        stored = [
            (place, key, value) for place, key in asked if (value := projection.stored(key)) is not None
        ]
        parameters = {
            **named([questions[place][0] for place, _, _ in stored]),
            "table": table,
            "keys": [value for _, _, value in stored],
        }
        found = await self._ask(projection.statement, parameters) if stored else []
        return [(*stored[position - 1][:2], projection.row(values)) for position, *values in found]

    async def _shared(self, table: str, asked: Sequence[tuple[int, str]]) -> list[tuple[int, str, Row]]:
        """Rows that belong to no stream, likewise; each is read once."""
        shared = SHARED[table]
        distinct = dict.fromkeys(key for _, key in asked)
        known = [(key, arguments) for key in distinct if (arguments := shared.arguments(key)) is not None]
        if not known:
            return []
        columns = zip(*(arguments for _, arguments in known), strict=True)
        rows = await self._ask(shared.statement, {f"k{i}": list(column) for i, column in enumerate(columns)})
        found: dict[str, Row] = {known[position - 1][0]: shared.row(values) for position, *values in rows}
        return [(place, key, found[key]) for place, key in asked if key in found]

    @override
    async def read_access(self, questions: Sequence[tuple[str, str]]) -> list[ReadAccess]:
        parameters = {
            **named([stream for stream, _ in questions]),
            "users": [user for _, user in questions],
        }
        return [
            ReadAccess(exists, may_listen, incarnation, head, after if may_listen else 0)
            for exists, may_listen, incarnation, head, after in await self._ask(_READ_ACCESS, parameters)
        ]

    @override
    async def checkpoint(self, fence: Fence, checkpoints: Sequence[Checkpoint]) -> list[bool]:
        parameters = {
            **named([one.stream for one in checkpoints]),
            **run_of(fence),
            "activations": [one.activation for one in checkpoints],
            "versions": [one.version for one in checkpoints],
            "seqs": [one.seq for one in checkpoints],
            "states": [one.state for one in checkpoints],
        }
        owned = {position for (position,) in await self._ask(KEEP, parameters)}
        return [position in owned for position in range(1, len(checkpoints) + 1)]

    @override
    async def heads(self, streams: Sequence[str]) -> list[int]:
        return [head for (head,) in await self._ask(_HEADS, named(streams))]

    @override
    async def due(
        self, shards: Sequence[int], before: Instant, limit: int, *, after: tuple[Instant, str] | None = None
    ) -> list[tuple[str, Instant]]:
        at, key = (0, NO_KEY) if after is None else (after[0], stream_key(after[1]))
        parameters = {
            "shards": list(shards),
            "before": before,
            "limit": limit,
            "from": at,
            "after": UUID(bytes=key),
        }
        found = await self._ask(_DUE, parameters)
        return [(f"{kind}:{key.hex}", wake_at) for kind, key, wake_at in found]

    @override
    async def take_in_hand(
        self, fence: Fence, stream: str, key: tuple[str, str], *, lost_before: int
    ) -> bool:
        parameters = in_hand.note(fence, stream, key, lost_before=lost_before)
        ((live, may),) = await self._ask(in_hand.TAKE, parameters)
        if not live:
            raise FencedError
        return may

    @override
    async def let_go(self, stream: str, key: tuple[str, str]) -> None:
        await self._ask(in_hand.LET_GO, in_hand.command(stream, key))

    async def _ask(self, statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """One statement on the pool, whose repetition is harmless: a failure is 'unavailable', but for what can't be
        asked.
        """
        try:
            with self._clock.deadline(CALL_TIMEOUT_S):
                return await rows(self._pool, statement, parameters)
        except DataRejected as error:
            raise LogDataError(str(error)) from error
        except PostgresError as error:
            raise LogUnavailableError(str(error)) from error
        raise LogUnavailableError(f"no answer within {CALL_TIMEOUT_S} s")
