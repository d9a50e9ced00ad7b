"""Workers hear of jobs that other nodes wrote, and notice when they hear nothing any more."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import trio
from typing_extensions import override

from gatherup.jobs.cluster_wakeup import PROBE_S, RETRY_S, ClusterWakeup, channel_of
from gatherup.jobs.pacing import PACE_S
from gatherup.jobs.worker import SWEEP_S, JobWorker
from gatherup.wakeup import Wakeup
from storage.memory.bus import MemoryBus, MemoryNetwork
from tests.ports import SeededRandomness, TrioClock
from tests.unit.gatherup.jobs.test_worker import Rows, queue, until


class DeafBus(MemoryBus):
    """Its subscription can die without a word: the connection stays, and nothing comes."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.deaf = False
        self.subscribed = 0

    @override
    async def listen(
        self, channel: str, heard: Callable[[bytes], None], connected: Callable[[bool], None]
    ) -> None:
        self.deaf = False
        self.subscribed += 1
        await super().listen(channel, lambda data: None if self.deaf else heard(data), connected)


class Woken(Wakeup):
    """Notes when it was woken."""

    def __init__(self) -> None:
        super().__init__()
        self.at: list[float] = []

    @override
    def wake(self) -> None:
        super().wake()
        self.at.append(trio.current_time())


@asynccontextmanager
async def network() -> AsyncGenerator[tuple[MemoryNetwork, trio.Nursery]]:
    made = MemoryNetwork(TrioClock())
    async with trio.open_nursery() as nursery:
        await nursery.start(made.run)
        yield made, nursery
        nursery.cancel_scope.cancel()


def wakeup(bus: MemoryBus, seed: int, worker: Wakeup | None = None) -> ClusterWakeup:
    return ClusterWakeup(bus, "c", TrioClock(), SeededRandomness(seed), worker)


def bus_of(net: MemoryNetwork, name: str) -> DeafBus:
    return DeafBus(net, name, TrioClock())


async def test_a_node_without_a_worker_wakes_another_nodes_within_the_pace(autojump_clock: Any) -> None:
    rows, started = Rows(), list[float]()

    async def handle(job: object) -> None:
        started.append(trio.current_time())

    async with network() as (net, nursery):
        worker = JobWorker(rows, [queue(handle)], TrioClock(), SeededRandomness(), Wakeup())
        teller, listener = wakeup(bus_of(net, "a"), 1), wakeup(bus_of(net, "b"), 2, worker.wakeup)
        for task in (worker.run, teller.run, listener.run):
            nursery.start_soon(task)
        written: list[float] = []
        for number in range(40):
            await trio.sleep(0.3 + 0.013 * number)
            rows.new()
            written.append(trio.current_time())
            teller.tell()
        await until(lambda: len(started) == len(written))
    delays = [begun - at for begun, at in zip(started, written, strict=True)]
    assert max(delays) <= 2 * PACE_S + 0.05 < SWEEP_S / 4
    assert (teller.told, listener.heard) == (40, 40)


async def test_what_many_nodes_tell_wakes_a_worker_no_more_often_than_the_pace(autojump_clock: Any) -> None:
    woken = Woken()
    async with network() as (net, nursery):
        tellers = [wakeup(bus_of(net, f"n{seed}"), seed) for seed in range(10)]
        listener = wakeup(bus_of(net, "b"), 99, woken)
        for one in (*tellers, listener):
            nursery.start_soon(one.run)
        await trio.sleep(1)
        woken.at.clear()
        begun_at = trio.current_time()
        for _ in range(50):
            for teller in tellers:
                teller.tell()
            await trio.sleep(0.02)
        paces = (trio.current_time() - begun_at) / PACE_S
        await trio.sleep(1)
    assert sum(teller.told for teller in tellers) <= 10 * (paces + 2)
    assert 10 <= len(woken.at) <= paces + 3


async def test_a_path_that_dies_silently_is_noticed_and_healed(autojump_clock: Any) -> None:
    woken = Woken()
    async with network() as (net, nursery):
        bus = bus_of(net, "b")
        teller, listener = wakeup(bus_of(net, "a"), 1), wakeup(bus, 2, woken)
        nursery.start_soon(teller.run)
        nursery.start_soon(listener.run)
        await trio.sleep(5 * PROBE_S)
        assert (listener.healed, bus.subscribed) == (0, 1)
        bus.deaf = True
        teller.tell()
        await trio.sleep(2.5 * PROBE_S)
        assert (listener.healed, bus.subscribed) == (1, 2)
        woken.at.clear()
        teller.tell()
        await trio.sleep(1)
        assert len(woken.at) == 1
        await trio.sleep(10 * PROBE_S)
        assert listener.healed == 1


async def test_what_could_not_be_told_is_told_once_the_bus_is_back_and_a_return_wakes(
    autojump_clock: Any,
) -> None:
    woken = Woken()
    async with network() as (net, nursery):
        bus = bus_of(net, "b")
        teller, listener = wakeup(bus_of(net, "a"), 1), wakeup(bus, 2, woken)
        nursery.start_soon(teller.run)
        nursery.start_soon(listener.run)
        await trio.sleep(3 * PROBE_S)
        net.isolate("a")
        woken.at.clear()
        teller.tell()
        await trio.sleep(60)
        assert (woken.at, bus.subscribed, listener.healed) == ([], 1, 0)
        net.rejoin("a")
        await trio.sleep(RETRY_S + 2 * PACE_S)
        assert len(woken.at) == 1
        net.isolate("b")
        await trio.sleep(60)
        net.rejoin("b")
        await trio.sleep(RETRY_S)
        assert len(woken.at) == 2
        assert listener.healed == 0  # it was known to be cut off: nothing died silently


async def test_one_cluster_does_not_wake_another(autojump_clock: Any) -> None:
    assert channel_of("a") != channel_of("b")
    woken = Woken()
    async with network() as (net, nursery):
        nursery.start_soon(wakeup(bus_of(net, "b"), 2, woken).run)
        await trio.sleep(1)
        woken.at.clear()
        sent: Sequence[tuple[str, bytes]] = [(channel_of("other"), b"jobs"), (channel_of("c"), b"else")]
        await bus_of(net, "a").publish(sent)
        await trio.sleep(1)
    assert woken.at == []
