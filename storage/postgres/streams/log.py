"""The log in PostgreSQL. Here, and nowhere above, the driver's errors become the port's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, Self
from uuid import UUID

from psycopg.conninfo import make_conninfo
from typing_extensions import override

from actors.kind import FactKey, Instant, Row
from actors.ports.log import (
    OWNERS_LOST_MAX,
    POISONED,
    Activation,
    Append,
    Fence,
    FencedError,
    Log,
    LogConflictError,
    LogDataError,
    LogFaultError,
    LogOutcomeUnknownError,
    LogRow,
    LogUnavailableError,
    ReadAccess,
    Receipt,
    Verdict,
)
from actors.ports.time import Clock
from actors.tables import Tables
from protocol.ids import client_key, kind_of, stream_key
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
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import rows
from storage.postgres.driver.write_access import WriteAccess
from storage.postgres.streams import append_batch
from storage.postgres.streams.changes import schema_of
from storage.postgres.streams.projections import OTHERS, projections_of
from storage.postgres.streams.shared_facts import SHARED, SharedFacts

CONNECT_TIMEOUT_S: Final = 2
"""To one address; libpq takes whole seconds, from 2."""
LOCK_TIMEOUT_S: Final = 2.0
STATEMENT_TIMEOUT_S: Final = 5.0
CALL_TIMEOUT_S: Final = 5.0
"""A call other than append, a wait for a pooled connection or a lock included."""
COMMIT_LINKS: Final = 2

_SETTINGS: Final = {
    # append_batch_v2 judges rows as their last writer left them: only READ COMMITTED reads them so.
    "default_transaction_isolation": "read committed",
    # Accepted means durable, whatever the server's own default is.
    "synchronous_commit": "on",
}
_ACTIVATE: Final = """
    select fenced, activation, head, last_at, effects_seq, state, checkpoint_seq
    from activate_stream(%(node)s, %(fence)s, %(epoch)s, %(stream)s, %(kind)s, %(create)s, %(version)s)
"""
_READ: Final = """
    select e.seq, e.header, e.payload from stream s join event e on e.stream_id = s.id
    where s.id = %(stream)s and s.kind = %(kind)s and s.deleted_at is null and e.seq > %(after)s
    order by e.seq limit %(limit)s
"""
_RECEIPTS: Final = """
    select r.author, r.client_id::text, r.first_seq, r.last_seq, r.digest, r.answer
    from unnest(%(authors)s::text[], %(client_ids)s::uuid[]) k(author, client_id)
    join stream s on s.id = %(stream)s and s.kind = %(kind)s and s.deleted_at is null
    join receipt r on r.stream_id = s.id and r.author = k.author and r.client_id = k.client_id
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
    left join stream s on s.id = q.id and s.kind = q.kind and s.deleted_at is null
    left join lateral (
        select true as may, min(coalesce(l.after, 0)) as after from listener l
        where l.stream_id = s.id and l.user_id in (q.user_id, '*') having count(*) > 0
    ) l on true
    order by q.position
"""
# No lock: an earlier owner's state is as true as a later one's, and the highest seq wins.
_CHECKPOINT: Final = """
    with owned as (
        select s.id from stream s join node n on n.id = %(node)s and n.fence = %(fence)s
        where s.id = %(stream)s and s.kind = %(kind)s and s.deleted_at is null and s.activation = %(activation)s
    ), kept as (
        insert into checkpoint as c (stream_id, version, seq, state)
        select id, %(version)s, %(seq)s, %(state)s from owned
        on conflict (stream_id, version) do update set seq = excluded.seq, state = excluded.state
        where c.seq <= excluded.seq
    )
    select exists (select from owned)
"""
_HEADS: Final = """
    select coalesce(s.head, 0) from unnest(%(streams)s::uuid[], %(kinds)s::text[]) with ordinality q(id, kind, position)
    left join stream s on s.id = q.id and s.kind = q.kind and s.deleted_at is null
    order by q.position
