"""A log and a directory under test, with what a test must do behind their backs."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from itertools import count
from uuid import UUID

import trio
from msgspec import Struct
from psycopg.sql import SQL, Identifier, Literal

from actors.cluster.limits import LEASE_S
from actors.gathering.kind import GatheringKind
from actors.kind import Job, tables_of
from actors.ports.cluster_view import Joining, Move
from actors.ports.directory import Directory
from actors.ports.log import Append, Fence, Log, LogRow, Receipt
from actors.room.kind import RoomKind
from actors.series.kind import SeriesKind
from actors.tables import Column, Tables
from actors.tournament.kind import TournamentKind
from actors.tournament.settings import unfit_lasting
from protocol.handles import folded
from protocol.ids import stream_key
from storage.memory.database import MemoryDatabase
from storage.memory.directory import MemoryDirectory
from storage.memory.log import MemoryLog
from storage.postgres.driver.connection import TrioConnection
from storage.postgres.driver.pool import Pool
from storage.postgres.streams.directory import PostgresDirectory
from storage.postgres.streams.log import PostgresLog
from storage.postgres.streams.projections import COLUMN_TYPES
from tests.ports import TrioClock

_numbers = count(1)
TABLES = tables_of(
    [RoomKind(bytes(32)), TournamentKind(bytes(32)), GatheringKind(), SeriesKind(unfit_lasting)]
)


def new_stream(kind: str = "room", *, shard: int = 0) -> str:
    return f"{kind}:{shard:02x}{next(_numbers):030x}"


def new_client_id() -> str:
    return str(UUID(int=next(_numbers)))


def receipt(seq: int = 1, *, client_id: str | None = None, author: str = "user:" + "1" * 32) -> Receipt:
    return Receipt(author, client_id or new_client_id(), seq, seq, b"d" * 16)


def row(seq: int, payload: bytes | None = b"payload") -> LogRow:
    return LogRow(seq, b"header %d" % seq, payload)


def append(stream: str, activation: int, head: int, count: int = 1, /, **more: object) -> Append:
    """An append of this many events, each with its receipt unless others are given."""
    rows = tuple(row(head + n + 1) for n in range(count))
    values: dict[str, object] = {
        "at": 1_000 + head,
        "events": rows,
        "receipts": tuple(receipt(r.seq) for r in rows),
        "effects_seq": head,
    }
    return Append(stream=stream, activation=activation, head=head, **{**values, **more})  # type: ignore[arg-type]


def joining(name: str = "node", **changes: object) -> Joining:
    """What a node of this name says of itself, but for the changes."""
    values: dict[str, object] = {
        "cluster": "test",
        "secret_digest": b"s" * 32,
        "lease_s": LEASE_S,
        "protocol": 1,
        "bridged": True,
        "receipt_digest": b"r" * 16,
        "token_digests": (b"t" * 16,),
    }
    return Joining(name=name, **{**values, **changes})  # type: ignore[arg-type]


class Owner(Struct, frozen=True):
    """A run of a node that owns all shards, all at one epoch."""

    fence: Fence
    epoch: int


async def own_everything(directory: Directory, name: str = "node") -> Owner:
    """Join, over whoever has the name, declare everybody else dead and own all shards."""
    view = await directory.read()
    held = next((member for member in view.members if member.name == name), None)
    fence = await directory.join(joining(name), over=held)
    for member in view.members:
        if member.name != name:
            next_owners = dict.fromkeys(view.owned_by(member.id), fence.node)
            assert await directory.declare_dead(fence, member, next_owners)
    free = [
        Move(n, s.epoch, fence.node) for n, s in enumerate((await directory.read()).shards) if s.owner is None
    ]
    assert await directory.move(fence, free) == len(free)
    (shard,) = set((await directory.read()).shards)
    assert shard.owner == fence.node
    return Owner(fence, shard.epoch)


class Rig(ABC):
    """One database and a node on it."""

    log: Log
    clock = TrioClock()

    def __init__(self) -> None:
        self._stack = AsyncExitStack()

    @abstractmethod
    def directory(self) -> Directory:
        """A node's directory; closed with the rig."""

    @abstractmethod
    def held(self, stream: str) -> AbstractAsyncContextManager[None]:
        """Somebody else holds the stream's row for the block."""

    @abstractmethod
    async def waiting(self, calls: int) -> None:
        """Return once so many calls wait for a row's lock."""

    @abstractmethod
    async def soft_delete(self, stream: str) -> None: ...

    @abstractmethod
    async def jobs(self, stream: str) -> list[tuple[int, int, Job]]:
        """(seq, index, job), in that order."""

    @abstractmethod
    async def set_incarnation(self, number: int) -> None: ...

    @abstractmethod
    async def person(
        self, user: str, handle: str | None, *, direct_from: str = "everyone", invites_from: str = "everyone"
    ) -> None:
        """There is this user."""

    @abstractmethod
    async def block(self, who: str, whom: str) -> None:
        """The first has blocked the second."""

    @abstractmethod
    async def befriend(self, one: str, other: str) -> None:
        """The two are friends."""

    @abstractmethod
    def log_of(self, tables: Tables) -> AbstractAsyncContextManager[Log]:
        """The log of a node of another release, which knows these tables."""

    @abstractmethod
    async def add_column(self, table: str, column: Column) -> None:
        """What the migration does that goes with a new column."""

    async def owner(self, name: str = "node") -> Owner:
        """A node of this name that owns everything, from now on alone."""
        return await own_everything(self.directory(), name)

    async def aclose(self) -> None:
        await self._stack.aclose()


