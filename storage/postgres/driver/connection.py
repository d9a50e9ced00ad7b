"""psycopg 3 on Trio: no asyncio loop, no threads.

psycopg does its work in generators that say which readiness of the socket they need next; asyncio is
only one way to drive them. ``TrioConnection`` is psycopg's own AsyncConnection with the four places
replaced that wait: connect, wait, cancel and the lock. Everything above (cursors, pipeline, copy,
server-side cursors, notifications) is psycopg's, unchanged.

Names of psycopg that are private and used here, the reason for the version pin, checked at import:
``AsyncConnection`` (_connect_gen, _cancel_gen, _should_cancel, _autocommit, _adapters, _closed,
_pipeline), ``AsyncTransaction`` (_conn, _check_enter, _enter_gen, _exit_gen), ``errors._WaitTimeout``,
``_conninfo_utils`` (split_attempts, is_ip_address).
"""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import logging
import select
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import psycopg
import trio
from psycopg import AsyncConnection, AsyncTransaction, errors, pq
from psycopg._conninfo_utils import is_ip_address, split_attempts
from psycopg.abc import AdaptContext, ConnDict, ConnParam, PQGen, PQGenConn
from psycopg.adapt import AdaptersMap
from psycopg.conninfo import conninfo_to_dict, make_conninfo, timeout_from_conninfo
from psycopg.waiting import Ready, Wait
from typing_extensions import override

from storage.postgres.driver.readiness import poll_now, wait_for

if not psycopg.__version__.startswith("3.3."):
    raise ImportError(
        f"storage.postgres.driver.connection is written for psycopg 3.3, found {psycopg.__version__}"
    )

CLEANUP_TIMEOUT_S: Final = 5.0
"""After a cancellation: how long the server may take to end a query or a transaction."""

_STEPS_WITHOUT_YIELD_MAX: Final = 32
# A long copy or executemany may find its socket ready every time; after so many steps others get a turn.

_log = logging.getLogger(__name__)
T = TypeVar("T")