"""
# Each shard's earliest by its index: neither other shards' streams nor those beyond the limit are read.
_DUE: Final = """
    select d.kind, d.id, d.wake_at
    from unnest(%(shards)s::smallint[]) q(shard)
    cross join lateral (
        select s.kind, s.id, s.wake_at from stream s
        where s.shard = q.shard and s.wake_at <= %(before)s and s.deleted_at is null
        order by s.wake_at limit %(limit)s
    ) d
    order by d.wake_at, d.id limit %(limit)s
"""

# FOR KEY SHARE: whoever ends this run waits for the note, or this sees the end.
_TAKE_IN_HAND: Final = """
    with me as (
        select id, fence from node where id = %(node)s and fence = %(fence)s for key share
    ), taken as (
        insert into in_hand as h (stream_id, author, client_id, node_id, fence, lost)
        select s.id, %(author)s, %(client_id)s, me.id, me.fence, %(lost)s
        from me join stream s on s.id = %(stream)s and s.kind = %(kind)s and s.deleted_at is null
        on conflict (stream_id, author, client_id) do update
        set node_id = excluded.node_id, fence = excluded.fence, taken_at = now(),
            lost = h.lost
                + (not exists (select from node n where n.id = h.node_id and n.fence = h.fence))::integer
        returning stream_id, author, client_id, lost
    ), refused as (
        insert into receipt (stream_id, author, client_id, first_seq, last_seq, digest)
        select t.stream_id, t.author, t.client_id, s.head + 1, s.head, %(poisoned)s
        from taken t join stream s on s.id = t.stream_id where t.lost >= %(lost_max)s
        on conflict do nothing
        returning true
    )
    select exists (select from me), not exists (select from taken where lost >= %(lost_max)s)
