"""The Bus port's contract, in memory and on Valkey."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import trio

from actors.ports.bus import Bus, BusUnavailableError
from gatherup.clock import SystemClock
from gatherup.embedded import embedded_valkey
from gatherup.randomness import SystemRandomness
from storage.memory.bus import MemoryBus, MemoryNetwork
from storage.redis.bus import redis_bus
from tests.ports import TrioClock

HANG_GUARD_S = 60


class Ear:
    """Listens to one channel and notes what it is told."""

    def __init__(self) -> None:
        self.noted: list[bytes | bool] = []
        self._changed = trio.Event()

    def note(self, item: bytes | bool) -> None:
        self.noted.append(item)
        self._changed.set()

    async def until(self, enough: Callable[[list[bytes | bool]], bool]) -> None:
        while not enough(self.noted):
            self._changed = trio.Event()
            await self._changed.wait()

    @property
    def frames(self) -> list[bytes]:
        return [item for item in self.noted if isinstance(item, bytes)]

    @property
    def states(self) -> list[bool]:
        return [item for item in self.noted if isinstance(item, bool)]


class Server:
    """What carries, to be stopped and started, and buses on it."""

    def __init__(
        self,
        bus: Callable[[], Bus],
        stop: Callable[[], Awaitable[None]],
        start: Callable[[], Awaitable[None]],
    ) -> None:
        self.bus = bus
        self.stop = stop
        self.start = start


@asynccontextmanager
async def memory_server() -> AsyncIterator[Server]:
    network = MemoryNetwork(TrioClock())
    names = iter("abcdefgh")

    async def stop() -> None:
        network.down()

    async def start() -> None:
        network.up()

    async with trio.open_nursery() as nursery:
        await nursery.start(network.run)
        yield Server(lambda: MemoryBus(network, next(names), TrioClock()), stop, start)
        nursery.cancel_scope.cancel()


@pytest.fixture(params=["memory", pytest.param("valkey", marks=[pytest.mark.real, pytest.mark.slow])])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[Server]:
    if request.param == "memory":
        async with memory_server() as made:
            yield made
        return
    async with embedded_valkey(request.getfixturevalue("server_dir") / "bus") as valkey:
        opened = [redis_bus(valkey.url, SystemClock(), SystemRandomness()) for _ in range(8)]
        buses = iter([await one.__aenter__() for one in opened])
        yield Server(lambda: next(buses), valkey.kill, valkey.restart)
        for one in opened:
            await one.__aexit__(None, None, None)


@pytest.fixture
async def ear(server: Server, nursery: trio.Nursery) -> AsyncIterator[Ear]:
    """Listens to channel ``here``, subscribed; with a guard against hanging around the test."""
    made = Ear()
    with trio.fail_after(HANG_GUARD_S):
        nursery.start_soon(server.bus().listen, "here", made.note, made.note)
        await made.until(lambda noted: noted == [True])
        yield made
    nursery.cancel_scope.cancel()


async def published(bus: Bus, *frames: tuple[str, bytes]) -> list[int]:
    """Publish, again and again while the bus isn't there."""
    while True:
        try:
            return await bus.publish(frames)
        except BusUnavailableError:
            await trio.sleep(0.01)


async def until_published(bus: Bus, frame: tuple[str, bytes], listeners: int = 1) -> None:
    """Publish, again and again until this many hear it."""
    while await published(bus, frame) != [listeners]:  # noqa: ASYNC110 (the server's state, which it tells nobody)
        await trio.sleep(0.01)


async def test_frames_arrive_in_order_and_unchanged(server: Server, ear: Ear) -> None:
    bus = server.bus()
    frames = [b"", b"\r\n", bytes(range(256)), *(b"%d" % n for n in range(500)), b"x" * 1_000_000, b"last"]
    half = len(frames) // 2
    await bus.publish([("here", frame) for frame in frames[:half]])
    await bus.publish([("here", frame) for frame in frames[half:]])
    await ear.until(lambda noted: noted[-1] == b"last")
    assert ear.frames == frames


