"""Run seeds: ``python -m tests.sim.run --seeds 500 --base 0``; one seed prints its trace.

Each seed is one history of one node: clients that connect, post, drop, resume and repeat; crashes and restarts;
a log that delays, fails and loses answers. The checkers in ``history`` hold what the clients saw against what was
committed. The same seed gives the same history, byte for byte.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import random
import sys
from collections import Counter
from functools import partial
from typing import Any

import trio
from msgspec import Struct

from actors.kind import Kind
from actors.room.kind import RoomKind
from tests.counter_kind import CounterKind
from tests.sim.client import SimClient
from tests.sim.faults import SeededFaults
from tests.sim.history import History, Violation
from tests.sim.node import SimNode
from tests.sim.schedule import OUTBOX_BYTES_MAX, run_seeded
from tests.sim.truth import ObservedDatabase
from tests.sim.variants import VARIANTS
from tests.sim.workload import World, act, found

HISTORY_S = 20.0
"""Simulated seconds of trouble; then everything is healed and must come right."""
HEAL_S = 120.0
SETTLE_S = 12.0


class Result(Struct):
    """One seed's outcome."""

    seed: int
    violation: str | None
    trace: list[str]
    counts: dict[str, int]


class Simulation:
    """One seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(f"world {seed}")
        self.seed = seed
        kinds: list[Kind[Any]] = [RoomKind(), CounterKind()]
        self.kinds = kinds
        self.database = ObservedDatabase({kind.name: kind for kind in kinds})
        self.history = History(self.database)
        self.lives = 0
        self.faults: list[SeededFaults] = []
        self.node: SimNode
        self.clients: list[SimClient] = []

    async def run(self) -> None:
        """The whole history. Raises Violation, possibly in a group."""
        async with trio.open_nursery() as nursery:
            self.nursery = nursery
            self._start_node()
            world = World()
            for index in range(self.chance.randint(2, 5)):
                seed = f"client {self.seed} {index}"
                client = SimClient(f"c{index}", index + 1, self.history, lambda: self.node, seed)
                self.clients.append(client)
                nursery.start_soon(client.run)
            nursery.start_soon(self._check_bounds)
            await self._trouble(nursery, world)
            await self._heal()
            self.history.finish()
            self.history.note("CHECK", "all promises held")
            nursery.cancel_scope.cancel()

    async def _trouble(self, nursery: trio.Nursery, world: World) -> None:
        users = [client.user for client in self.clients]
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as scripts:
                nursery.start_soon(self._break_things, scope)
                await trio.sleep(0.5)
                for what in ["room", "counter", *self.chance.choices(["room", "counter"], k=2)]:
                    found(self.chance.choice(self.clients), what)
                for client in self.clients:
                    scripts.start_soon(act, client, world, users, f"act {self.seed} {client.name}")
                await trio.sleep(HISTORY_S)
                scope.cancel()

    async def _break_things(self, until: trio.CancelScope) -> None:
        often_s = self.chance.choice([1.0, 4.0, 15.0])
        while not until.cancel_called:
            await trio.sleep(self.chance.uniform(0, 2 * often_s))
            if until.cancel_called:
                return
            what = self.chance.random()
            if what < 0.5:
                self.history.note("NODE", "crashes")
                self.node.crash()
                await self._start_again()
            elif what < 0.65:
                self.history.note("NODE", "stops")
                await self.node.stop()
                await self._start_again()
            else:
                away_s = self.chance.uniform(0, 5)
                self.history.note("LOG", "is away for", round(away_s, 2))
                self.faults[-1].go_down(away_s)

    async def _start_again(self) -> None:
        await trio.sleep(self.chance.uniform(0, 1.5))
        self._start_node()

    def _start_node(self) -> None:
        self.lives += 1
        faults = SeededFaults(f"faults {self.seed} {self.lives}", self.nursery)
        self.faults.append(faults)
        self.node = SimNode(self.database, self.kinds, faults, self.seed * 1000 + self.lives)
        self.history.note("NODE", "starts")
        self.nursery.start_soon(self._live, self.node)

    async def _live(self, node: SimNode) -> None:
        while True:
            try:
                await node.run()
                return
            except Exception as error:  # the log was away when it started
                if isinstance(error, ExceptionGroup) or type(error).__name__ != "LogUnavailableError":
                    raise
                await trio.sleep(0.2)

    async def _check_bounds(self) -> None:
        while True:
            await trio.sleep(0.1)
            self._check_outboxes()

    def _check_outboxes(self) -> None:
        for session in self.node.sessions:
            queued = session.outbox.queued_bytes
            if queued > 2 * OUTBOX_BYTES_MAX:
                raise self.history.fail(5, f"an outbox holds {queued} bytes")

    async def _heal(self) -> None:
        """Faults end; every command must get its answer, and every subscriber must have everything."""
        self.history.note("CHECK", "everything heals")
        for faults in self.faults:
            faults.heal()
        deadline = trio.current_time() + HEAL_S
        for client in self.clients:
            client.stall(False)
        while trio.current_time() < deadline:
            await trio.sleep(2.0)
            for client in self.clients:
                client.resend()
            if self._calm():
                break
        else:
            raise self.history.fail(1, f"nothing settles: {self._unsettled()}")
        await trio.sleep(SETTLE_S)

    def _calm(self) -> bool:
        return not self._unsettled()

    def _unsettled(self) -> list[str]:
        unsettled = [f"{c.name} waits for {list(c.pending.values())}" for c in self.clients if c.pending]
        for client in self.clients:
            if not client.online:
                unsettled.append(f"{client.name} is offline")
            for stream, followed in client.followed.items():
                head = len(self.database.story.get(stream, []))
                if followed.open and followed.seq < head:
                    unsettled.append(f"{client.name} stands at {followed.seq} of {head} in {stream}")
        for stream, story in self.database.story.items():
            row = self.database.stream(stream)
            if row is not None and row.effects_seq < len(story):
                unsettled.append(f"{stream} owes effects after {row.effects_seq} of {len(story)}")
        return unsettled


def run_seed(seed: int, variant: str | None = None) -> Result:
    """One seed, with the code as it is or with one deliberate bug."""
    logging.disable(logging.CRITICAL)
    simulation = Simulation(seed)
    violation = None
    try:
        if variant is None:
            run_seeded(seed, simulation.run)
        else:
            with VARIANTS[variant]():
                run_seeded(seed, simulation.run)
    except BaseExceptionGroup as group:
        violation = _say(group)
    except Violation as error:
        violation = str(error)
    history = simulation.history
    counts = {
        "seeds": 1,
        "lives": simulation.lives,
        "commands": len(history.sent),
        "deliveries": history.deliveries,
        "snapshots": history.snapshots,
        "replays": history.replays,
        "revocations": history.revocations,
        "unknown replies": history.unknowns,
        "slow readers": sum(c.closed_slow for c in simulation.clients),
        "events": sum(map(len, simulation.database.story.values())),
    }
    return Result(seed, violation, history.trace, counts)


def _say(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        violations = [e for e in error.exceptions if not isinstance(e, Violation)]
        error = violations[0] if violations else error.exceptions[0]
    if isinstance(error, Violation):
        return str(error)
    import traceback

    return "crash: " + "".join(traceback.format_exception(error))


def _pool(jobs: int | None) -> Any:
    """Fresh processes that hash strings alike: the order of a set is part of a history."""
    os.environ["PYTHONHASHSEED"] = "0"
    return multiprocessing.get_context("spawn").Pool(jobs or os.cpu_count())


def run_many(
    seeds: range, variant: str | None = None, jobs: int | None = None
) -> tuple[list[Result], Counter[str]]:
    """Seeds over all cores: the failed ones, and what was covered."""
    totals: Counter[str] = Counter()
    failed: list[Result] = []
    with _pool(jobs) as pool:
        for result in pool.imap_unordered(partial(run_seed, variant=variant), seeds, chunksize=4):
            totals.update(result.counts)
            if result.violation:
                failed.append(result)
    return sorted(failed, key=lambda r: r.seed), totals


def first_failure(seeds: range, variant: str) -> Result | None:
    """The first seed that catches this deliberate bug; the others are not waited for."""
    with _pool(None) as pool:
        results = pool.imap_unordered(partial(run_seed, variant=variant), seeds)
        return next((result for result in results if result.violation), None)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=500)
    parser.add_argument("--base", type=int, default=0)
    parser.add_argument("--variant", choices=sorted(VARIANTS))
    parser.add_argument("--trace", action="store_true", help="print the whole history of one seed")
    options = parser.parse_args()
    seeds = range(options.base, options.base + options.seeds)
    if options.seeds == 1:
        with _pool(1) as pool:
            result = pool.apply(run_seed, (options.base, options.variant))
        if options.trace or result.violation:
            print("\n".join(result.trace))
        print(result.violation or f"seed {result.seed} held: {result.counts}")
        return 1 if result.violation else 0
    failed, totals = run_many(seeds, options.variant)
    print(", ".join(f"{n} {what}" for what, n in totals.items()))
    for result in failed[:10]:
        print(f"seed {result.seed}: {result.violation}")
        print(f"  replay: make sim SEEDS=1 SEED_BASE={result.seed}")
    print(f"{totals['seeds'] - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