"""
_LET_GO: Final = """
    delete from in_hand where stream_id = %(stream)s and author = %(author)s and client_id = %(client_id)s
    returning true
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
        pool: Pool,
        clock: Clock,
        tables: Tables,
        *,
        links: int = COMMIT_LINKS,
        lock_timeout_s: float = LOCK_TIMEOUT_S,
        access: WriteAccess | None = None,
    ) -> None:
        self.trouble: str | None = None
        """Why PostgreSQL takes no writes, in its own words: the first reason since the last append that it took."""
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
            refused = await self._links.execute("append", parameters)
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
        return append_batch.verdicts(len(appends), refused)

    @override
    async def activate(
        self, fence: Fence, stream: str, *, epoch: int, create: bool, state_version: int
    ) -> Activation | None:
        parameters = {
            **_named(stream),
            "node": fence.node,
            "fence": fence.number,
            "epoch": epoch,
            "create": create,
            "version": state_version,
        }
        try:
            found = await self._ask(_ACTIVATE, parameters)
        except LogUnavailableError as error:
            self._failed(error)
            raise
        if not found:
            return None
        fenced, activation, head, last_at, effects_seq, state, checkpoint_seq = found[0]
        if fenced:
            raise FencedError
        return Activation(
            activation=activation,
            head=head,
            last_at=last_at,
            effects_seq=effects_seq,
            checkpoint=state,
            checkpoint_seq=checkpoint_seq or 0,
        )

    @override
    async def read(self, stream: str, after: int, limit: int) -> list[LogRow]:
        found = await self._ask(_READ, {**_named(stream), "after": after, "limit": limit})
        return [LogRow(seq, header, payload) for seq, header, payload in found]

    @override
    async def receipts(self, stream: str, keys: Sequence[tuple[str, str]]) -> list[Receipt]:
        distinct = list(dict.fromkeys(keys))
        parameters = {
            **_named(stream),
            "authors": [author for author, _ in distinct],
            "client_ids": [UUID(bytes=client_key(client_id)) for _, client_id in distinct],
        }
        return [Receipt(*row) for row in await self._ask(_RECEIPTS, parameters)]

    @override
    async def facts(self, stream: str, keys: Sequence[FactKey]) -> dict[FactKey, Row | None]:
        found: dict[FactKey, Row | None] = dict.fromkeys(keys)
        by_table: defaultdict[str, list[str]] = defaultdict(list)
        for key in found:
            by_table[key.table].append(key.key)
        for table, names in by_table.items():
            if table in SHARED:
                for key, row in await self._shared(SHARED[table], names):
                    found[FactKey(table, key)] = row
                continue
            projection = self._projections.get(table, OTHERS)
            parameters = {**_named(stream), "table": table, "keys": projection.keys(names)}
            for key, *values in await self._ask(projection.statement, parameters):
                found[FactKey(table, key)] = projection.row(values)
        return found

    def _failed(self, error: Exception) -> None:
        # The first one is kept: the next may name another file, and nobody should be told of a new trouble.
        self.trouble = self.trouble or own_words(error)

    async def _shared(self, shared: SharedFacts, keys: Sequence[str]) -> list[tuple[str, Row]]:
        asked = [(key, arguments) for key in keys if (arguments := shared.arguments(key)) is not None]
        if not asked:
            return []
        columns = zip(*(arguments for _, arguments in asked), strict=True)
        rows = await self._ask(shared.statement, {f"k{i}": list(column) for i, column in enumerate(columns)})
        return [(asked[position - 1][0], shared.row(values)) for position, *values in rows]

    @override
    async def read_access(self, questions: Sequence[tuple[str, str]]) -> list[ReadAccess]:
        parameters = {
            "streams": [UUID(bytes=stream_key(stream)) for stream, _ in questions],
            "kinds": [kind_of(stream) for stream, _ in questions],
            "users": [user for _, user in questions],
        }
        return [
            ReadAccess(exists, may_listen, incarnation, head, after if may_listen else 0)
            for exists, may_listen, incarnation, head, after in await self._ask(_READ_ACCESS, parameters)
        ]

    @override
    async def checkpoint(
        self, fence: Fence, stream: str, activation: int, seq: int, version: int, state: bytes
    ) -> bool:
        parameters = {
            **_named(stream),
            "node": fence.node,
            "fence": fence.number,
            "activation": activation,
            "seq": seq,
            "version": version,
            "state": state,
        }
        ((owned,),) = await self._ask(_CHECKPOINT, parameters)
        return owned

    @override
    async def heads(self, streams: Sequence[str]) -> list[int]:
        parameters = {
            "streams": [UUID(bytes=stream_key(stream)) for stream in streams],
            "kinds": [kind_of(stream) for stream in streams],
        }
        return [head for (head,) in await self._ask(_HEADS, parameters)]

    @override
    async def due(self, shards: Sequence[int], before: Instant, limit: int) -> list[tuple[str, Instant]]:
        found = await self._ask(_DUE, {"shards": list(shards), "before": before, "limit": limit})
        return [(f"{kind}:{key.hex}", wake_at) for kind, key, wake_at in found]

    @override
    async def take_in_hand(
        self, fence: Fence, stream: str, key: tuple[str, str], *, lost_before: int
    ) -> bool:
        parameters = {
            **_command(stream, key),
            "node": fence.node,
            "fence": fence.number,
            "lost": lost_before,
            "lost_max": OWNERS_LOST_MAX,
            "poisoned": POISONED,
        }
        ((live, may),) = await self._ask(_TAKE_IN_HAND, parameters)
        if not live:
            raise FencedError
        return may

    @override
    async def let_go(self, stream: str, key: tuple[str, str]) -> None:
        await self._ask(_LET_GO, _command(stream, key))

    async def _ask(self, statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """One statement on the pool, whose repetition is harmless: every failure is 'unavailable'."""
        try:
            with self._clock.deadline(CALL_TIMEOUT_S):
                return await rows(self._pool, statement, parameters)
        except PostgresError as error:
            raise LogUnavailableError(str(error)) from error
        raise LogUnavailableError(f"no answer within {CALL_TIMEOUT_S} s")


def _command(stream: str, key: tuple[str, str]) -> dict[str, Any]:
    author, client_id = key
    return {**_named(stream), "author": author, "client_id": UUID(bytes=client_key(client_id))}


def _named(stream: str) -> dict[str, Any]:
    return {"stream": UUID(bytes=stream_key(stream)), "kind": kind_of(stream)}
