"""No step of the runtime takes much more than STEP_S, however much there is to do; and nothing is lost, or overtaken.

Here work takes the time that the tests say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
import trio
from msgspec import Struct, msgpack
from typing_extensions import override

from actors.kind import Decision, FactKey, Facts, Instant
from actors.room.kind import RoomKind
from actors.room.state import Room
from actors.runtime import limits
from actors.runtime.checkpoints import decode_state, encode_state
from actors.runtime.time_slice import TimeSlice
from protocol.codes import Code
from protocol.event import Header, decode_header
from protocol.frames import Accepted, Command, Refused, Reply
from protocol.limits import BATCH_COMMANDS_MAX
from tests.ports import TrioClock
from tests.unit.actors.room.talk import ROOM
from tests.unit.actors.runtime.conftest import Add, Added, Check, Tally, TallyKind, World, ask_all, cid
from tests.unit.actors.runtime.nodes import Cluster, shards_of

EACH_S = limits.STEP_S / 4
ME = "user:" + "1" * 32


class Worked(TrioClock):
    """A clock that also counts the time that work took."""

    def __init__(self) -> None:
        self.worked_s = 0.0
        self.look_s = 0.0
        """What looking at it takes."""

    def work(self, seconds: float) -> None:
        self.worked_s += seconds

    @override
    def monotonic(self) -> float:
        self.worked_s += self.look_s
        return super().monotonic() + self.worked_s

    @override
    async def sleep_until(self, monotonic: float) -> None:
        await trio.sleep_until(monotonic - self.worked_s)


class Steps(trio.abc.Instrument):
    """The work of each step of a task."""

    def __init__(self, clock: Worked) -> None:
        self._clock = clock
        self._begun_s = clock.worked_s
        self.worked_s: list[float] = []

    @override
    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self._begun_s = self._clock.worked_s

    @override
    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        if (worked_s := self._clock.worked_s - self._begun_s) > 0:
            self.worked_s.append(worked_s)


@contextmanager
def bounded(clock: Worked, *, each_s: float = EACH_S) -> Iterator[Steps]:
    """Within, no step takes longer than STEP_S and one thing more; and there are several steps."""
    steps = Steps(clock)
    trio.lowlevel.add_instrument(steps)
    try:
        yield steps
    finally:
        trio.lowlevel.remove_instrument(steps)
    assert max(steps.worked_s) < limits.STEP_S + 2 * each_s
    assert len(steps.worked_s) > 3


class SlowKind(TallyKind):
    """Every command, and every event, takes EACH_S; where ``slow_facts``, so does saying which rows a command needs."""

    slow_facts = False

    def __init__(self, clock: Worked) -> None:
        self._clock = clock

    @override
    def facts(self, state: Tally, command: Command, *, by: str) -> Sequence[FactKey]:
        self._clock.work(EACH_S * self.slow_facts)
        return super().facts(state, command, by=by)

    @override
    def decide(self, state: Tally, facts: Facts, command: Command, *, by: str, now: Instant) -> Decision:
        self._clock.work(EACH_S * (not self.slow_facts))
        return super().decide(state, facts, command, by=by, now=now)

    def folding(self) -> None:
        """From now on applying takes the time, not deciding."""
        apply = super().apply

        def slowly(state: Tally, header: Header, payload: Struct | None) -> Tally:
            self._clock.work(EACH_S)
            return apply(state, header, payload)

        self.apply = slowly  # type: ignore[method-assign]


class SlowWorld(World):
    clock: Worked

    def __init__(self) -> None:
        super().__init__()
        self.clock = Worked()
        self.kind: SlowKind = SlowKind(self.clock)


def working(clock: Worked, call: Callable[..., Any]) -> Callable[..., Any]:
    """The same, and each call takes EACH_S."""

    def slowly(*args: Any, **kwargs: Any) -> Any:
        clock.work(EACH_S)
        return call(*args, **kwargs)

    return slowly


def adds(stream: str, count: int) -> list[Command]:
    return [Add(client_id=cid(str(n)), stream=stream, amount=n) for n in range(count)]


def amounts(world: World, stream: str) -> list[int]:
    rows = world.row(stream).events
    return [msgpack.decode(row.payload, type=Added).amount for row in rows if row.payload is not None]


# --- batches ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slow_facts", [False, True])
async def test_a_batch_ends_with_its_time_and_the_rest_begins_the_next(
    autojump_clock: object, slow_facts: bool
) -> None:
    world = SlowWorld()
    world.kind.slow_facts = slow_facts
    (a,) = world.make("1")
    async with world.runtime() as runtime:
        with bounded(world.clock):
            replies = await ask_all(runtime, adds(a, 50))
        assert runtime.committer.commits > 10
    assert [reply.seq for reply in replies if isinstance(reply, Accepted)] == list(range(1, 51))
    assert amounts(world, a) == list(range(50))


async def test_a_batch_that_takes_no_time_is_as_large_as_ever(autojump_clock: object, world: World) -> None:
    (a,) = world.make("1")
    async with world.runtime() as runtime:
        await ask_all(runtime, adds(a, 1))
        await ask_all(runtime, adds(a, BATCH_COMMANDS_MAX + 1)[1:])
        assert runtime.committer.commits == 2


async def test_a_command_that_takes_longer_than_a_step_is_decided_alone(autojump_clock: object) -> None:
    world = SlowWorld()
    world.kind.decide = _taking(world, 3 * limits.STEP_S)  # type: ignore[method-assign]
    (a,) = world.make("1")
    async with world.runtime() as runtime:
        await ask_all(runtime, adds(a, 4))
        assert runtime.committer.commits == 4
    assert amounts(world, a) == [0, 1, 2, 3]


def _taking(world: SlowWorld, seconds: float) -> Callable[..., Decision]:
    decide = TallyKind().decide

    def slowly(*args: Any, **kwargs: Any) -> Decision:
        world.clock.work(seconds)
        return decide(*args, **kwargs)

    return slowly


async def test_commands_behind_the_cut_see_those_before_it_and_keep_their_place(
    autojump_clock: object,
) -> None:
    """Also when the batch before them isn't committed: what it held goes back in front of them."""
    world = SlowWorld()
    (a,) = world.make("1")
    async with world.runtime() as runtime:
        first = await ask_all(runtime, adds(a, 1))
        # Of a batch with a repeat nothing is written at first.
        repeat = Add(client_id=cid("0"), stream=a, amount=0)
        check = Check(client_id=cid("check"), stream=a, seq=20, note="")
        replies = await ask_all(runtime, [*adds(a, 8)[1:], repeat, *adds(a, 21)[8:], check])
    assert replies[7] == first[0]
    assert all(isinstance(reply, Accepted) for reply in replies)
    assert amounts(world, a) == list(range(21))


