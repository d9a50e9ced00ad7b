"""A proxy that cuts a connection to PostgreSQL exactly where a test wants it cut, and a node's log behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from enum import Enum, auto

import pytest
import trio
from psycopg.conninfo import conninfo_to_dict

from actors.ports.log import (
    Append,
    LogConflictError,
    LogOutcomeUnknownError,
    LogUnavailableError,
    Verdict,
)
from gatherup.embedded import PostgresServer
from storage.postgres.streams.log import PostgresLog
from tests import single
from tests.contract.rig import TABLES, Owner, PostgresRig, append, new_stream, postgres_rig

HANG_GUARD_S = 120


class Cut(Enum):
    """Where the next request's connection is cut."""

    NEVER = auto()
    BEFORE_THE_SERVER = auto()
    """The server never sees the request."""
    AT_ONCE = auto()
    """The server gets the request; whether it commits before or after the client goes on is open."""
    BEFORE_THE_ANSWER = auto()
    """The server has answered, so it has committed; the client doesn't learn it."""


class Proxy:
    """Forwards to the server; ``cut`` is used up by the next request. While ``silent`` it takes and passes on nothing
    that it got, as a server that hangs.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self.cut = Cut.NEVER
        self.silent = False
        self.listener_port = 0

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        self.listener_port = listener.socket.getsockname()[1]
        task_status.started()
        await trio.serve_listeners(self._serve, [listener])

    async def _serve(self, client: trio.SocketStream) -> None:
        server = await trio.open_tcp_stream("127.0.0.1", self._port)
        async with server, client, trio.open_nursery() as nursery:
            nursery.start_soon(self._answers, client, server, nursery.cancel_scope)
            with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
                await self._requests(client, server)
            nursery.cancel_scope.cancel()

    async def _requests(self, client: trio.SocketStream, server: trio.SocketStream) -> None:
        while data := await client.receive_some():
            if self.silent:
                continue
            cut = self.cut
            if cut is Cut.BEFORE_THE_SERVER:
                self.cut = Cut.NEVER
                return
            await server.send_all(data)
            if cut is Cut.AT_ONCE:
                self.cut = Cut.NEVER
                return

    async def _answers(
        self, client: trio.SocketStream, server: trio.SocketStream, scope: trio.CancelScope
    ) -> None:
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            while data := await server.receive_some():
                if self.cut is Cut.BEFORE_THE_ANSWER:
                    self.cut = Cut.NEVER
                    break
                await client.send_all(data)
        scope.cancel()


class Setting:
    """A node whose log goes through the proxy; the rig's own log doesn't."""

    def __init__(self, rig: PostgresRig, proxy: Proxy, log: PostgresLog, owner: Owner) -> None:
        self.rig = rig
        self.proxy = proxy
        self.log = log
        self.fence = owner.fence
        self.epoch = owner.epoch

    async def opened(self) -> tuple[str, int]:
        stream = new_stream()
        return stream, await self.activation(stream)

    async def activation(self, stream: str) -> int:
        made = await single.activate(
            self.rig.log, self.fence, stream, epoch=self.epoch, create=True, state_version=1
        )
        assert made is not None
        return made.activation

    async def write(self, *appends: Append, wait: bool = False) -> list[Verdict]:
        return await self.log.append(self.fence, appends, wait_for_locks=wait)

    async def settle(self, *appends: Append) -> list[bool]:
        """Send the identical appends until each is certain; whether each is committed."""
        while True:
            try:
                verdicts = await self.write(*appends, wait=True)
                break
            except (LogOutcomeUnknownError, LogConflictError, LogUnavailableError):
                continue
        return [await self._committed(a, v) for a, v in zip(appends, verdicts, strict=True)]

    async def _committed(self, one: Append, verdict: Verdict) -> bool:
        """Accepted now, or by the receipts, which alone can tell, earlier."""
        keys = [(r.author, r.client_id) for r in one.receipts]
        found = await single.receipts(self.log, one.stream, keys)
        committed = set(found) == set(one.receipts)
        assert committed or (verdict is not Verdict.ACCEPTED and not found)
        return committed


@pytest.fixture
async def setting(
    postgres_server: PostgresServer, postgres_dsn: str, nursery: trio.Nursery
) -> AsyncIterator[Setting]:
    proxy = Proxy(postgres_server.port)
    await nursery.start(proxy.run)
    database = str(conninfo_to_dict(postgres_dsn)["dbname"])
    dsn = f"{postgres_server.tcp_dsn_for(database)} port={proxy.listener_port}"
    async with postgres_rig(postgres_dsn) as rig, PostgresLog(dsn, rig.pool, rig.clock, TABLES) as log:
        made = Setting(rig, proxy, log, await rig.owner())
        stream, activation = await made.opened()
        # The link is connected and prepared: what goes through the proxy next is an append.
        assert await made.write(append(stream, activation, 0)) == [Verdict.ACCEPTED]
        with trio.fail_after(HANG_GUARD_S):
            yield made
    nursery.cancel_scope.cancel()