class TrioConnection(AsyncConnection[Any]):
    """An AsyncConnection whose methods run on Trio.

    A cancelled query is cancelled on the server too, and the connection stays usable; if the server
    doesn't confirm within CLEANUP_TIMEOUT_S the connection is closed. A transaction block always ends:
    cancelled, it is rolled back; a COMMIT that has begun is awaited, cancelled or not.
    """

    def __init__(self, pgconn: pq.abc.PGconn, *args: Any, **kwargs: Any) -> None:
        super().__init__(pgconn, *args, **kwargs)
        self.lock: Any = _Lock()  # psycopg's is asyncio's
        self.opened_at: float = trio.current_time()
        self._steps_without_yield = 0
        # Made once: asking whether an idle connection is still good happens at every loan.
        self._readable = select.poll()
        self._readable.register(pgconn.socket, select.POLLIN)

    @classmethod
    @override
    async def connect(
        cls,
        conninfo: str = "",
        *,
        autocommit: bool = False,
        prepare_threshold: int | None = 5,
        context: AdaptContext | None = None,
        row_factory: Any = None,
        cursor_factory: Any = None,
        **kwargs: ConnParam,
    ) -> Self:
        """Connect; as psycopg's, with hosts tried in order. Raises psycopg.OperationalError."""
        params = conninfo_to_dict(conninfo, **kwargs)
        timeout_s = timeout_from_conninfo(params)
        failures: list[errors.Error] = []
        for attempt in split_attempts(params):
            try:
                connection = await cls._connect_to_first(await _resolved(attempt), timeout_s)
            except errors.OperationalError as failure:
                failures.append(failure)
                continue
            connection._autocommit = autocommit
            connection.prepare_threshold = prepare_threshold
            if row_factory:
                connection.row_factory = row_factory
            if cursor_factory:
                connection.cursor_factory = cursor_factory
            if context:
                connection._adapters = AdaptersMap(context.adapters)
            return connection
        if len(failures) == 1:
            raise failures[0].with_traceback(None)
        raise type(failures[-1])("; ".join(str(failure) for failure in failures))

    @classmethod
    async def _connect_to_first(cls, addresses: list[ConnDict], timeout_s: float) -> Self:
        last: errors.OperationalError | None = None
        for address in addresses:
            try:
                with trio.fail_after(timeout_s):
                    return await _drive_moving(cls._connect_gen(make_conninfo("", **address)))
            except trio.TooSlowError:
                last = errors.ConnectionTimeout("connection timeout expired")
            except errors.OperationalError as failure:
                last = failure
        assert last is not None
        raise last

    @override
    async def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """Drive one of psycopg's generators to its end. ``interval`` is asyncio's and ignored."""
        try:
            need = next(gen)
        except StopIteration as end:  # it didn't have to wait
            await self._yield_now_and_then(shielded=True)
            return end.value
        try:
            if timeout is None:
                return await self._drive(gen, need)
            with trio.move_on_after(timeout):
                return await self._drive(gen, need)
            raise errors._WaitTimeout("wait timeout expired")
        # The query still runs on the server. Lent out like this, the connection would give the next task the rows of
        # this query, or make it wait for them.
        except (trio.Cancelled, KeyboardInterrupt):
            await self._end_interrupted(gen)
            raise

    async def _drive(self, gen: Generator[Wait, Any, T], need: Wait) -> T:
        descriptor = self.pgconn.socket
        try:
            while True:
                if need & Wait.W:  # nearly always possible at once
                    await self._yield_now_and_then()
                    ready = poll_now(descriptor, need) or await wait_for(descriptor, need)
                else:
                    self._steps_without_yield = 0
                    await trio.lowlevel.wait_readable(descriptor)
                    ready = Ready.R
                need = gen.send(ready)
        except StopIteration as end:
            return end.value
        except (trio.ClosedResourceError, OSError) as error:
            raise errors.OperationalError("connection socket closed") from error

    async def _yield_now_and_then(self, *, shielded: bool = False) -> None:
        """``shielded``: the step is done already, so its result must not be lost to a cancellation."""
        self._steps_without_yield += 1
        if self._steps_without_yield >= _STEPS_WITHOUT_YIELD_MAX:
            self._steps_without_yield = 0
            if shielded:
                await trio.lowlevel.cancel_shielded_checkpoint()
            else:
                await trio.lowlevel.checkpoint()

    async def _end_interrupted(self, gen: Generator[Wait, Any, Any]) -> None:
        """Leave a known state after an interruption: the query has ended on the server, or we hung up."""
        # 1. The connection is gone, and the query with it.
        if self.pgconn.status != pq.ConnStatus.OK:
            return
        # 2. Nothing is in flight: the interruption came before sending, or after the last answer.
        if self.pgconn.transaction_status != pq.TransactionStatus.ACTIVE:
            return
        # 3. It is in flight: cancel it there and read to the end of its answer, which may also be a success that
        #    crossed the cancellation. Shielded, since this very task is cancelled.
        with trio.move_on_after(CLEANUP_TIMEOUT_S, shield=True):
            try:
                await self.cancel_safe(timeout=CLEANUP_TIMEOUT_S)
                await self._drive(gen, Wait.R)
            except errors.QueryCanceled:
                return
            except errors.Error as error:
                self.abort(f"a query was interrupted and could not be ended: {error}")
            return
        # 4. No end in time: a connection in an unknown state is good for nothing but closing.
        self.abort("the server did not end an interrupted query in time")

    @override
    async def cancel_safe(self, *, timeout: float = 30.0) -> None:
        """Ask the server to cancel the query in flight. Raises psycopg.OperationalError."""
        if not self._should_cancel():
            return
        try:
            with trio.fail_after(timeout):
                await _drive_moving(self._cancel_gen())
        except trio.TooSlowError:
            raise errors.CancellationTimeout("cancellation timeout expired") from None

    @override
    @asynccontextmanager
    async def transaction(
        self, savepoint_name: str | None = None, force_rollback: bool = False
    ) -> AsyncGenerator[AsyncTransaction]:
        """A transaction, or within one a savepoint, for the block."""
        transaction = _Transaction(self, savepoint_name, force_rollback)
        if self._pipeline:
            async with self.pipeline(), transaction, self.pipeline():
                yield transaction
        else:
            async with transaction:
                yield transaction

    @override
    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        """Commit after a clean block; close in any case, upon which the server rolls back what is open."""
        try:
            if exc_type is None and not self.closed:
                await self.commit()
        finally:
            await self.close()

    @override
    async def close(self) -> None:
        """Close at once; a task that waits on the connection gets psycopg.OperationalError. No checkpoint."""
        self._closed = True
        self._finish()

    def abort(self, reason: str) -> None:
        """Close a connection whose state is not known."""
        _log.warning("closing a PostgreSQL connection: %s", reason)
        self._finish()

    def _finish(self) -> None:
        # Before the descriptor is closed: its number is soon another socket's, and a task that still waits for this
        # one would wake up for, and read from, the other.
        if self.pgconn.status == pq.ConnStatus.OK:
            trio.lowlevel.notify_closing(self.pgconn.socket)
        self.pgconn.finish()

    def has_news(self) -> bool:
        """Whether the server sent something, or hung up, while no query was in flight."""
        return bool(self._readable.poll(0))


