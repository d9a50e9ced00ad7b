"""What decides and commits in a node, without sockets and without other nodes, for what is measured from the inside."""

from __future__ import annotations

import math
import tempfile
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

import trio
from msgspec import Struct
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
from gatherup.store import ENGINE_CONNECTIONS
from protocol.frames import Accepted, Signalled
from protocol.ids import derive_client_id
from protocol.nodes import NODE_PROTOCOL
from protocol.room.commands import CreateRoom
from storage.memory.executor import MemoryExecutor
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


class Run(Struct, frozen=True, kw_only=True):
    """A run of the only node."""

    runtime: Runtime
    ownership: Ownership

    async def passivate(self) -> None:
        """Have every stream keep a checkpoint and end, as after a long silence."""
        self.ownership.hand_over(range(SHARDS))
        await self.runtime.release(range(SHARDS), DRAIN_TIMEOUT_S)
        self.ownership.keep(range(SHARDS))


class Alone(Struct, frozen=True, kw_only=True):
    """A PostgreSQL of its own, and what a node has of it."""

    log: PostgresLog
    directory: PostgresDirectory
    clock: Clock
    randomness: Randomness
    kinds: Sequence[Kind[Any]]

    @asynccontextmanager
    async def run(self) -> AsyncGenerator[Run]:
        """A run of the only node, with all shards; at the end of the block it is killed."""
        ownership = await _alone(self.directory, self.clock)
        runtime = Runtime(
            kinds=self.kinds,
            log=self.log,
            ownership=ownership,
            clock=self.clock,
            randomness=self.randomness,
            publisher=Nobody(),
            executor=MemoryExecutor(),
            digest_key=bytes(32),
        )
        async with trio.open_nursery() as nursery:
            await nursery.start(runtime.run)
            yield Run(runtime=runtime, ownership=ownership)
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def alone(
    clock: Clock, randomness: Randomness, kinds: Sequence[Kind[Any]] = (RoomKind(bytes(32)),)
) -> AsyncGenerator[Alone]:
    """Start a PostgreSQL for the block."""
    with _folder() as data:
        async with embedded_postgres(data / "postgres") as server:
            dsn = server.dsn_for("bench")
            migrate(dsn)
            async with (
                PostgresDirectory(dsn, clock) as directory,
                Pool(quick(dsn), size_max=POOL_SIZE, reserved=ENGINE_CONNECTIONS, autocommit=True) as pool,
                PostgresLog(dsn, pool.first, clock, tables_of(kinds)) as log,
            ):
                yield Alone(log=log, directory=directory, clock=clock, randomness=randomness, kinds=kinds)


@asynccontextmanager
async def runtime_alone(
    clock: Clock, randomness: Randomness, kinds: Sequence[Kind[Any]] = (RoomKind(bytes(32)),)
) -> AsyncGenerator[Runtime]:
    """Yield the parts of a node that decide and commit, on a PostgreSQL of their own."""
    async with alone(clock, randomness, kinds) as parts, parts.run() as run:
        yield run.runtime
        await run.passivate()


async def _alone(directory: PostgresDirectory, clock: Clock) -> Ownership:
    """The only member, with all shards; nobody is there to find its lease unchanged."""
    before = next(iter((await directory.read()).members), None)
    joining = Joining(
        name="bench",
        cluster="bench",
        secret_digest=b"",
        lease_s=LEASE_S,
        protocol=NODE_PROTOCOL,
        bridged=False,
        receipt_digest=b"",
        token_digests=(b"",),
    )
    fence = await directory.join(joining, over=before)
    joined = await directory.renew(fence, hears=(), report="{}", known=None)
    free = [(n, s.epoch) for n, s in enumerate(joined.view.shards) if s.owner is None]
    await directory.move(fence, [Move(n, epoch, fence.node) for n, epoch in free])
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
