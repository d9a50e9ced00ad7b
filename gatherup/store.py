"""PostgreSQL and Redis, as a node has them while it runs."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Final

import structlog
import trio
from msgspec import Struct

from actors.cluster.clock import ClusterClock
from actors.ports.bus import Bus
from actors.ports.log import Fence, LogUnavailableError
from actors.ports.time import Clock, Randomness
from gatherup.clock import SystemClock
from gatherup.config import Config
from gatherup.kinds import TABLES
from gatherup.randomness import SystemRandomness
from gatherup.start import fit, joined
from gatherup.wakeup import Wakeup
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.write_access import WriteAccess
from storage.postgres.streams.directory import RENEW_TIMEOUT_S, PostgresDirectory
from storage.postgres.streams.log import PostgresLog, quick
from storage.redis.bus import redis_bus

if TYPE_CHECKING:
    from gatherup.telemetry.traces import OtelTracer

_log = structlog.stdlib.get_logger("gatherup")

# Who waits for whom at PostgreSQL: renewals and changes of the directory have a connection each (PostgresDirectory),
# commits have ``committers`` of their own. What actors and sessions ask of the log and of logins goes before all the
# rest (HTTP, jobs, sweeps): it has its own queue, and these connections of the pool are lent for nothing else. How much
# of it is under way at once say the lines in actors/runtime/limits.py and actors/session.
ENGINE_CONNECTIONS: Final = 2
"""Fewer where the pool has fewer: one is left for the rest."""


class Store(Struct, frozen=True, kw_only=True):
    """PostgreSQL and Redis, as this node has them."""

    clock: ClusterClock
    randomness: Randomness
    pool: Pool
    log: PostgresLog
    jobs_written: Wakeup
    """Told when a commit of streams wrote jobs."""
    directory: PostgresDirectory
    bus: Bus | None
    job_bus: Bus | None
    """The same, on connections of its own: messages between nodes wait for no wake-up of workers."""
    tracer: OtelTracer | None


@asynccontextmanager
async def opened(config: Config) -> AsyncGenerator[Store]:
    """PostgreSQL and Redis for the block, the schema looked at. Raises StartRefusedError."""
    clock, randomness = (
        ClusterClock(SystemClock(), skew_max_s=config.cluster.clock_skew_max_s),
        SystemRandomness(),
    )
    dsn, settings, access = config.postgres.url.reveal(), config.postgres, WriteAccess()
    async with AsyncExitStack() as stack:
        size = settings.connections_max - settings.committers
        pool = Pool(quick(dsn), size_max=size, reserved=ENGINE_CONNECTIONS, access=access, autocommit=True)
        await stack.enter_async_context(pool)
        jobs_written = Wakeup()
        log = PostgresLog(
            dsn,
            pool.first,
            clock,
            TABLES,
            links=settings.committers,
            access=access,
            jobs_written=jobs_written.wake,
        )
        await stack.enter_async_context(log)
        directory = await stack.enter_async_context(
            PostgresDirectory(
                dsn,
                clock,
                renew_timeout_s=min(RENEW_TIMEOUT_S, config.cluster.lease_s / 2),
                access=access,
            )
        )
        bus: Bus | None = None
        job_bus: Bus | None = None
        if config.redis.url is not None:
            url = config.redis.url.reveal()
            bus = await stack.enter_async_context(redis_bus(url, clock, randomness))
            job_bus = await stack.enter_async_context(redis_bus(url, clock, randomness))
        tracer = await stack.enter_async_context(_tracer(config, clock))
        await fit(pool)
        yield Store(
            clock=clock,
            randomness=randomness,
            pool=pool,
            log=log,
            jobs_written=jobs_written,
            directory=directory,
            bus=bus,
            job_bus=job_bus,
            tracer=tracer,
        )


@asynccontextmanager
async def member(config: Config, store: Store) -> AsyncGenerator[Fence]:
    """Be a member of the cluster for the block, which begins to renew the lease at once. Raises StartRefusedError."""
    fence = await joined(config, store.directory, store.clock)
    try:
        # Again: a migration that began before this node joined has not waited for it.
        await fit(store.pool)
        yield fence
    finally:
        with trio.CancelScope(shield=True):
            await _leave(store.directory, fence)


@asynccontextmanager
async def _tracer(config: Config, clock: Clock) -> AsyncGenerator[OtelTracer | None]:
    """The tracer of this node for the block; None without an endpoint: then nothing of OpenTelemetry is loaded."""
    if config.traces.endpoint is None:
        yield None
        return
    from gatherup.telemetry.traces import traces

    async with traces(config.traces, config.node.name, clock, SystemRandomness()) as tracer:
        yield tracer


async def _leave(directory: PostgresDirectory, fence: Fence) -> None:
    """Everything of this run has ended: what it owned is anybody's."""
    try:
        await directory.leave(fence)
    except LogUnavailableError as error:
        _log.warning("the others find out by the lease that this node left", error=str(error))