# --- what an activation folds -------------------------------------------------------------------------------------


async def test_a_long_fold_lets_others_run(autojump_clock: object) -> None:
    world = SlowWorld()
    (a,) = world.make("1")
    async with world.runtime() as runtime:
        await ask_all(runtime, adds(a, 250))
    world.kind.folding()
    async with world.runtime() as runtime:
        with bounded(world.clock):
            reply = await runtime.router.ask(Check(client_id=cid("c"), stream=a, seq=250, note=""), by=ME)
    assert isinstance(reply, Accepted)


async def test_the_fields_of_a_checkpoint_are_apart() -> None:
    clock = Worked()
    clock.look_s = EACH_S
    room = RoomKind(bytes(32)).initial(ROOM)
    with bounded(clock):
        kept = await encode_state(room, TimeSlice(clock))
    with bounded(clock):
        assert await decode_state(kept, Room, TimeSlice(clock)) == room


# --- what many wait for -------------------------------------------------------------------------------------------


async def test_what_is_held_is_routed_again_in_portions_and_nothing_overtakes_it(
    autojump_clock: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = Cluster()
    cluster.clock = clock = Worked()
    streams = cluster.make("1", "2")
    order: dict[str, list[str]] = {stream: [] for stream in streams}

    def send(runtime: Any, number: int) -> None:
        stream = streams[number % 2]
        command = Add(client_id=cid(str(number)), stream=stream, amount=number)
        runtime.router.send(command, by=ME, reply=lambda _: order[stream].append(str(number)))

    async with cluster.running(1) as (one,):
        one.ownership.hand_over(shards_of(*streams))
        for number in range(200):
            send(one.runtime, number)
        assert one.runtime.router.held == 200
        monkeypatch.setattr(one.runtime.supervisor, "entity", working(clock, one.runtime.supervisor.entity))
        with bounded(clock):
            one.ownership.keep(shards_of(*streams))
            late = 200
            while one.runtime.router.held:
                send(one.runtime, late)  # while those before it are on their way
                late += 1
                await trio.lowlevel.checkpoint()
        await trio.sleep(5)
    assert late > 203
    for index, stream in enumerate(streams):
        wanted = list(range(index, late, 2))
        assert amounts(cluster, stream) == wanted
        assert order[stream] == [str(number) for number in wanted]


async def test_what_is_held_while_it_is_routed_again_is_bounded_and_told_at_the_end(
    autojump_clock: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.runtime.router.HELD_MAX", 5)
    cluster = Cluster()
    (a,) = cluster.make("1")
    replies: list[Reply] = []
    async with cluster.running(1) as (one,):
        one.ownership.hand_over(shards_of(a))
        for command in adds(a, 5):
            one.runtime.router.send(command, by=ME, reply=replies.append)
        one.ownership.keep(shards_of(a))
        one.runtime.router.send(Add(client_id=cid("more"), stream=a), by=ME, reply=replies.append)
        assert [reply.code for reply in replies if isinstance(reply, Refused)] == [Code.OVERLOADED]
        await trio.lowlevel.checkpoint()
    assert len(replies) == 6


async def test_many_streams_are_woken_in_portions(
    autojump_clock: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = SlowWorld()
    streams = world.make(*"0123456789abcdef")
    async with world.runtime() as runtime:
        due = world.clock.now() + 5_000
        for stream in streams:
            await ask_all(runtime, [Add(client_id=cid(stream), stream=stream, due=due)])
        supervisor, clock = runtime.supervisor, world.clock
        monkeypatch.setattr(supervisor, "entity", working(clock, supervisor.entity))
        with bounded(clock):
            await trio.sleep(6)
    for stream in streams:
        events = [decode_header(row.header).type for row in world.row(stream).events]
        assert events == ["tally.added", "tally.expired"]
