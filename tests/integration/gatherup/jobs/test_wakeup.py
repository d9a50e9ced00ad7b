"""A worker of another node starts a job because Redis said so, and not because it looked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
import trio

from actors.ports.jobs import TakenJob
from gatherup.clock import SystemClock
from gatherup.jobs import worker as worker_module
from gatherup.jobs.cluster_wakeup import ClusterWakeup
from gatherup.jobs.queue import Queue
from gatherup.jobs.worker import JobWorker
from gatherup.randomness import SystemRandomness
from gatherup.wakeup import Wakeup
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import lent
from storage.postgres.outbox.jobs import Jobs, add_job
from storage.redis.bus import redis_bus

HANG_S = 60


def queue_of(handle: Callable[[TakenJob], Awaitable[None]]) -> Queue:
    return Queue(
        name="a", handle=handle, at_once=4, attempts_max=3, timeout_s=5, backoff_min_s=1, backoff_max_s=2
    )


@pytest.mark.real
async def test_a_job_starts_at_once_on_another_node(
    postgres_dsn: str, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "SWEEP_S", 3600.0)
    clock, randomness, started = SystemClock(), SystemRandomness(), trio.Event()

    async def handle(job: TakenJob) -> None:
        started.set()

    async with AsyncExitStack() as stack:
        buses = [await stack.enter_async_context(redis_bus(valkey_url, clock, randomness)) for _ in range(2)]
        pool = await stack.enter_async_context(Pool(postgres_dsn, autocommit=True))
        worker = JobWorker(Jobs(pool), [queue_of(handle)], clock, randomness, Wakeup())
        listener = ClusterWakeup(buses[0], "wakeup", clock, randomness, worker.wakeup)
        teller = ClusterWakeup(buses[1], "wakeup", clock, randomness, None)
        nursery = await stack.enter_async_context(trio.open_nursery())
        with trio.fail_after(HANG_S):
            for task in (worker.run, listener.run, teller.run):
                nursery.start_soon(task)
            teller.tell()
            while listener.heard == 0:
                teller.tell()
                await trio.sleep(0.01)
            async with lent(pool, transaction=True) as connection:
                await add_job(connection, "a", {})
            teller.tell()
            await started.wait()
        nursery.cancel_scope.cancel()