async def test_each_channel_counts_its_listeners(server: Server, ear: Ear, nursery: trio.Nursery) -> None:
    bus, other = server.bus(), Ear()
    assert await bus.publish([("nobody", b"1"), ("here", b"2"), ("nobody", b"3"), ("here", b"4")]) == [
        0,
        1,
        0,
        1,
    ]
    nursery.start_soon(server.bus().listen, "here", other.note, other.note)
    await other.until(lambda noted: noted == [True])
    assert await bus.publish([("here", b"5")]) == [2]
    assert await bus.publish([]) == []
    await other.until(lambda noted: noted == [True, b"5"])
    await ear.until(lambda noted: noted == [True, b"2", b"4", b"5"])


async def test_whoever_stops_listening_isnt_counted(server: Server, nursery: trio.Nursery) -> None:
    with trio.fail_after(HANG_GUARD_S):
        bus, short = server.bus(), Ear()
        async with trio.open_nursery() as inner:
            inner.start_soon(server.bus().listen, "short", short.note, short.note)
            await short.until(lambda noted: noted == [True])
            inner.cancel_scope.cancel()
        await until_published(bus, ("short", b"gone"), 0)


async def test_each_sender_keeps_its_order(server: Server, ear: Ear) -> None:
    senders = [server.bus(), server.bus()]

    async def send(number: int, bus: Bus) -> None:
        for n in range(0, 200, 5):
            await bus.publish([("here", b"%d %d" % (number, n + i)) for i in range(5)])

    async with trio.open_nursery() as nursery:
        for number, bus in enumerate(senders):
            nursery.start_soon(send, number, bus)
    await ear.until(lambda noted: len(noted) == 401)
    for number in range(2):
        own = [frame for frame in ear.frames if frame.startswith(b"%d " % number)]
        assert own == [b"%d %d" % (number, n) for n in range(200)]


async def test_a_server_that_is_down_refuses_and_heals(server: Server, ear: Ear) -> None:
    bus = server.bus()
    await bus.publish([("here", b"before")])
    await ear.until(lambda noted: noted == [True, b"before"])
    for _ in range(2):
        await server.stop()
        with pytest.raises(BusUnavailableError):
            await bus.publish([("here", b"lost")])
        await ear.until(lambda noted: noted[-1] is False)
        with pytest.raises(BusUnavailableError):
            await bus.publish([("here", b"lost")])
        await server.start()
        await ear.until(lambda noted: noted[-1] is True)
        assert await published(bus, ("here", b"after")) == [1]
        await ear.until(lambda noted: noted[-1] == b"after")
    assert ear.noted == [True, b"before", *[False, True, b"after"] * 2]


async def test_who_begins_while_the_server_is_down_hears_later(server: Server, nursery: trio.Nursery) -> None:
    with trio.fail_after(HANG_GUARD_S):
        await server.stop()
        late, bus = Ear(), server.bus()
        nursery.start_soon(server.bus().listen, "late", late.note, late.note)
        with pytest.raises(BusUnavailableError):
            await bus.publish([("late", b"lost")])
        assert late.noted == []
        await server.start()
        await late.until(lambda noted: noted == [True])
        assert await published(bus, ("late", b"heard")) == [1]
        await late.until(lambda noted: noted == [True, b"heard"])
    nursery.cancel_scope.cancel()


async def test_a_cancelled_publish_leaves_the_bus_usable(server: Server, ear: Ear) -> None:
    bus = server.bus()
    for n in range(20):
        with trio.CancelScope() as scope:
            scope.cancel()
            await bus.publish([("here", b"cancelled %d" % n)])
    assert await published(bus, ("here", b"last")) == [1]
    await ear.until(lambda noted: noted[-1] == b"last")
