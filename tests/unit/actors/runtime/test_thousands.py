"""A thousand at once: what actors ask is gathered, what is idle goes bit by bit, what is overdue comes bit by bit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
import trio
import trio.testing

from actors.kind import Instant
from actors.ports.log import LogUnavailableError
from actors.runtime import limits
from actors.runtime.due import DueWork
from protocol.codes import Code
from protocol.frames import Accepted, Command, Refused, Reply, Unknown
from protocol.ids import stream_key
from protocol.limits import COMMAND_TIMEOUT_S
from storage.memory.database import StoredStream
from storage.memory.faults import Faults
from storage.memory.log import MemoryLog
from tests.ownership import owning_everything
from tests.ports import SeededRandomness
from tests.unit.actors.runtime.conftest import (
    TALLY,
    Add,
    Check,
    Tally,
    TallyKind,
    Touch,
    World,
    ask_all,
    cid,
)

ME = "user:" + "1" * 32


class Counting(Faults):
    """Counts calls, and can hold them up or let them fail."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.held: dict[str, trio.Event] = {}
        self.failing: set[str] = set()
        self.appended: list[int] = []

    async def before(self, call: str) -> None:
        self.calls[call] += 1
        await trio.lowlevel.checkpoint()
        if (gate := self.held.get(call)) is not None:
            await gate.wait()
        if call in self.failing:
            raise LogUnavailableError(call)

    def busy(self, stream: str) -> bool:
        return False


def crowd(world: World, count: int, *, shards: int = 256) -> list[str]:
    """Streams that exist."""
    streams = [f"tally:{n % shards:02x}{n:030x}" for n in range(count)]
    for stream in streams:
        world.database.streams[stream_key(stream)] = StoredStream("tally")
    return streams


def adds(streams: Sequence[str], name: str = "a") -> list[Add]:
    return [Add(client_id=cid(name, stream), stream=stream) for stream in streams]


@pytest.fixture
def counting(world: World) -> Counting:
    world.faults = faults = Counting()
    return faults


class Stuck(TallyKind):
    """Wants to be woken long ago while nothing happened, and does nothing then."""

    def due(self, state: Tally) -> Instant | None:
        return state.due if state.total else 1

    def on_due(self, state: Tally, now: Instant) -> Command | None:
        return super().on_due(state, now) if state.total else None


# --- gathered ----------------------------------------------------------------------------------------------------


async def test_a_thousand_passive_streams_are_activated_in_a_few_calls(
    autojump_clock: object, world: World, counting: Counting
) -> None:
    streams = crowd(world, 1000)
    async with world.runtime() as runtime:
        replies = await ask_all(runtime, adds(streams))
        assert all(isinstance(reply, Accepted) for reply in replies)
        assert counting.calls["activate"] <= 1000 / limits.ACTIVATIONS_PER_CALL_MAX + 2
        assert counting.calls["read"] == 0, "there was nothing to fold"
        assert await world.release(runtime)
        assert counting.calls["checkpoint"] <= 5, "they are written together too"
    async with world.runtime() as runtime:
        for row in world.database.streams.values():
            row.checkpoints.clear()
        await ask_all(runtime, adds(streams, "b"))
    assert counting.calls["read"] <= 1000 / limits.ACTIVATIONS_PER_CALL_MAX + 5


async def test_receipts_and_facts_of_many_streams_are_read_together(
    autojump_clock: object, world: World, counting: Counting
) -> None:
    streams = crowd(world, 500)
    async with world.runtime() as runtime:
        await ask_all(runtime, adds(streams))
        resends = [Add(client_id=cid("a", stream), stream=stream, resend=True) for stream in streams]
        assert all(isinstance(reply, Accepted) for reply in await ask_all(runtime, resends))
        assert counting.calls["receipts"] <= 5
        checks = [Check(client_id=cid("c", stream), stream=stream, seq=1, note="") for stream in streams]
        assert all(isinstance(reply, Accepted) for reply in await ask_all(runtime, checks))
        assert counting.calls["facts"] <= 5


