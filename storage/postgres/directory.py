"""Who may act: one node, by an advisory lock that PostgreSQL drops with the node's connection."""

from __future__ import annotations

from typing import Final

import psycopg

from actors.ports import AnotherNodeIsRunningError, Clock, Fence, FencedError, LogUnavailableError
from storage.postgres.driver import TrioConnection
from storage.postgres.log import quick

CLAIM_TIMEOUT_S: Final = 3.0
"""How long the lock of a predecessor that was just killed may linger."""
CHECK_S: Final = 0.5
"""How often the claim is looked at."""
CHECK_TIMEOUT_S: Final = 5.0

_ADVISORY_LOCK: Final = 0x6761746865727570
# A host that vanished is noticed by the server within 11 s; its lock would stand for two hours otherwise.
_SETTINGS: Final = {
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}


class PostgresDirectory:
    """The Directory port on PostgreSQL, with one connection of its own."""

    def __init__(
        self,
        conninfo: str,
        clock: Clock,
        *,
        claim_timeout_s: float = CLAIM_TIMEOUT_S,
        check_s: float = CHECK_S,
    ) -> None:
        self._conninfo = quick(conninfo)
        self._clock = clock
        self._settings = {**_SETTINGS, "lock_timeout": f"{claim_timeout_s * 1000:.0f}"}
        self._check_s = check_s
        self._connection: TrioConnection | None = None
        self._fence: Fence | None = None

    async def claim(self, name: str) -> Fence:
        """See the port."""
        try:
            connection = await self._locked()
            if connection is None:
                raise AnotherNodeIsRunningError
            cursor = await connection.execute("select node_id, node_fence from claim_node(%s)", (name,))
            ((node, number),) = await cursor.fetchall()
            self._fence = Fence(node, number)
            return self._fence
        except psycopg.Error as error:
            raise LogUnavailableError(str(error)) from error
        finally:
            if self._fence is None:
                await self.aclose()

    async def hold(self) -> None:
        """See the port. Gives the claim up when it ends."""
        if self._fence is None:
            raise ValueError("nothing was claimed")
        try:
            while True:
                try:
                    await self._check(self._fence)
                except psycopg.Error:
                    # The server is away, and with it everybody's lock: whoever comes first has it next.
                    await self.aclose()
                await self._clock.sleep_until(self._clock.monotonic() + self._check_s)
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Give the claim up. No checkpoint."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _check(self, fence: Fence) -> None:
        """Hold the lock, again if it was lost, and find the fence unchanged. Raises FencedError."""
        with self._clock.deadline(CHECK_TIMEOUT_S) as scope:
            connection = self._connection or await self._locked()
            if connection is None:
                raise FencedError
            cursor = await connection.execute("select fence from node where id = %s", (fence.node,))
            if await cursor.fetchall() != [(fence.number,)]:
                raise FencedError
        if scope.cancelled_caught:
            raise psycopg.OperationalError("no answer in time")

    async def _locked(self) -> TrioConnection | None:
        """A new connection that holds the lock, None if another node does. Raises psycopg.Error."""
        await self.aclose()
        connection = await TrioConnection.connect(self._conninfo, autocommit=True)
        try:
            for setting, value in self._settings.items():
                await connection.execute("select set_config(%s, %s, false)", (setting, value))
            await connection.execute("select pg_advisory_lock(%s)", (_ADVISORY_LOCK,))
        except psycopg.errors.LockNotAvailable:
            await connection.close()
            return None
        except BaseException:
            await connection.close()
            raise
        self._connection = connection
        return connection
