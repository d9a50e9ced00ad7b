"""Work off the loop: of what its stream is now, once, whatever fails or dies in between."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest
import trio
import trio.testing
from typing_extensions import override

from actors.kind import Work
from actors.ports.log import LogRow, LogUnavailableError
from actors.runtime import limits
from actors.runtime.node import Runtime
from protocol.event import Header, decode_header
from protocol.frames import Accepted, Command
from storage.memory.executor import MemoryExecutor
from storage.memory.faults import Faults, Point
from tests.counter_kind import Add, AskWeight, Counter, CounterKind, Open, TakeWeight, weight_of
from tests.unit.actors.runtime.conftest import Published, World, cid

ME = "user:" + "1" * 32


class Desk(MemoryExecutor):
    """Calls wait at it as long as it is closed."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        """The arguments of each that began."""
        self.failing = 0
        """So many of the next calls fail."""
        self._open = trio.Event()
        self.open()

    def close(self) -> None:
        self._open = trio.Event()

    def open(self) -> None:
        self._open.set()

    @override
    async def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        self.calls.append(arguments)
        await self._open.wait()
        if self.failing:
            self.failing -= 1
            raise RuntimeError("killed")
        return await super().call(function, *arguments)


class Hears(Published):
    """Knows when something was weighed."""

    def __init__(self) -> None:
        super().__init__()
        self.weighed = trio.Event()

    @override
    def publish(self, stream: str, rows: Sequence[LogRow]) -> None:
        super().publish(stream, rows)
        if any(decode_header(row.header).type == "counter.weighed" for row in rows):
            self.weighed.set()


class Scales(World):
    """A world of counters, and the desk at which they are weighed."""

    def __init__(self) -> None:
        super().__init__()
        self.kind = CounterKind()
        self.executor = self.desk = Desk()
        self.publisher = self.hears = Hears()
        self._ids = 0

    def new_id(self) -> str:
        self._ids += 1
        return cid(str(self._ids))

    async def send(self, runtime: Runtime, command: type[Command], **fields: Any) -> str:
        reply = await runtime.router.ask(command(client_id=self.new_id(), **fields), by=ME)
        assert isinstance(reply, Accepted), reply
        assert reply.stream is not None
        return reply.stream

    async def counter(self, runtime: Runtime, points: int) -> str:
        stream = await self.send(runtime, Open)
        await self.send(runtime, Add, stream=stream, points=points)
        return stream

    async def asked(self, runtime: Runtime, points: int = 5) -> str:
        """A counter of so many points that is to be weighed."""
        stream = await self.counter(runtime, points)
        await self.send(runtime, AskWeight, stream=stream)
        return stream

    def headers(self, stream: str) -> list[Header]:
        return [decode_header(row.header) for row in self.row(stream).events]

    def weights(self, stream: str) -> list[Any]:
        """As the log says."""
        return [head.marks["weight"] for head in self.headers(stream) if head.type == "counter.weighed"]


@pytest.fixture
def scales() -> Scales:
    return Scales()


async def test_what_a_state_wants_is_worked_out_and_comes_back(
    autojump_clock: object, scales: Scales
) -> None:
    async with scales.runtime() as runtime:
        stream = await scales.counter(runtime, 5)
        await trio.testing.wait_all_tasks_blocked()
        assert scales.desk.calls == [], "nobody asked"
        for _ in range(2):
            await scales.send(runtime, AskWeight, stream=stream)
            await trio.testing.wait_all_tasks_blocked()
        assert scales.desk.calls == [(5,), (5,)]
        assert scales.weights(stream) == [weight_of(5)] * 2
        assert sum(runtime.works.seconds.counts) == 2
    assert scales.row(stream).wake_at is None


async def test_a_result_of_what_was_before_is_thrown_away(autojump_clock: object, scales: Scales) -> None:
    async with scales.runtime() as runtime:
        scales.desk.close()
        stream = await scales.asked(runtime)
        await trio.testing.wait_all_tasks_blocked()
        await scales.send(runtime, Add, stream=stream, points=2)
        scales.desk.open()
        await trio.testing.wait_all_tasks_blocked()
        assert scales.desk.calls == [(5,), (7,)]
        assert scales.weights(stream) == [weight_of(7)]
        assert runtime.counters.works_outdated == 1
        assert runtime.counters.works_failed == 0


class Gate(Faults):
    """Lets appends through only while it is open."""

    def __init__(self) -> None:
        self.passes = trio.Event()
        self.passes.set()

    @override
    async def pause(self, point: Point) -> None:
        if point is Point.LOCKED:
            await self.passes.wait()


async def test_a_change_that_is_being_committed_is_heeded(autojump_clock: object, scales: Scales) -> None:
    scales.faults = gate = Gate()
    async with scales.runtime() as runtime:
        scales.desk.close()
        stream = await scales.asked(runtime)
        gate.passes = trio.Event()
        add = Add(client_id=cid("add"), stream=stream, points=2)
        runtime.router.send(add, by=ME, reply=lambda reply: None)
        await trio.testing.wait_all_tasks_blocked()
        scales.desk.open()
        await trio.testing.wait_all_tasks_blocked()
        assert scales.weights(stream) == []
        gate.passes.set()
        await trio.testing.wait_all_tasks_blocked()
        assert scales.desk.calls == [(5,), (7,)]
        assert scales.weights(stream) == [weight_of(7)]


async def test_a_failed_call_is_made_again_later(
    autojump_clock: object, scales: Scales, caplog: pytest.LogCaptureFixture
) -> None:
    async with scales.runtime() as runtime:
        scales.desk.failing = 3
        begun = trio.current_time()
        stream = await scales.asked(runtime)
        await scales.hears.weighed.wait()
        assert scales.weights(stream) == [weight_of(5)]
        least_s = limits.WORK_BACKOFF_MIN_S / 2
        assert trio.current_time() - begun >= least_s + 2 * least_s + 4 * least_s
        assert scales.desk.calls == [(5,)] * 4
        assert runtime.counters.works_failed == 3
    assert [record.exc_text is not None for record in caplog.records if "work failed" in record.message] == [
        True
    ] * 3


async def test_a_result_that_cannot_be_written_is_kept(autojump_clock: object, scales: Scales) -> None:
    class Away(Faults):
        away = False

        @override
        async def before(self, call: str) -> None:
            await trio.lowlevel.checkpoint()
            if self.away:
                raise LogUnavailableError(call)

    scales.faults = faults = Away()
    async with scales.runtime() as runtime:
        scales.desk.close()
        stream = await scales.asked(runtime)
        faults.away = True
        scales.desk.open()
        await trio.sleep(100)
        faults.away = False
        await trio.sleep(100)
        assert scales.weights(stream) == [weight_of(5)]
        assert scales.desk.calls == [(5,)]


async def test_a_stream_stays_as_long_as_it_waits(
    autojump_clock: object, scales: Scales, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Sooner than a look at what is due would wake it.
    monkeypatch.setattr(limits, "PASSIVATION_SWEEP_S", limits.DUE_SWEEP_S / 60)
    monkeypatch.setattr(limits, "PASSIVATE_AFTER_S", limits.DUE_SWEEP_S / 15)
    async with scales.runtime() as runtime:
        scales.desk.close()
        stream = await scales.asked(runtime)
        await trio.sleep(4 * limits.PASSIVATE_AFTER_S)
        assert len(runtime.supervisor) == 1
        assert scales.desk.calls == [(5,)]
        scales.desk.open()
        await trio.sleep(2 * limits.PASSIVATE_AFTER_S)
        assert len(runtime.supervisor) == 0
        assert scales.desk.calls == [(5,)]
        assert scales.weights(stream) == [weight_of(5)]


async def test_the_next_owner_works_it_out_though_nobody_asks(autojump_clock: object, scales: Scales) -> None:
    async with scales.runtime() as runtime:
        scales.desk.close()
        stream = await scales.asked(runtime)
        await trio.testing.wait_all_tasks_blocked()
    scales.desk.open()
    async with scales.runtime():
        await trio.sleep(2 * limits.DUE_SWEEP_S)
    assert scales.desk.calls == [(5,)] * 2
    assert scales.weights(stream) == [weight_of(5)]
    assert scales.row(stream).wake_at is None


async def test_handing_over_does_not_wait_for_it(autojump_clock: object, scales: Scales) -> None:
    async with scales.runtime() as runtime:
        scales.desk.close()
        stream = await scales.asked(runtime)
        await trio.testing.wait_all_tasks_blocked()
        begun = trio.current_time()
        assert await scales.release(runtime)
        assert trio.current_time() - begun < 1
        assert runtime.counters.works_failed == 0
    scales.desk.open()
    async with scales.runtime():
        await trio.sleep(2 * limits.DUE_SWEEP_S)
    assert scales.weights(stream) == [weight_of(5)]


async def test_so_many_are_worked_out_at_a_time(autojump_clock: object, scales: Scales) -> None:
    async with scales.runtime() as runtime:
        scales.desk.close()
        streams = [await scales.asked(runtime, points) for points in range(1, 6)]
        await trio.testing.wait_all_tasks_blocked()
        assert len(scales.desk.calls) == limits.WORKS_AT_ONCE
        assert runtime.works.waiting == 5 - limits.WORKS_AT_ONCE
        # Whoever waits for a turn is worked out as it is when the turn comes.
        await scales.send(runtime, Add, stream=streams[-1], points=100)
        scales.desk.open()
        await trio.testing.wait_all_tasks_blocked()
        assert [scales.weights(stream) for stream in streams] == [
            [weight_of(points)] for points in (1, 2, 3, 4, 105)
        ]
        assert sorted(scales.desk.calls) == [(1,), (2,), (3,), (4,), (105,)]
        assert runtime.works.waiting == 0


class Stubborn(CounterKind):
    """Takes no weight as long as it is stubborn."""

    stubborn = True

    @override
    def worked(self, state: Counter, key: int, result: int) -> Command:
        return TakeWeight(stream=state.stream, client_id="", key=key - self.stubborn, weight=result)


async def test_a_result_that_changes_nothing_waits_for_an_event(
    autojump_clock: object, scales: Scales, caplog: pytest.LogCaptureFixture
) -> None:
    scales.kind = kind = Stubborn()
    async with scales.runtime() as runtime:
        stream = await scales.asked(runtime)
        await trio.sleep(100)
        assert len(scales.desk.calls) == 1
        assert sum("a work changed nothing" in record.message for record in caplog.records) == 1
        kind.stubborn = False
        await scales.send(runtime, Add, stream=stream, points=1)
        await trio.testing.wait_all_tasks_blocked()
        assert scales.weights(stream) == [weight_of(6)]


class Clumsy(CounterKind):
    """Can't say what a result means, the first time."""

    clumsy = True

    @override
    def worked(self, state: Counter, key: int, result: int) -> Command:
        if self.clumsy:
            self.clumsy = False
            raise RuntimeError("boom")
        return super().worked(state, key, result)


