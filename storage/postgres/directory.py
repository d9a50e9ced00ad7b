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

TAKE_LOCK: Final = ("select pg_advisory_lock(%s)", (0x6761746865727570,))
"""The statement and its parameters: waits until no other connection is the node's."""
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
            connection = await self._connected()
            try:
                await connection.execute(*TAKE_LOCK)
            except psycopg.errors.LockNotAvailable as error:
                raise AnotherNodeIsRunningError from error
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
        """Find the fence unchanged, and hold the lock, again if it was lost. Raises FencedError.

        A lock that can't be had proves nothing while the fence stands: it may be that of our own connection that
        broke, which the server doesn't know yet.
        """
        with self._clock.deadline(CHECK_TIMEOUT_S) as scope:
            held = self._connection
            connection = held or await self._connected()
            cursor = await connection.execute("select fence from node where id = %s", (fence.node,))
            if await cursor.fetchall() != [(fence.number,)]:
                raise FencedError
            if held is None:
                await connection.execute(*TAKE_LOCK)
        if scope.cancelled_caught:
            raise psycopg.OperationalError("no answer in time")

    async def _connected(self) -> TrioConnection:
        """A new connection, which waits a limited time for locks. Raises psycopg.Error."""
        await self.aclose()
        connection = self._connection = await TrioConnection.connect(self._conninfo, autocommit=True)
        for setting, value in self._settings.items():
            await connection.execute("select set_config(%s, %s, false)", (setting, value))
        return connection