class MemoryRig(Rig):
    def __init__(self) -> None:
        super().__init__()
        self.database = MemoryDatabase()
        self.log = MemoryLog(self.database, self.clock, tables=TABLES, lock_timeout_s=1.0)

    def directory(self) -> MemoryDirectory:
        return MemoryDirectory(self.database, self.clock, lock_timeout_s=1.0)

    @asynccontextmanager
    async def held(self, stream: str) -> AsyncIterator[None]:
        lock = self.database.streams[stream_key(stream)].lock
        await lock.acquire()
        try:
            yield
        finally:
            lock.release()

    async def waiting(self, calls: int) -> None:
        members = self.database.members
        rows = [*self.database.streams.values(), *members.nodes.values(), *members.shards]
        while sum(row.lock.waiting for row in rows) != calls:
            await trio.lowlevel.checkpoint()

    async def soft_delete(self, stream: str) -> None:
        self.database.streams[stream_key(stream)].deleted = True

    async def jobs(self, stream: str) -> list[tuple[int, int, Job]]:
        return sorted((*at, job) for at, job in self.database.streams[stream_key(stream)].jobs.items())

    async def set_incarnation(self, number: int) -> None:
        self.database.incarnation = number

    @asynccontextmanager
    async def log_of(self, tables: Tables) -> AsyncIterator[Log]:
        yield MemoryLog(self.database, self.clock, tables=tables)

    async def add_column(self, table: str, column: Column) -> None:
        """Rows in memory take what they are given."""

    async def person(
        self, user: str, handle: str | None, *, direct_from: str = "everyone", invites_from: str = "everyone"
    ) -> None:
        self.database.people.add(user, handle, direct_from=direct_from, invites_from=invites_from)

    async def block(self, who: str, whom: str) -> None:
        self.database.people.block(who, whom)

    async def befriend(self, one: str, other: str) -> None:
        self.database.people.befriend(one, other)