async def test_a_plain_command_asks_for_nothing(
    autojump_clock: object, world: World, counting: Counting
) -> None:
    (a,) = crowd(world, 1)
    async with world.runtime() as runtime:
        await ask_all(runtime, adds([a], "first"))
        before = counting.calls.copy()
        await ask_all(runtime, adds([a], "second"))
    assert counting.calls - before == Counter({"append": 1})


async def test_one_row_that_is_held_holds_up_no_other_activation(
    autojump_clock: object, world: World, counting: Counting
) -> None:
    streams = crowd(world, 50)
    lock = world.row(streams[7]).lock
    await lock.acquire()
    replies: dict[str, Reply] = {}
    async with world.runtime() as runtime:
        for command in adds(streams):
            runtime.router.send(
                command, by=ME, reply=lambda reply, stream=command.stream: replies.update({stream: reply})
            )
        await trio.sleep(1)
        assert len(replies) == 49
        lock.release()
        await trio.sleep(1)
    assert all(isinstance(reply, Accepted) for reply in replies.values())
    assert len(replies) == 50


async def test_what_a_command_waits_for_inside_never_adds_up_to_more_than_its_own_time(
    autojump_clock: object, world: World, counting: Counting
) -> None:
    """An activation, receipts, facts: each may wait, all together no longer than the command is worth."""
    streams = crowd(world, 3)
    counting.held = {"activate": trio.Event(), "receipts": trio.Event(), "facts": trio.Event()}
    async with world.runtime() as runtime:
        began = trio.current_time()
        commands = [
            Check(client_id=cid(stream), stream=stream, seq=1, note="", resend=True) for stream in streams
        ]

        async def slowly() -> None:
            for name in ("activate", "receipts"):
                await trio.sleep(4)
                counting.held[name].set()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(slowly)
            replies = await ask_all(runtime, commands)
        assert all(isinstance(reply, Unknown) for reply in replies)
        assert trio.current_time() - began <= COMMAND_TIMEOUT_S + limits.ROUTER_SWEEP_S
        await trio.sleep(limits.ROUTER_SWEEP_S)
        assert runtime.store.gathers["facts"].waiting == 0
        counting.held.clear()
        assert all(isinstance(reply, Accepted) for reply in await ask_all(runtime, adds(streams)))


async def test_nothing_is_activated_for_who_has_given_up(
    autojump_clock: object, world: World, counting: Counting
) -> None:
    streams = crowd(world, 2 * limits.ACTIVATIONS_PER_CALL_MAX * limits.ACTIVATION_LINES)
    counting.held = {"activate": trio.Event()}
    async with world.runtime() as runtime:
        replies = await ask_all(runtime, adds(streams))
        assert all(isinstance(reply, Refused) and reply.code is Code.UNAVAILABLE for reply in replies)
        await trio.sleep(1)
        gate = counting.held.pop("activate")
        gate.set()
        await trio.sleep(5)
        assert counting.calls["activate"] == limits.ACTIVATION_LINES, "the others had left"


# --- idle --------------------------------------------------------------------------------------------------------


async def test_a_crowd_that_is_idle_at_once_goes_a_few_a_step(
    autojump_clock: object, world: World, counting: Counting
) -> None:
    streams = crowd(world, 2000)
    step_s = limits.PASSIVATION_SWEEP_S / limits.PASSIVATION_STEPS
    async with world.runtime() as runtime:
        await ask_all(runtime, adds(streams))
        counters, most = runtime.counters, 0
        ends = trio.current_time() + limits.PASSIVATE_AFTER_S + 3 * limits.PASSIVATION_SWEEP_S
        while trio.current_time() < ends:
            before = counters.passivations
            await trio.sleep(step_s)
            most = max(most, counters.passivations - before)
        assert len(runtime.supervisor) == 0
        assert (counters.passivations, counters.checkpoints, counters.checkpoints_failed) == (2000, 2000, 0)
        assert 0 < most <= 2 * limits.PASSIVATIONS_PER_STEP_MAX


