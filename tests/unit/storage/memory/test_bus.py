"""The faults that a simulation injects into the memory bus."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.ports.bus import BusUnavailableError
from storage.memory import bus as memory_bus
from storage.memory.bus import BusFaults, Fate, MemoryBus, MemoryNetwork
from tests.ports import TrioClock


class Planned(BusFaults):
    def __init__(self) -> None:
        self.fates: list[Fate] = []
        self.answering = True

    def fate(self, sender: str, channel: str) -> Fate:
        return self.fates.pop(0) if self.fates else Fate()

    def answers(self, sender: str) -> bool:
        return self.answering


class Frozen(TrioClock):
    """Parks every call while frozen."""

    def __init__(self) -> None:
        self.thawed = trio.Event()
        self.thawed.set()

    async def sleep_until(self, monotonic: float) -> None:
        await super().sleep_until(monotonic)
        await self.thawed.wait()


class Scene:
    def __init__(self) -> None:
        self.faults = Planned()
        self.network = MemoryNetwork(TrioClock(), self.faults)
        self.clock = Frozen()
        self.sender = MemoryBus(self.network, "a", TrioClock())
        self.listener = MemoryBus(self.network, "b", self.clock)
        self.noted: list[bytes | bool] = []

    async def send(self, *frames: bytes) -> None:
        await self.sender.publish([("here", frame) for frame in frames])

    async def after(self, seconds: float = 1.0) -> list[bytes | bool]:
        await trio.sleep(seconds)
        await wait_all_tasks_blocked()
        return self.noted


@pytest.fixture
async def scene(autojump_clock: MockClock, nursery: trio.Nursery) -> AsyncIterator[Scene]:
    made = Scene()
    await nursery.start(made.network.run)
    nursery.start_soon(made.listener.listen, "here", made.noted.append, made.noted.append)
    await wait_all_tasks_blocked()
    yield made
    nursery.cancel_scope.cancel()


async def test_loss_delay_repeat_and_order(scene: Scene) -> None:
    scene.faults.fates = [Fate((0.5, 0.9)), Fate(()), Fate((0.1,))]
    await scene.send(b"1", b"2", b"3")
    assert await scene.after(0.4) == [True]
    assert await scene.after() == [True, b"1", b"3", b"1"]


async def test_a_frame_may_overtake(scene: Scene) -> None:
    scene.faults.fates = [Fate((0.5,)), Fate((0.1,), overtakes=True)]
    await scene.send(b"1", b"2")
    assert await scene.after() == [True, b"2", b"1"]


async def test_a_cut_loses_silently_and_one_way(scene: Scene) -> None:
    scene.network.cut("a", "here")
    assert await scene.sender.publish([("here", b"1")]) == [1]
    scene.network.mend("a", "here")
    await scene.send(b"2")
    assert await scene.after() == [True, b"2"]


async def test_restart_and_isolation_lose_what_is_under_way(scene: Scene) -> None:
    scene.faults.fates = [Fate((0.5,)), Fate((0.5, 0.6))]
    await scene.send(b"1", b"2")
    scene.network.restart()
    await scene.send(b"3")
    assert await scene.after() == [True, False, True, b"3"]
    scene.network.isolate("b")
    assert await scene.sender.publish([("here", b"4")]) == [0]
    with pytest.raises(BusUnavailableError):
        await scene.listener.publish([("here", b"5")])
    scene.network.rejoin("b")
    assert await scene.after() == [True, False, True, b"3", False, True]


async def test_an_answer_may_be_lost(scene: Scene) -> None:
    scene.faults.answering = False
    with pytest.raises(BusUnavailableError):
        await scene.send(b"1")
    assert await scene.after() == [True, b"1"]


async def test_frames_outlive_their_sender(scene: Scene) -> None:
    scene.faults.fates = [Fate((0.5,))]
    async with trio.open_nursery() as node:
        node.start_soon(scene.send, b"1")
        await wait_all_tasks_blocked()
        node.cancel_scope.cancel()
    assert await scene.after() == [True, b"1"]


async def test_a_frozen_node_takes_later_and_is_cut_off_beyond_the_limit(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_bus, "ARRIVED_FRAMES_MAX", 3)
    scene.clock.thawed = trio.Event()
    await scene.send(b"1", b"2")
    assert await scene.after() == [True]
    scene.clock.thawed.set()
    assert await scene.after() == [True, b"1", b"2"]
    scene.clock.thawed = trio.Event()
    await scene.send(b"3", b"4", b"5", b"6", b"7")
    await scene.after()
    scene.clock.thawed.set()
    await scene.after()
    await scene.send(b"8")
    assert await scene.after() == [True, b"1", b"2", False, True, b"8"]