class PostgresRig(Rig):
    def __init__(self, dsn: str, pool: Pool, admin: TrioConnection) -> None:
        super().__init__()
        self.dsn = dsn
        self.pool = pool
        self.admin = admin
        self.log = PostgresLog(dsn, pool, self.clock, TABLES, lock_timeout_s=1.0)

    def directory(self) -> PostgresDirectory:
        directory = PostgresDirectory(self.dsn, self.clock, lock_timeout_s=1.0)
        self._stack.push_async_callback(directory.aclose)
        return directory

    @asynccontextmanager
    async def held(self, stream: str) -> AsyncIterator[None]:
        async with await TrioConnection.connect(self.dsn) as other, other.transaction():
            await other.execute(
                "select from stream where id = %s for update", (UUID(bytes=stream_key(stream)),)
            )
            yield

    async def waiting(self, calls: int) -> None:
        found: object = None
        while found != (calls,):
            cursor = await self.admin.execute(
                "select count(*) from pg_stat_activity"
                " where wait_event_type = 'Lock' and datname = current_database()"
            )
            found = await cursor.fetchone()

    async def soft_delete(self, stream: str) -> None:
        await self.admin.execute(
            "update stream set deleted_at = now() where id = %s", (UUID(bytes=stream_key(stream)),)
        )

    async def jobs(self, stream: str) -> list[tuple[int, int, Job]]:
        cursor = await self.admin.execute(
            "select seq, index, queue, arguments::text from job where stream_id = %s order by 1, 2",
            (UUID(bytes=stream_key(stream)),),
        )
        return [
            (seq, index, Job(queue, json.loads(arguments)))
            for seq, index, queue, arguments in await cursor.fetchall()
        ]

    async def set_incarnation(self, number: int) -> None:
        await self.admin.execute("update incarnation set number = %s", (number,))

    @asynccontextmanager
    async def log_of(self, tables: Tables) -> AsyncIterator[Log]:
        async with PostgresLog(self.dsn, self.pool, self.clock, tables) as log:
            yield log

    async def add_column(self, table: str, column: Column) -> None:
        kind = COLUMN_TYPES[column.type] + (" not null" if column.required else "")
        default = SQL("" if column.default is None else "default {}").format(Literal(column.default))
        adding = SQL("alter table {} add column {} {} {}")
        name = Identifier(column.name)
        await self.admin.execute(adding.format(Identifier(table), name, _typed(kind), default))
        await self.admin.execute("select make_writer(%s::regclass)", (table,))

    async def person(
        self, user: str, handle: str | None, *, direct_from: str = "everyone", invites_from: str = "everyone"
    ) -> None:
        folded_handle = None if handle is None else folded(handle)
        await self.admin.execute(
            "insert into account (id, handle, handle_folded, handle_skeleton, display_name, direct_from,"
            " invites_from, created_at) values (%s, %s, %s, %s, '', %s, %s, 0)",
            (UUID(user[-32:]), handle, folded_handle, folded_handle, direct_from, invites_from),
        )

    async def block(self, who: str, whom: str) -> None:
        await self.admin.execute(
            "insert into person_block (account, blocked, created_at) values (%s, %s, 0)",
            (UUID(who[-32:]), UUID(whom[-32:])),
        )

    async def befriend(self, one: str, other: str) -> None:
        await self.admin.execute(
            "insert into friendship (one, other, created_at) values (least(%(a)s, %(b)s), greatest(%(a)s, %(b)s), 0)",
            {"a": UUID(one[-32:]), "b": UUID(other[-32:])},
        )


def _typed(text: str) -> SQL:
    return SQL(text)  # type: ignore[arg-type]  # from COLUMN_TYPES


@asynccontextmanager
async def memory_rig() -> AsyncIterator[Rig]:
    rig = MemoryRig()
    yield rig
    await rig.aclose()


@asynccontextmanager
async def postgres_rig(dsn: str) -> AsyncIterator[PostgresRig]:
    async with Pool(dsn, autocommit=True) as pool:
        admin = await TrioConnection.connect(dsn, autocommit=True)
        rig = PostgresRig(dsn, pool, admin)
        async with rig.log:  # type: ignore[attr-defined]
            yield rig
        await rig.aclose()
        await admin.close()
