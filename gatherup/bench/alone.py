"""What decides and commits in a node, without sockets and without other nodes, for what is measured from the inside."""

from __future__ import annotations

import math
import tempfile
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

import trio
from typing_extensions import override

from actors.cluster.limits import LEASE_S
from actors.cluster.ownership import Ownership
from actors.kind import Kind, tables_of
from actors.ports.cluster_view import SHARDS, Joining, Move
from actors.ports.log import LogRow
from actors.ports.time import Clock, Randomness
from actors.room.kind import RoomKind
from actors.runtime.node import Runtime
from actors.runtime.publisher import Publisher
from gatherup.embedded import embedded_postgres
from protocol.frames import Accepted, Signalled
from protocol.ids import derive_client_id
from protocol.nodes import NODE_PROTOCOL
from protocol.room.commands import CreateRoom
from storage.postgres.driver.pool import Pool
from storage.postgres.schema.migrate import migrate
from storage.postgres.streams.directory import PostgresDirectory
from storage.postgres.streams.log import PostgresLog, quick

POOL_SIZE: Final = 8
DRAIN_TIMEOUT_S: Final = 10.0


class Nobody(Publisher):
    """A Publisher without subscribers."""

    @override
    def publish(self, stream: str, rows: Sequence[LogRow]) -> None:
        pass

    @override
    def traced(self, stream: str, seq: int, parent: str) -> None:
        pass

    @override
    def signalled(self, frame: Signalled) -> None:
        pass

    @override
    def stands(self, stream: str, head: int) -> None:
        pass


class RefusedError(Exception):
    """A command was not accepted."""


@asynccontextmanager
async def runtime_alone(
    clock: Clock, randomness: Randomness, kinds: Sequence[Kind[Any]] = (RoomKind(bytes(32)),)
) -> AsyncGenerator[Runtime]:
    """Yield the parts of a node that decide and commit, on a PostgreSQL of their own."""
    with _folder() as data:
        async with embedded_postgres(data / "postgres") as server:
            dsn = server.dsn_for("bench")
            migrate(dsn)
            async with (
                PostgresDirectory(dsn, clock) as directory,
                Pool(quick(dsn), size_max=POOL_SIZE, autocommit=True) as pool,
                PostgresLog(dsn, pool, clock, tables_of(kinds)) as log,
                trio.open_nursery() as nursery,
            ):
                ownership = await _alone(directory, clock)
                runtime = Runtime(
                    kinds=kinds,
                    log=log,
                    ownership=ownership,
                    clock=clock,
                    randomness=randomness,
                    publisher=Nobody(),
                    digest_key=randomness.token(32),
                )
                await nursery.start(runtime.run)
                yield runtime
                ownership.hand_over(range(SHARDS))
                await runtime.release(range(SHARDS), DRAIN_TIMEOUT_S)
                nursery.cancel_scope.cancel()


async def _alone(directory: PostgresDirectory, clock: Clock) -> Ownership:
    """The only member, with all shards; nobody is there to find its lease unchanged."""
    fence = await directory.join(
        Joining(
            name="bench",
            cluster="bench",
            secret_digest=b"",
            lease_s=LEASE_S,
            protocol=NODE_PROTOCOL,
            bridged=False,
        )
    )
    joined = await directory.renew(fence, hears=(), report="{}", known=None)
    await directory.move(fence, [Move(n, s.epoch, fence.node) for n, s in enumerate(joined.view.shards)])
    owned = await directory.renew(fence, hears=(), report="{}", known=None)
    ownership = Ownership(fence, clock)
    ownership.renewed(math.inf, owned.view)
    return ownership


@contextmanager
def _folder() -> Generator[Path]:
    with tempfile.TemporaryDirectory(prefix="gatherup-bench-") as name:
        data = Path(name)
        data.chmod(0o755)  # PostgreSQL may have to run as another user
        yield data


async def make_room(runtime: Runtime, user: str) -> str:
    """Have this user create a room. Raises RefusedError."""
    command = CreateRoom(client_id=derive_client_id("create", user), name="bench")
    reply = await runtime.router.ask(command, by=user)
    if not isinstance(reply, Accepted) or reply.stream is None:
        raise RefusedError(repr(reply))
    return reply.stream