async def test_a_bug_in_saying_what_it_came_to_ends_nothing(
    autojump_clock: object, scales: Scales, caplog: pytest.LogCaptureFixture
) -> None:
    scales.kind = Clumsy()
    async with scales.runtime() as runtime:
        stream = await scales.asked(runtime)
        await trio.sleep(100)
        assert scales.weights(stream) == [weight_of(5)]
        assert runtime.counters.crashes == 0
    assert sum(record.levelno == logging.ERROR for record in caplog.records) == 1


async def test_others_run_while_arguments_are_gathered(
    autojump_clock: object, scales: Scales, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = list[int]()

    class Large(CounterKind):
        @override
        def work(self, state: Counter) -> Work | None:
            work = super().work(state)
            if work is None:
                return None

            def gather() -> Any:
                for step in range(10):
                    steps.append(step)
                    yield
                return (state.total,)

            return Work(work.key, work.function, gather)

    scales.kind = Large()
    monkeypatch.setattr(limits, "STEP_S", 0.0)
    turns = list[int]()

    async def other() -> None:
        while True:
            turns.append(len(steps))
            await trio.lowlevel.checkpoint()

    async with scales.runtime() as runtime, trio.open_nursery() as nursery:
        nursery.start_soon(other)
        stream = await scales.asked(runtime)
        await scales.hears.weighed.wait()
        nursery.cancel_scope.cancel()
    most = max(after - before for before, after in pairwise(turns))
    assert most <= 2, "of two tasks either may come first each time"
    assert scales.weights(stream) == [weight_of(5)]