async def test_what_is_idle_beyond_a_steps_limit_is_counted_and_goes_later(
    autojump_clock: object, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PASSIVATIONS_PER_STEP_MAX", 1)
    same_shard = crowd(world, 4, shards=1)
    async with world.runtime() as runtime:
        await ask_all(runtime, adds(same_shard))
        await trio.sleep(limits.PASSIVATE_AFTER_S + 5 * limits.PASSIVATION_SWEEP_S)
        assert len(runtime.supervisor) == 0
        assert runtime.counters.passivations == 4
        assert runtime.counters.passivations_deferred == 3 + 2 + 1


async def test_a_checkpoint_that_cant_be_kept_is_counted(
    autojump_clock: object, world: World, counting: Counting
) -> None:
    streams = crowd(world, 3)
    async with world.runtime() as runtime:
        await ask_all(runtime, adds(streams))
        counting.failing = {"checkpoint"}
        assert await world.release(runtime)
        assert (runtime.counters.checkpoints, runtime.counters.checkpoints_failed) == (0, 3)


# --- overdue -----------------------------------------------------------------------------------------------------


async def test_a_crowd_that_is_overdue_is_woken_bit_by_bit_and_in_any_order(
    autojump_clock: object, world: World
) -> None:
    streams = crowd(world, 3 * limits.DUE_PAGE_STREAMS_MAX)
    now = world.clock.now()
    for number, stream in enumerate(streams):
        world.row(stream).wake_at = now - 10_000 + number
    woken: list[tuple[float, str]] = []
    due = DueWork(
        MemoryLog(world.database, world.clock),
        owning_everything(world.clock),
        world.clock,
        SeededRandomness(1),
        lambda stream, epoch: woken.append((trio.current_time(), stream)),
    )
    async with trio.open_nursery() as nursery:
        nursery.start_soon(due.run)
        await trio.sleep(limits.DUE_SWEEP_S - 1)
        nursery.cancel_scope.cancel()
    assert {stream for _, stream in woken} == set(streams)
    assert [stream for _, stream in woken] != streams
    for tenth in range(40):
        part = [at for at, _ in woken if tenth / 10 <= at < (tenth + 1) / 10]
        assert len(part) <= 2 * limits.DUE_WAKES_PER_S / 10


async def test_a_thousand_that_stay_overdue_keep_no_timer_from_firing(
    autojump_clock: object, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are read first, each time: their wake_at is older."""
    monkeypatch.setattr(limits, "DUE_PAGE_STREAMS_MAX", 20)
    stuck = crowd(world, 101)[1:]
    for stream in stuck:
        world.row(stream).wake_at = 1
    (late,) = world.make("0")
    async with world.runtime() as runtime:
        await ask_all(runtime, [Add(client_id=cid("t"), stream=late, due=world.clock.now() + 40_000)])
    for stream in stuck:
        world.row(stream).wake_at = 1
    world.kind.due = lambda state: state.due or (1 if state.total == 0 else None)  # type: ignore[method-assign]
    world.kind.on_due = lambda state, now: (
        None if state.total == 0 else Touch(client_id=cid("u"), stream=late)
    )  # type: ignore[method-assign]
    async with world.runtime() as runtime:
        await trio.sleep(35)
        assert world.row(late).activation == 1
        await trio.sleep(10)
        assert world.row(late).activation == 2


async def test_due_work_that_couldnt_be_read_is_read_from_there_on(
    autojump_clock: object, world: World, counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "DUE_PAGE_STREAMS_MAX", 2)
    streams = crowd(world, 5)
    for number, stream in enumerate(streams):
        world.row(stream).wake_at = number + 1
    woken: list[str] = []
    due = DueWork(
        MemoryLog(world.database, world.clock, counting),
        owning_everything(world.clock),
        world.clock,
        SeededRandomness(1),
        lambda stream, epoch: woken.append(stream),
    )
    counting.failing = {"due"}
    async with trio.open_nursery() as nursery:
        nursery.start_soon(due.run)
        await trio.sleep(3 * limits.DUE_RESWEEP_S)
        counting.failing = set()
        await trio.sleep(3 * limits.DUE_RESWEEP_S)
        assert sorted(woken) == streams
        nursery.cancel_scope.cancel()


# --- long logs ---------------------------------------------------------------------------------------------------


async def test_a_long_fold_that_is_cut_off_goes_on_where_it_was(
    autojump_clock: object, world: World, counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CHECKPOINT_EVENTS", 10**9)
    monkeypatch.setattr(limits, "FOLD_PAGE_EVENTS", 10)
    monkeypatch.setattr(limits, "FOLD_CHECKPOINT_EVENTS", 20)
    (a,) = crowd(world, 1)
    async with world.runtime() as runtime:
        for number in range(100):
            await ask_all(runtime, adds([a], str(number)))
    assert world.row(a).checkpoints == {}

    class Cut(Counting):
        async def before(self, call: str) -> None:
            await super().before(call)
            if call == "read" and self.calls[call] == 6:
                raise LogUnavailableError("cut off")

    world.faults = cut = Cut()
    async with world.runtime() as runtime:
        (reply,) = await ask_all(runtime, adds([a], "during"))
        assert isinstance(reply, Refused)
        kept, _ = world.row(a).checkpoints[1]
        assert kept == 40
        (reply,) = await ask_all(runtime, adds([a], "after"))
        assert isinstance(reply, Accepted) and reply.seq == 101
        assert cut.calls["read"] == 6 + (100 - 40) / 10


# --- streams that stay empty -------------------------------------------------------------------------------------


async def test_a_stream_whose_creation_was_refused_leaves_no_row(
    autojump_clock: object, world: World, counting: Counting
) -> None:
    stream = TALLY.format(9)
    async with world.runtime() as runtime:
        entity = runtime.supervisor.entity(stream, runtime.router._ownership.epoch(stream) or 0)
        assert entity is not None
        entity.create = True
        (reply,) = await ask_all(runtime, [Add(client_id=cid("bad"), stream=stream, amount=-1)])
        assert isinstance(reply, Refused) and reply.code is Code.INVALID
        await trio.testing.wait_all_tasks_blocked()
        assert world.database.stream(stream) is None
        assert len(runtime.supervisor) == 0
        assert counting.calls["append"] == 0


async def test_what_makes_the_stream_right_after_a_refusal_is_accepted(
    autojump_clock: object, world: World, counting: Counting
) -> None:
    stream = TALLY.format(9)
    counting.held = {"discard": trio.Event()}
    replies: list[Reply] = []
    async with world.runtime() as runtime:
        for amount in (-1, 1):
            entity = runtime.supervisor.entity(stream, runtime.router._ownership.epoch(stream) or 0)
            assert entity is not None
            entity.create = True
            command = Add(client_id=cid(str(amount)), stream=stream, amount=amount)
            runtime.router.send(command, by=ME, reply=replies.append)
            await trio.testing.wait_all_tasks_blocked()
        counting.held["discard"].set()
        await trio.sleep(1)
    refused, accepted = replies
    assert isinstance(refused, Refused)
    assert isinstance(accepted, Accepted) and accepted.seq == 1


async def test_a_stream_that_holds_a_receipt_stays(autojump_clock: object, world: World) -> None:
    stream = TALLY.format(9)
    async with world.runtime() as runtime:
        entity = runtime.supervisor.entity(stream, runtime.router._ownership.epoch(stream) or 0)
        assert entity is not None
        entity.create = True
        (reply,) = await ask_all(runtime, [Touch(client_id=cid("t"), stream=stream)])
        assert isinstance(reply, Accepted)
        assert await world.release(runtime)
    assert world.database.stream(stream) is not None
