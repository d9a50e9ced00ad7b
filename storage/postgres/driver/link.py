"""One raw connection for the committer: prepared statements, binary both ways, known outcomes."""

# ruff: noqa: TID251  (a driver: an answer is awaited for a limited time)

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, Self

import psycopg
import trio
from psycopg import pq
from psycopg.pq.abc import PGresult

from storage.postgres.driver.connection import TrioConnection
from storage.postgres.driver.errors import (
    LinkUnusable,
    OutcomeUnknown,
    PostgresError,
    ReadOnly,
    statement_error,
)
from storage.postgres.driver.readiness import wait_readable_or_writable

Rows = list[tuple[bytes | None, ...]]
"""The rows of an answer; each value in PostgreSQL's binary format."""

# The committer's statements touch rows by key. A plan made while the tables were empty would scan them
# for ever (a hash join does so too), and planning anew for each call costs more than the call.
_PLAN_SETTINGS: Final[Mapping[str, str]] = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_mergejoin": "off",
    "enable_hashjoin": "off",
    "jit": "off",
}
_ANSWER_GRACE_S: Final = 5.0
_DONE: Final = frozenset({pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK})


class CommitLink:
    """One connection in autocommit with a fixed set of prepared statements; one task uses it at a time.

    A StatementFailed leaves the link usable, unless it is ReadOnly; after that and any other error ``closed`` is true
    and the caller connects a new one.
    """

    def __init__(self, connection: TrioConnection, statement_timeout_s: float) -> None:
        self._connection = connection
        self._pgconn = connection.pgconn
        self._answer_timeout_s = statement_timeout_s + _ANSWER_GRACE_S
        # True from before sending until the server is ready again. If it is still true when a call ends, an answer may
        # be on its way, which the next statement would take for its own: then the connection is closed.
        self._in_flight = False

    @classmethod
    async def connect(
        cls,
        conninfo: str,
        statements: Mapping[str, str],
        *,
        statement_timeout_s: float = 10.0,
        lock_timeout_s: float = 5.0,
        settings: Mapping[str, str] | None = None,
    ) -> Self:
        """Connect, set the session up, prepare ``statements`` (name to SQL with $1, $2 …).

        ``settings`` are session settings that win over the link's own. Raises LinkUnusable if there is no
        connection, another PostgresError if a setting or a statement is refused.
        """
        session = {
            **_PLAN_SETTINGS,
            "statement_timeout": f"{statement_timeout_s * 1000:.0f}",
            "lock_timeout": f"{lock_timeout_s * 1000:.0f}",
            **(settings or {}),
        }
        try:
            connection = await TrioConnection.connect(conninfo, autocommit=True)
        except psycopg.OperationalError as error:
            raise LinkUnusable(str(error), sqlstate=error.sqlstate) from error
        try:
            await _set_up(connection, session)
            link = cls(connection, statement_timeout_s)
            for name, text in statements.items():
                await link._ask(partial(link._pgconn.send_prepare, name.encode(), text.encode()))
        except BaseException:
            await connection.close()
            raise
        return link

    @property
    def closed(self) -> bool:
        """Whether the link can't be used any longer."""
        return self._pgconn.status != pq.ConnStatus.OK

    @property
    def opened_at(self) -> float:
        """When it was connected, by trio.current_time()."""
        return self._connection.opened_at

    @property
    def backend_pid(self) -> int:
        """The process id of this session on the server."""
        return self._pgconn.backend_pid

    async def execute(self, statement: str, params: Sequence[bytes | None]) -> Rows:
        """Run a prepared statement, which commits by itself, with binary ``params``; its rows, binary.

        Raises LinkUnusable (nothing was sent), StatementFailed or a subclass (certainly rolled back),
        OutcomeUnknown (lost, or unanswered within statement_timeout_s and a grace of 5 s).

        A cancellation that comes before sending sends nothing. One that comes later waits until the
        outcome is known or given up, within that same time: a commit that happened is never mistaken for
        one that didn't. The task is then cancelled at its next checkpoint.
        """
        formats = (1,) * len(params)
        results = await self._ask(
            partial(self._pgconn.send_query_prepared, statement.encode(), params, formats, 1)
        )
        answer = results[0]
        columns = range(answer.nfields)
        return [tuple([answer.get_value(row, at) for at in columns]) for row in range(answer.ntuples)]

    async def aclose(self) -> None:
        """Close the connection at once; a statement in flight ends with OutcomeUnknown. No checkpoint."""
        await self._connection.close()

    async def _ask(self, send: Callable[[], None]) -> list[PGresult]:
        """Send one request and collect its results, none of them an error. Errors as execute()."""
        await trio.lowlevel.checkpoint_if_cancelled()
        self._check_usable()
        self._in_flight = True
        results: list[PGresult] = []
        # Shielded: a task that is cancelled here would never learn whether its commit happened.
        limit = trio.move_on_after(self._answer_timeout_s, shield=True)
        try:
            with limit:
                send()
                await self._flush()
                await self._collect(results)
                self._in_flight = False
        except (psycopg.OperationalError, trio.ClosedResourceError, OSError) as error:
            # Either the server said why before it hung up, or not even a success counts: the commit comes
            # after the statement's result and is settled only by ReadyForQuery.
            if all(result.status in _DONE for result in results):
                raise OutcomeUnknown(f"the connection was lost: {error}") from error
        finally:
            if self._in_flight:
                self._connection.abort("a statement's outcome is unknown")
                self._in_flight = False
        if limit.cancelled_caught:
            raise OutcomeUnknown(f"no answer within {self._answer_timeout_s} s")
        # A commit fails after the statement itself has succeeded, so every result counts.
        for result in results:
            if result.status not in _DONE:
                raise await self._error_of(result)
        if not results:
            raise OutcomeUnknown("the connection was lost without an answer")
        return results

    def _check_usable(self) -> None:
        """Raise LinkUnusable unless a statement can be sent."""
        if self._in_flight:
            raise RuntimeError("a statement is in flight on this link already")
        if self.closed:
            raise LinkUnusable("the link is closed")
        # An idle session gets nothing but a farewell (or, rarely, a notice: then a new link is cheap). To
        # send into a connection that the server has left would turn 'nothing happened' into 'unknown'.
        if self._connection.has_news():
            self._connection.abort("the server spoke or hung up while the link was idle")
            raise LinkUnusable("the server closed the connection while it was idle")

    async def _flush(self) -> None:
        """Send all that is buffered, reading meanwhile: a server that can't write stops reading too."""
        pgconn = self._pgconn
        while pgconn.flush():
            await wait_readable_or_writable(pgconn.socket)
            if self._connection.has_news():
                pgconn.consume_input()

    async def _collect(self, results: list[PGresult]) -> None:
        """Read until the server is ready for the next statement; only then the commit is settled."""
        pgconn = self._pgconn
        while True:
            while pgconn.is_busy():  # get_result() would block
                await trio.lowlevel.wait_readable(pgconn.socket)
                pgconn.consume_input()
            if (result := pgconn.get_result()) is None:
                return
            results.append(result)

    async def _error_of(self, result: PGresult) -> PostgresError:
        error = statement_error(
            result.get_error_message(),
            sqlstate=_field(result, pq.DiagnosticField.SQLSTATE),
            severity=_field(result, pq.DiagnosticField.SEVERITY_NONLOCALIZED),
        )
        if isinstance(error, OutcomeUnknown) and not self.closed:
            self._connection.abort("a statement's outcome is unknown")
        if isinstance(error, ReadOnly):
            await self._connection.close()
        return error


async def _set_up(connection: TrioConnection, session: Mapping[str, str]) -> None:
    """Make the session's settings. Here psycopg's errors are translated."""
    try:
        for name, value in session.items():
            await connection.execute("select set_config(%s, %s, false)", (name, value))
    except psycopg.Error as error:
        if connection.closed:
            raise LinkUnusable(str(error), sqlstate=error.sqlstate) from error
        raise statement_error(str(error), sqlstate=error.sqlstate, severity="ERROR") from error


def _field(result: PGresult, field: pq.DiagnosticField) -> str | None:
    value = result.error_field(field)
    return None if value is None else value.decode()