class _Lock:
    """A lock whose uncontended acquire is no checkpoint: clean-up passes it in a cancelled scope.

    A semaphore, because an abandoned generator of psycopg gives the lock back from another task.
    """

    def __init__(self) -> None:
        self._lock = trio.Semaphore(1, max_value=1)

    def locked(self) -> bool:
        return self._lock.value == 0

    async def __aenter__(self) -> None:
        try:
            self._lock.acquire_nowait()
        except trio.WouldBlock:
            await self._lock.acquire()

    async def __aexit__(self, *exc: object) -> None:
        self._lock.release()


class _Transaction(AsyncTransaction):
    """AsyncTransaction with a shielded end: ROLLBACK must pass in a cancelled scope, COMMIT be known."""

    _conn: TrioConnection

    @override
    async def __aenter__(self) -> Self:
        async with self._conn.lock:
            self._check_enter()
            try:
                await self._conn.wait(self._enter_gen())
            except BaseException as error:  # __aexit__ won't be called
                await self._end(type(error), error, None)
                raise
        return self

    @override
    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> bool:
        # The lock is awaited outside the shield: another task's query may hold it for long. Whoever is
        # cancelled there leaves the transaction open, and so the connection has to go.
        try:
            await self._conn.lock.__aenter__()
        except trio.Cancelled:
            self._conn.abort("cancelled while another task's query kept a transaction from ending")
            raise
        try:
            return await self._end(exc_type, exc_val, exc_tb)
        finally:
            await self._conn.lock.__aexit__()

    async def _end(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> bool:
        if self.pgconn.status != pq.ConnStatus.OK:
            self.status = self.Status.FAILED
            return False
        with trio.move_on_after(CLEANUP_TIMEOUT_S, shield=True):
            return await self._conn.wait(self._exit_gen(exc_type, exc_val, exc_tb))
        self._conn.abort("the server did not end a transaction in time")
        if exc_val is None:
            raise errors.OperationalError("COMMIT was not answered in time; its outcome is unknown")
        return False


async def _drive_moving(gen: PQGenConn[T]) -> T:
    """Drive a generator whose socket may change between steps: connecting and cancelling."""
    try:
        descriptor, need = next(gen)
        while True:
            descriptor, need = gen.send(Ready(await wait_for(descriptor, need)))
    except StopIteration as end:
        return end.value
    except OSError as error:
        raise errors.OperationalError(f"connection socket failed: {error}") from error
    finally:
        gen.close()  # frees a half-made connection at once


async def _resolved(params: ConnDict) -> list[ConnDict]:
    """One set of parameters per address of the host; libpq would resolve names blocking the loop."""
    host = params.get("host")
    if not isinstance(host, str) or host.startswith(("/", "@")) or params.get("hostaddr"):
        return [params]
    if is_ip_address(host):
        return [{**params, "hostaddr": host}]
    try:
        found = await trio.socket.getaddrinfo(
            host, int(params.get("port") or 5432), type=trio.socket.SOCK_STREAM
        )
    except OSError as error:
        raise errors.OperationalError(f"failed to resolve host {host!r}: {error}") from error
    return [{**params, "hostaddr": str(address[0])} for *_, address in found]
