"""How fast jobs are drained after an outage, and how soon one starts on another node than the one that caused it.

``python -m gatherup.bench.jobs [--seconds N] [--backlog N]`` prints a ``Measured``, as JSON. One process holds the node
that writes jobs and the one that does them, with PostgreSQL and Valkey between them; the jobs themselves do nothing.
"""

from __future__ import annotations

import argparse
from contextlib import AsyncExitStack
from typing import Final

import trio
from msgspec import Struct

from actors.ports.jobs import TakenJob
from actors.ports.time import Clock
from gatherup.bench.measuring import cpu_s, folder, say
from gatherup.clock import SystemClock
from gatherup.embedded import embedded_postgres, embedded_valkey
from gatherup.features.integrations.delivery import AT_ONCE
from gatherup.jobs.cluster_wakeup import ClusterWakeup
from gatherup.jobs.queue import Queue
from gatherup.jobs.worker import JobWorker
from gatherup.randomness import SystemRandomness
from gatherup.wakeup import Wakeup
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import execute, lent
from storage.postgres.outbox.jobs import Jobs, add_job
from storage.postgres.schema.migrate import migrate
from storage.postgres.streams.log import quick
from storage.redis.bus import redis_bus

QUEUE: Final = "bench"
PER_S: Final = 500
WRITERS: Final = 5
POOL: Final = 8
_BACKLOG: Final = """
insert into job (queue, arguments)
select 'bench', jsonb_build_object('number', n, 'lane', (n %% 8)::text) from generate_series(1, %(count)s) n
"""


class Measured(Struct, frozen=True, kw_only=True):
    """Both."""

    backlog: int
    drained_s: float
    drained_cpu_s: float
    started: int
    start_p50_ms: float
    start_p99_ms: float


class Bench:
    """A node that does jobs, and notes when each began."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        self.written: dict[int, float] = {}
        """When the transaction of each job of the second part ended, by its number."""
        self.waited_s: list[float] = []
        queue = Queue(
            name=QUEUE,
            handle=self._begin,
            at_once=AT_ONCE,
            attempts_max=1,
            timeout_s=10.0,
            backoff_min_s=1.0,
            backoff_max_s=1.0,
        )
        self.worker = JobWorker(Jobs(pool), [queue], clock, SystemRandomness(), Wakeup())

    async def _begin(self, job: TakenJob) -> None:
        written = self.written.get(job.arguments["number"])
        if written is not None:
            self.waited_s.append(self._clock.monotonic() - written)

    async def drain(self, count: int) -> tuple[float, float]:
        """Write so many jobs at once, and do them: seconds, and of processor time."""
        await execute(self._pool, _BACKLOG, {"count": count})
        begun, cpu = self._clock.monotonic(), cpu_s()
        self.worker.wakeup.wake()
        while self.worker.outcomes[QUEUE, "done"] < count:
            await self._clock.sleep_until(self._clock.monotonic() + 0.01)
        return self._clock.monotonic() - begun, cpu_s() - cpu

    async def write(self, first: int, count: int, every_s: float, teller: ClusterWakeup) -> None:
        """Write jobs one by one, each in a transaction of its own, as another node does."""
        next_at = self._clock.monotonic()
        for number in range(first, first + count):
            await self._clock.sleep_until(next_at)
            next_at += every_s
            # Before the commit, since the other may begin before this hears of it: no time is left out.
            self.written[number] = self._clock.monotonic()
            async with lent(self._pool, transaction=True) as connection:
                await add_job(connection, QUEUE, {"number": number})
            teller.tell()

    async def done(self, count: int) -> None:
        """Return when so many of those that were written one by one have begun."""
        while len(self.waited_s) < count:
            await self._clock.sleep_until(self._clock.monotonic() + 0.01)


async def run(seconds: float, backlog: int) -> Measured:
    """Measure."""
    clock, randomness = SystemClock(), SystemRandomness()
    async with AsyncExitStack() as stack:
        data = stack.enter_context(folder())
        postgres = await stack.enter_async_context(embedded_postgres(data / "postgres"))
        valkey = await stack.enter_async_context(embedded_valkey(data / "valkey"))
        dsn = postgres.dsn_for("gatherup")
        migrate(dsn)
        pool = await stack.enter_async_context(Pool(quick(dsn), size_max=POOL, autocommit=True))
        buses = [await stack.enter_async_context(redis_bus(valkey.url, clock, randomness)) for _ in range(2)]
        bench = Bench(pool, clock)
        listener = ClusterWakeup(buses[0], "bench", clock, randomness, bench.worker.wakeup)
        teller = ClusterWakeup(buses[1], "bench", clock, randomness, None)
        async with trio.open_nursery() as nursery:
            for task in (bench.worker.run, listener.run, teller.run):
                nursery.start_soon(task)
            drained_s, drained_cpu_s = await bench.drain(backlog)
            each, every_s = round(PER_S * seconds / WRITERS), WRITERS / PER_S
            async with trio.open_nursery() as writers:
                for number in range(WRITERS):
                    first = (number + 1) * 10_000_000
                    writers.start_soon(bench.write, first, each, every_s, teller)
            await bench.done(each * WRITERS)
            nursery.cancel_scope.cancel()
    waited = sorted(bench.waited_s)
    return Measured(
        backlog=backlog,
        drained_s=drained_s,
        drained_cpu_s=drained_cpu_s,
        started=len(waited),
        start_p50_ms=waited[len(waited) // 2] * 1000,
        start_p99_ms=waited[len(waited) * 99 // 100] * 1000,
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--backlog", type=int, default=20_000)
    given = parser.parse_args()
    say(trio.run(run, given.seconds, given.backlog))


if __name__ == "__main__":
    main()
