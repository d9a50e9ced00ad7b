"""One connection for calls that follow each other, made anew whenever it is lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
import trio

from actors.ports.time import Clock
from storage.postgres.driver.connection import TrioConnection
from storage.postgres.driver.write_access import READ_ONLY, WriteAccess


class Line:
    """A connection in autocommit with these session settings; calls take turns.

    It keeps its word about time even with a server that accepts everything and answers nothing: then it hangs up
    instead of asking the server to cancel.
    """

    def __init__(
        self,
        conninfo: str,
        clock: Clock,
        access: WriteAccess,
        *,
        timeout_s: float,
        settings: Mapping[str, str],
    ) -> None:
        self._conninfo = conninfo
        self._clock = clock
        self._access = access
        self._timeout_s = timeout_s
        self._settings = settings
        self._turn = trio.Lock()
        self._connection: TrioConnection | None = None

    async def rows(self, statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """The rows of one statement, within ``timeout_s`` of its turn. Raises psycopg.Error."""
        async with self._turn:
            give_up_at = self._clock.monotonic() + self._timeout_s
            connection, settings = self._connection, None
            if connection is None or not self._usable(connection):
                connection, settings = await self._connected(), self._settings
            failure: psycopg.Error | None = None
            found: list[tuple[Any, ...]] = []
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._hang_up, connection, give_up_at)
                try:
                    for name, value in (settings or {}).items():
                        await connection.execute("select set_config(%s, %s, false)", (name, value))
                    cursor = await connection.execute(statement.encode(), parameters)
                    found = await cursor.fetchall()
                except psycopg.Error as error:
                    failure = error
                nursery.cancel_scope.cancel()
            if failure is not None:
                if failure.sqlstate == READ_ONLY:
                    self._access.refused(str(failure))
                    await self.aclose()
                raise failure
            return found

    async def aclose(self) -> None:
        """Hang up. A call under way fails; a later one connects again. No checkpoint."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    def _usable(self, connection: TrioConnection) -> bool:
        return (
            not connection.closed and not connection.has_news() and self._access.trusts(connection.opened_at)
        )

    async def _connected(self) -> TrioConnection:
        await self.aclose()
        with self._clock.deadline(self._timeout_s):
            self._connection = await TrioConnection.connect(self._conninfo, autocommit=True)
            return self._connection
        raise psycopg.OperationalError(f"no connection within {self._timeout_s} s")

    async def _hang_up(self, connection: TrioConnection, at: float) -> None:
        await self._clock.sleep_until(at)
        await connection.close()
