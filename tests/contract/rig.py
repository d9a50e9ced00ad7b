"""A log and a directory under test, with what a test must do behind their backs."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from itertools import count
from uuid import UUID

import trio

from actors.kind import Job
from actors.ports import Append, Directory, Fence, Log, LogRow, Receipt
from protocol.ids import stream_key
from storage.memory.database import MemoryDatabase
from storage.memory.directory import MemoryDirectory
from storage.memory.log import MemoryLog
from storage.postgres.directory import TAKE_LOCK, PostgresDirectory
from storage.postgres.driver import TrioConnection
from storage.postgres.log import PostgresLog
from storage.postgres.pool import Pool
from tests.ports import TrioClock

_numbers = count(1)


def new_stream(kind: str = "room") -> str:
    return f"{kind}:{next(_numbers):032x}"


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


class Rig(ABC):
    """One database and a node on it."""

    log: Log
    clock = TrioClock()

    def __init__(self) -> None:
        self._stack = AsyncExitStack()

    @abstractmethod
    def directory(self) -> Directory:
        """Another node's directory."""

    @abstractmethod
    async def aclose_directory(self, directory: Directory) -> None:
        """Cut a directory's connection, as a crash of its node does."""

    @abstractmethod
    async def cut(self, directory: Directory) -> None:
        """Break a directory's connection from the server's side."""

    @abstractmethod
    def held(self, stream: str) -> AbstractAsyncContextManager[None]:
        """Somebody else holds the stream's row for the block."""

    @abstractmethod
    def claim_lock(self) -> AbstractAsyncContextManager[None]:
        """Somebody who claimed nothing holds the lock of the node that runs, for the block."""

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

    async def claim(self, name: str = "node") -> Fence:
        """The fence of a node; its directory is closed with the rig."""
        directory = self.directory()
        self._stack.push_async_callback(self.aclose_directory, directory)
        return await directory.claim(name)

    async def take_over(self, name: str = "other") -> Fence:
        """Another node takes everything, after the present one lost its lock."""
        await self._stack.aclose()
        return await self.claim(name)

    async def aclose(self) -> None:
        await self._stack.aclose()


class MemoryRig(Rig):
    def __init__(self) -> None:
        super().__init__()
        self.database = MemoryDatabase()
        self.log = MemoryLog(self.database, self.clock, lock_timeout_s=1.0)

    def directory(self) -> MemoryDirectory:
        return MemoryDirectory(self.database, self.clock, claim_timeout_s=0.5)

    async def aclose_directory(self, directory: Directory) -> None:
        assert isinstance(directory, MemoryDirectory)
        directory.drop()

    async def cut(self, directory: Directory) -> None:
        await self.aclose_directory(directory)

    @asynccontextmanager
    async def held(self, stream: str) -> AsyncIterator[None]:
        lock = self.database.streams[stream_key(stream)].lock
        await lock.acquire()
        try:
            yield
        finally:
            lock.release()

    @asynccontextmanager
    async def claim_lock(self) -> AsyncIterator[None]:
        await self.database.claim.acquire()
        try:
            yield
        finally:
            self.database.claim.release()

    async def waiting(self, calls: int) -> None:
        rows = [*self.database.streams.values(), *self.database.nodes.values()]
        while sum(row.lock.waiting for row in rows) != calls:
            await trio.lowlevel.checkpoint()

    async def soft_delete(self, stream: str) -> None:
        self.database.streams[stream_key(stream)].deleted = True

    async def jobs(self, stream: str) -> list[tuple[int, int, Job]]:
        return sorted((*at, job) for at, job in self.database.streams[stream_key(stream)].jobs.items())

    async def set_incarnation(self, number: int) -> None:
        self.database.incarnation = number


class PostgresRig(Rig):
    def __init__(self, dsn: str, pool: Pool, admin: TrioConnection) -> None:
        super().__init__()
        self.dsn = dsn
        self.pool = pool
        self.admin = admin
        self.log = PostgresLog(dsn, pool, self.clock, lock_timeout_s=1.0)

    def directory(self) -> PostgresDirectory:
        return PostgresDirectory(self.dsn, self.clock, claim_timeout_s=0.5, check_s=0.01)

    async def aclose_directory(self, directory: Directory) -> None:
        assert isinstance(directory, PostgresDirectory)
        await directory.aclose()

    async def cut(self, directory: Directory) -> None:
        await self.admin.execute(
            "select pg_terminate_backend(pid, 5000) from pg_locks"
            " where locktype = 'advisory' and granted and database ="
            " (select oid from pg_database where datname = current_database())"
        )

    @asynccontextmanager
    async def held(self, stream: str) -> AsyncIterator[None]:
        async with await TrioConnection.connect(self.dsn) as other, other.transaction():
            await other.execute(
                "select from stream where id = %s for update", (UUID(bytes=stream_key(stream)),)
            )
            yield

    @asynccontextmanager
    async def claim_lock(self) -> AsyncIterator[None]:
        async with await TrioConnection.connect(self.dsn, autocommit=True) as other:
            await other.execute(*TAKE_LOCK)
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
