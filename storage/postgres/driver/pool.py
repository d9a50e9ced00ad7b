"""A bounded pool of connections, with a way past the queue for what all else waits for."""

from __future__ import annotations

from collections import deque
from types import TracebackType
from typing import Any, Final, Protocol, Self

import psycopg
import trio
from psycopg import pq
from typing_extensions import override

from storage.postgres.driver.connection import CLEANUP_TIMEOUT_S, TrioConnection
from storage.postgres.driver.errors import PoolClosed, PoolTimeout
from storage.postgres.driver.write_access import READ_ONLY, WriteAccess

_IDLE: Final = pq.TransactionStatus.IDLE
_ACTIVE: Final = pq.TransactionStatus.ACTIVE


class Lender(Protocol):
    """Lends connections."""

    def connection(self) -> Lease:
        """Lend a connection for the block: ``async with lender.connection() as connection``.

        Raises PoolTimeout, PoolClosed, or psycopg.OperationalError if a new connection can't be made.
        """
        ...


class Pool(Lender):
    """At most ``size_max`` connections, lent one at a time; the one used last is lent first.

    At most ``waiters_max`` tasks wait for one, in order, each ``acquire_timeout_s``. The last ``reserved`` places that
    are free are for those who borrow from ``first``, who also wait in a queue of their own, which is served first: a
    crowd of others neither refuses them nor holds them up for longer than one of its statements takes.

    A connection that the server closed while it lay idle is noticed and replaced, one older than ``lifetime_max_s``
    too; one that comes back in the middle of a transaction is rolled back, in any other state closed. One that may only
    read is closed when it was refused a write, with all that ``access`` trusts no longer. Further keyword arguments go
    to TrioConnection.connect. Make and use a pool within one Trio run.
    """

    def __init__(
        self,
        conninfo: str,
        *,
        size_max: int = 10,
        reserved: int = 0,
        waiters_max: int = 1000,
        acquire_timeout_s: float = 5.0,
        lifetime_max_s: float = 1800.0,
        access: WriteAccess | None = None,
        **connect_options: Any,
    ) -> None:
        self._conninfo = conninfo
        self._connect_options = connect_options
        self._access = access or WriteAccess()
        self._waiters_max = waiters_max
        self._acquire_timeout_s = acquire_timeout_s
        self._lifetime_max_s = lifetime_max_s
        self._closed = False
        self._idle: deque[TrioConnection] = deque()
        # Tasks park only while there is no place for them; a lease that ends passes its place to the first who may have
        # it, so _free + leases (and places being passed on) == size_max.
        self._free = size_max
        self._reserved = min(reserved, size_max - 1)
        self._waiters = trio.lowlevel.ParkingLot()
        self._first_waiters = trio.lowlevel.ParkingLot()
        self.first: Final[Lender] = _First(self)
        """The same connections, for what all else waits for."""

    @override
    def connection(self) -> Lease:
        return Lease(self, first=False)

    async def aclose(self) -> None:
        """Close idle connections now and lent ones as they come back; whoever waits gets PoolClosed."""
        self._closed = True
        self._first_waiters.unpark_all()
        self._waiters.unpark_all()
        while self._idle:
            await self._idle.pop().close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    async def _lend(self, *, first: bool) -> TrioConnection:
        if self._closed:
            raise PoolClosed("the connection pool is closed")
        if self._free > (0 if first else self._reserved):
            self._free -= 1
        else:
            await self._wait_for_place(self._first_waiters if first else self._waiters)
        try:
            return await self._newest_alive() or await TrioConnection.connect(
                self._conninfo, **self._connect_options
            )
        except BaseException:  # a cancellation too: a place that is lost makes the pool smaller for ever
            self._give_place()
            raise

    async def _wait_for_place(self, waiters: trio.lowlevel.ParkingLot) -> None:
        if len(waiters) >= self._waiters_max:
            raise PoolTimeout(f"{self._waiters_max} tasks wait for a database connection already")
        with trio.move_on_after(self._acquire_timeout_s) as scope:
            await waiters.park()
        if scope.cancelled_caught:
            raise PoolTimeout(f"no database connection became free in {self._acquire_timeout_s} s")
        if self._closed:
            raise PoolClosed("the connection pool is closed")

    def _give_place(self) -> None:
        if self._first_waiters:
            self._first_waiters.unpark()
        elif self._waiters and self._free >= self._reserved:
            self._waiters.unpark()
        else:
            self._free += 1

    async def _newest_alive(self) -> TrioConnection | None:
        oldest = trio.current_time() - self._lifetime_max_s
        while self._idle:
            connection = self._idle.pop()
            young = connection.opened_at > oldest and self._access.trusts(connection.opened_at)
            if young and not connection.has_news():
                return connection
            await connection.close()
        return None

    async def _take_back(self, connection: TrioConnection, error: BaseException | None) -> None:
        read_only = isinstance(error, psycopg.Error) and error.sqlstate == READ_ONLY
        if read_only:
            self._access.refused(str(error))
        try:
            if self._closed or read_only or not await _made_idle(connection):
                await connection.close()
            else:
                self._idle.append(connection)
        finally:
            self._give_place()


class _First(Lender):
    """Borrows before others."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @override
    def connection(self) -> Lease:
        return Lease(self._pool, first=True)


class Lease:
    """One loan of a connection. A class, because @asynccontextmanager costs a third of the throughput."""

    __slots__ = ("_connection", "_first", "_pool")

    def __init__(self, pool: Pool, *, first: bool) -> None:
        self._pool = pool
        self._first = first

    async def __aenter__(self) -> TrioConnection:
        self._connection = await self._pool._lend(first=self._first)  # pyright: ignore[reportPrivateUsage]
        return self._connection

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        await self._pool._take_back(self._connection, exc_val)  # pyright: ignore[reportPrivateUsage]


async def _made_idle(connection: TrioConnection) -> bool:
    """Bring a returned connection to the state in which the next task expects it; False if it must go."""
    pgconn = connection.pgconn
    if pgconn.status != pq.ConnStatus.OK or pgconn.pipeline_status != pq.PipelineStatus.OFF:
        return False
    if connection.lock.locked():  # an abandoned generator (stream, notifies) holds it still
        return False
    if (status := pgconn.transaction_status) == _IDLE:
        return True
    if status == _ACTIVE:  # for example an unfinished copy
        return False
    with trio.move_on_after(CLEANUP_TIMEOUT_S, shield=True):
        try:
            await connection.rollback()
        except psycopg.Error:
            return False
    return pgconn.status == pq.ConnStatus.OK and pgconn.transaction_status == _IDLE
