"""Corners where a stream could hang, lie, or drag its neighbours along."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
import trio
from msgspec import Struct

from actors.kind import Decision, Effect, Facts, Instant, Refuse
from actors.ports.log import (
    Append,
    Fence,
    LogDataError,
    LogOutcomeUnknownError,
    LogRow,
    LogUnavailableError,
    Page,
    Receipt,
    Verdict,
)
from actors.runtime import limits
from actors.runtime.committer import Committer
from actors.runtime.committer import Outcome as Told
from actors.runtime.due import DueWork
from actors.runtime.node import Runtime
from protocol.codes import Code
from protocol.event import Header, decode_header
from protocol.frames import Accepted, Command, Refused, Reply, Signal, Unknown
from storage.memory.faults import Faults, Outcome, Point
from storage.memory.log import MemoryLog
from tests import single
from tests.ownership import owning_everything
from tests.ports import SeededRandomness, TrioClock
from tests.unit.actors.runtime.conftest import (
    Add,
    Expire,
    Explode,
    Tally,
    TallyKind,
    World,
    ask_all,
    cid,
)

ME = "user:" + "1" * 32


def types(world: World, stream: str) -> list[str]:
    return [decode_header(r.header).type for r in world.row(stream).events]


class Away(Faults):
    """The log is away, for these calls, while ``away`` is true."""

    def __init__(self, *calls: str) -> None:
        self.calls = calls
        self.away = False

    async def before(self, call: str) -> None:
        await trio.lowlevel.checkpoint()
        if self.away and call in self.calls:
            raise LogUnavailableError("away")


# --- a log that takes nothing ----------------------------------------------------------------------------------------


async def test_what_was_certainly_not_written_is_refused_and_a_resend_of_it_too(
    autojump_clock: object, world: World
) -> None:
    """Answered ``unknown`` a resend is sent again for half a minute, and nobody hears that the log takes nothing."""
    (a,) = world.make("1")
    world.faults = faults = Away("append", "activate")
    async with world.runtime() as runtime:
        written = Add(client_id=cid("0"), stream=a)
        await ask_all(runtime, [written])
        faults.away = True
        first = Add(client_id=cid("1"), stream=a)
        again = msgspec.structs.replace(first, resend=True)
        for command in (first, again):
            (reply,) = await ask_all(runtime, [command])
            assert isinstance(reply, Refused)
            assert reply.code is Code.UNAVAILABLE
            assert reply.retry_after_s
        (repeat,) = await ask_all(runtime, [msgspec.structs.replace(written, resend=True)])
        assert isinstance(repeat, Accepted), "a receipt still answers"
        faults.calls = ("append", "receipts")
        (reply,) = await ask_all(runtime, [again])
        assert isinstance(reply, Unknown), "who can't look can't be certain"
        faults.away = False
        (reply,) = await ask_all(runtime, [again])
        assert isinstance(reply, Accepted)


# --- leaving -----------------------------------------------------------------------------------------------------


async def test_draining_does_not_wait_for_effects_that_cannot_be_delivered(
    autojump_clock: object, world: World
) -> None:
    a, b = world.make("1", "2")
    world.faults = faults = Away("activate")
    async with world.runtime() as runtime:
        await ask_all(runtime, [Add(client_id=cid("warm"), stream=a)])
        faults.away = True
        await ask_all(runtime, [Add(client_id=cid("0"), stream=a, forward=b)])
        began = trio.current_time()
        assert await world.release(runtime)
        assert trio.current_time() - began < 1
    assert world.row(a).checkpoints[1][0] == 2
    faults.away = False
    async with world.runtime():
        await trio.sleep(40)
    assert len(world.row(b).events) == 1


async def test_a_resting_stream_does_not_hold_up_a_drain(autojump_clock: object, world: World) -> None:
    (a,) = world.make("1")
    async with world.runtime() as runtime:
        await wear_out(runtime, a)
        assert await world.release(runtime)


async def test_due_work_starts_nothing_in_a_draining_node(autojump_clock: object, world: World) -> None:
    a, b = world.make("1", "2")
    async with world.runtime() as runtime:
        await ask_all(runtime, [Add(client_id=cid("0"), stream=a)])
        assert await world.release(runtime)
        runtime.due.schedule(b, world.clock.now())
        await trio.sleep(5)
        assert len(runtime.supervisor) == 0


# --- resting -----------------------------------------------------------------------------------------------------


async def wear_out(runtime: Runtime, stream: str) -> None:
    """Crash a stream until it rests."""
    for i in range(limits.RESTARTS_MAX + 1):
        await runtime.router.ask(Explode(client_id=cid(f"e{i}"), stream=stream), by=ME)
    await trio.testing.wait_all_tasks_blocked()


async def test_a_resting_stream_says_so_to_who_wants_to_see_it(autojump_clock: object, world: World) -> None:
    (a,) = world.make("1")
    async with world.runtime() as runtime:
        await wear_out(runtime, a)
        began = trio.current_time()
        view = await runtime.router.view(a, user=ME)
        assert trio.current_time() - began < 1
    assert isinstance(view, Refused) and view.code is Code.UNAVAILABLE


# --- timers ------------------------------------------------------------------------------------------------------


async def test_a_timer_that_was_put_off_fires_on_its_new_time(autojump_clock: object, world: World) -> None:
    (a,) = world.make("0")
    async with world.runtime() as runtime:
        await trio.sleep(1)
        due = world.clock.now() + 3000
        await ask_all(runtime, [Add(client_id=cid("0"), stream=a, due=due)])
        await ask_all(runtime, [Add(client_id=cid("1"), stream=a, due=due + 4000)])
        await trio.sleep(6.9)
        assert "tally.expired" not in types(world, a)
        await trio.sleep(0.3)
        assert types(world, a)[-1] == "tally.expired"


async def test_due_work_keeps_no_more_than_the_near_future(autojump_clock: object, world: World) -> None:
    log = MemoryLog(world.database, world.clock)
    due = DueWork(log, owning_everything(world.clock), world.clock, SeededRandomness(1), lambda *_: None)
    for i in range(10_000):
        due.schedule("tally:1", world.clock.now() + 10**9 - i)
    assert len(due) == 0


async def test_a_crowd_that_is_due_at_once_is_read_page_by_page(
    autojump_clock: object, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "DUE_PAGE_STREAMS_MAX", 2)
    streams = world.make(*"12345")
    for stream in streams:
        world.row(stream).wake_at = world.clock.now()
    woken: set[str] = set()

    def wake(stream: str, epoch: int) -> None:
        world.row(stream).wake_at = None
        woken.add(stream)

    log = MemoryLog(world.database, world.clock)
    due = DueWork(log, owning_everything(world.clock), world.clock, SeededRandomness(1), wake)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(due.run)
        await trio.sleep(limits.DUE_SWEEP_S - 1)
        nursery.cancel_scope.cancel()
    assert woken == set(streams)


async def test_a_timer_that_falls_due_while_its_stream_is_passivated_fires(
    autojump_clock: object, world: World
) -> None:
    (a,) = world.make("0")

    class SlowCheckpoints(Faults):
        async def before(self, call: str) -> None:
            await trio.sleep(5 if call == "checkpoint" else 0)

    world.faults = SlowCheckpoints()
    async with world.runtime() as runtime:
        await trio.sleep(1)
        due_s = limits.PASSIVATE_AFTER_S + limits.PASSIVATION_SWEEP_S + 2
        due = world.clock.now() + int(due_s * 1000) - 1000
        await ask_all(runtime, [Add(client_id=cid("0"), stream=a, due=due)])
        await trio.sleep(due_s + 8)
        assert types(world, a)[-1] == "tally.expired"


async def test_a_draining_node_leaves_its_timers_to_the_next(autojump_clock: object, world: World) -> None:
    """And doesn't wake for them over and over."""
    streams = world.make("0", "1", "2")
    async with world.runtime() as runtime:
        due = world.clock.now() + 3000
        await ask_all(runtime, [Add(client_id=cid(s), stream=s, due=due) for s in streams])
        world.faults = runtime.committer._db._faults = Away("append")  # type: ignore[attr-defined]
        world.faults.away = True
        await trio.sleep(10)
        assert await world.release(runtime)


async def test_a_clock_that_steps_back_does_not_stop_a_timer(autojump_clock: object, world: World) -> None:
    (a,) = world.make("0")

    class Stepping(TrioClock):
        back_ms = 0

        def now(self) -> Instant:
            return super().now() - self.back_ms

    class Strict(TallyKind):
        def decide(self, state: Tally, facts: Facts, command: Command, *, by: str, now: Instant) -> Decision:
            if isinstance(command, Expire) and state.due is not None and now < state.due:
                return Refuse(Code.FORBIDDEN)
            return super().decide(state, facts, command, by=by, now=now)

        def on_due(self, state: Tally, now: Instant) -> Command | None:
            clock.back_ms = 100
            return super().on_due(state, now)

    world.clock = clock = Stepping()
    world.kind = Strict()
    async with world.runtime() as runtime:
        await ask_all(runtime, [Add(client_id=cid("0"), stream=a, due=clock.now() + 3000)])
        await trio.sleep(10)
    assert types(world, a)[-1] == "tally.expired"


# --- bugs in a kind ----------------------------------------------------------------------------------------------


class Nudge(Signal, frozen=True, kw_only=True, tag="tally.nudge"):
    """A signal."""


class BlindKind(TallyKind):
    """Fails wherever nobody waits for a decision."""

    signals = (Nudge,)
    broken = True

    def view(self, state: Tally, user: str) -> Struct:
        if self.broken:
            raise RuntimeError("view")
        return state

    def may_signal(self, state: Tally, signal: Signal, *, by: str, now: Instant) -> bool:
        raise RuntimeError("may_signal")


async def test_a_kind_that_fails_to_show_itself_harms_nobody_else(
    autojump_clock: object, world: World
) -> None:
    (a,) = world.make("1")
    world.kind = kind = BlindKind()
    async with world.runtime() as runtime:
        views: list[Any] = []

        async def look() -> None:
            views.append(await runtime.router.view(a, user=ME))

        with trio.fail_after(100):
            async with trio.open_nursery() as nursery:
                runtime.router.signal(Nudge(stream=a), by=ME)
                nursery.start_soon(look)
                nursery.start_soon(look)
        runtime.router.signal(Nudge(stream=a), by=ME)
        reply = await runtime.router.ask(Add(client_id=cid("0"), stream=a), by=ME)
        kind.broken = False
        assert getattr(await runtime.router.view(a, user=ME), "head", None) == 1
    assert [(type(v), v.code) for v in views] == [(Refused, Code.INTERNAL)] * 2
    assert isinstance(reply, Accepted)


class OddTimerKind(TallyKind):
    """Its timer is no instant."""

    def due(self, state: Tally) -> Instant | None:
        return None if state.due is None else "soon"  # type: ignore[return-value]


class BadEffectKind(TallyKind):
    """Owes something that can't be sent."""

    def effects(self, header: Header) -> Sequence[Effect]:
        return ["nothing that can be sent"] if "forward" in header.marks else []  # type: ignore[list-item]


@pytest.mark.parametrize("forward", [False, True])
async def test_a_kind_that_breaks_its_contract_costs_its_stream_alone(
    autojump_clock: object, world: World, forward: bool
) -> None:
    a, b = world.make("1", "2")
    world.kind = BadEffectKind() if forward else OddTimerKind()
    bad = Add(client_id=cid("0"), stream=a, forward=b if forward else None, due=1)
    async with world.runtime() as runtime:
        replies = await ask_all(runtime, [bad, Add(client_id=cid("1"), stream=b)])
    assert isinstance(replies[0], Refused)
    assert isinstance(replies[1], Accepted)


async def test_a_refusal_as_unstorable_is_looked_up_first_too(autojump_clock: object, world: World) -> None:
    """A repeat that isn't marked as one can be unstorable now, though it was accepted then."""
    (a,) = world.make("1")

    class Later(Faults):
        poison = False

        def outcome(self, appends: Sequence[Append]) -> Outcome:
            if self.poison and any(append.events for append in appends):
                raise LogDataError("poison")
            return Outcome.ANSWERED

    world.faults = faults = Later()
    async with world.runtime() as runtime:
        command = Add(client_id=cid("0"), stream=a)
        first = await runtime.router.ask(command, by=ME)
        faults.poison = True
        again = await runtime.router.ask(command, by=ME)
    assert again == first


# --- neighbours in one commit ------------------------------------------------------------------------------------


class Lossy(MemoryLog):
    """Writes only some streams of the first call, and loses its answer. Receipts can't be read, and slowly so."""

    written: Sequence[str] = ()
    calls = 0
    readable = False

    async def append(self, fence: Fence, appends: Sequence[Append], *, wait_for_locks: bool) -> list[Verdict]:
        self.calls += 1
        if self.calls == 1:
            some = [append for append in appends if append.stream in self.written]
            await super().append(fence, some, wait_for_locks=wait_for_locks)
            raise LogOutcomeUnknownError("lost")
        return await super().append(fence, appends, wait_for_locks=wait_for_locks)

    async def receipts(
        self, questions: Sequence[tuple[str, Sequence[tuple[str, str]]]]
    ) -> list[list[Receipt]]:
        if self.readable:
            return await super().receipts(questions)
        await self._clock.sleep_until(self._clock.monotonic() + 5)
        raise LogUnavailableError("slow")


def an_append(stream: str, activation: int) -> Append:
    receipt = Receipt(ME, cid(stream), 1, 1, b"d" * 16)
    event = LogRow(1, b"h", b"p")
    return Append(
        stream=stream,
        activation=activation,
        head=0,
        at=1,
        events=(event,),
        receipts=(receipt,),
        effects_seq=1,
    )


class Connections:
    """A committer, and what it tells when."""

    def __init__(self, world: World, log: MemoryLog, fence: Fence) -> None:
        self.world = world
        self.log = log
        self.fence = fence
        self.committer = Committer(log, fence, world.clock, SeededRandomness(1))
        self.told: dict[str, tuple[float, Told]] = {}

    async def submit(self, nursery: trio.Nursery, *streams: str) -> None:
        appends: list[Append] = []
        for stream in streams:
            found = await single.activate(
                self.log, self.fence, stream, epoch=1, create=False, state_version=1
            )
            assert found is not None
            appends.append(an_append(stream, found.activation))
        for append in appends:
            nursery.start_soon(self._tell, append)
        await trio.testing.wait_all_tasks_blocked()

    async def _tell(self, append: Append) -> None:
        began = trio.current_time()
        told = await self.committer.submit(append).wait()
        self.told[append.stream] = (trio.current_time() - began, told)


async def test_who_waits_for_receipts_holds_up_nobody(autojump_clock: object, world: World) -> None:
    a, b, c, d = world.make(*"1234")
    fence = await world.claim()
    log = Lossy(world.database, world.clock)
    log.written = (a, b, c)
    connections = Connections(world, log, fence)
    async with trio.open_nursery() as nursery:
        await nursery.start(connections.committer.run)
        await connections.submit(nursery, a, b, c, d)
        await trio.sleep(1)
        assert connections.told[d][1] is Told.COMMITTED
        await trio.sleep(10)
        log.readable = True
        await trio.sleep(20)
        nursery.cancel_scope.cancel()
    assert {told for _, told in connections.told.values()} == {Told.COMMITTED}
    assert [len(world.row(stream).events) for stream in (a, b, c, d)] == [1] * 4


async def test_a_commit_holds_a_bounded_number_of_events(
    autojump_clock: object, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the database was away, every stream may have a full batch ready."""
    monkeypatch.setattr(limits, "EVENTS_PER_COMMIT_MAX", 2)
    sizes: list[int] = []

    class Counting(MemoryLog):
        async def append(
            self, fence: Fence, appends: Sequence[Append], *, wait_for_locks: bool
        ) -> list[Verdict]:
            sizes.append(sum(len(append.events) for append in appends))
            return await super().append(fence, appends, wait_for_locks=wait_for_locks)

    fence = await world.claim()
    connections = Connections(world, Counting(world.database, world.clock), fence)
    async with trio.open_nursery() as nursery:
        await nursery.start(connections.committer.run)
        await connections.submit(nursery, *world.make(*"12345"))
        await trio.sleep(1)
        nursery.cancel_scope.cancel()
    assert len(connections.told) == 5
    assert max(sizes) == 2


async def test_held_rows_of_unsure_appends_do_not_stop_the_connections(
    autojump_clock: object, world: World
) -> None:
    held = world.make(*"1234")
    healthy, fresh = world.make("8", "9")
    fence = await world.claim()
    connections = Connections(world, Lossy(world.database, world.clock), fence)
    async with trio.open_nursery() as nursery:
        await nursery.start(connections.committer.run)
        await connections.submit(nursery, *held, healthy)
        for stream in held:
            assert world.row(stream).lock.try_acquire()
        await trio.sleep(5)
        await connections.submit(nursery, fresh)
        await trio.sleep(30)
        assert set(connections.told) == {healthy, fresh}
        assert connections.told[healthy][0] < 5  # two connections may each have waited once
        assert connections.told[fresh][0] < 0.5
        for stream in held:
            world.row(stream).lock.release()
        await trio.sleep(5)
        nursery.cancel_scope.cancel()
    assert {told for _, told in connections.told.values()} == {Told.COMMITTED}
    assert len(connections.told) == 6


# --- what was committed is told ----------------------------------------------------------------------------------


async def test_a_commit_under_way_is_published_and_answered_though_its_cell_is_cancelled(
    autojump_clock: object, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task of the cell crashes between the commit and its answer."""
    a, b = world.make("1", "2")

    class Slow(Faults):
        async def pause(self, point: Point) -> None:
            if point is Point.COMMITTED:
                await trio.sleep(1)

    async def crash(*_: object) -> None:
        await trio.sleep(0.5)
        raise RuntimeError("effects")

    world.faults = Slow()
    monkeypatch.setattr("actors.runtime.effects.Delivery.run", crash)
    async with world.runtime() as runtime:
        replies: list[Reply] = []
        runtime.router.send(Add(client_id=cid("0"), stream=a, forward=b), by=ME, reply=replies.append)
        await trio.sleep(1.2)
        runtime.router.send(Add(client_id=cid("1"), stream=a), by=ME, reply=replies.append)
        await trio.sleep(20)
    assert [type(reply) for reply in replies] == [Accepted, Accepted]
    assert [row.seq for stream, row in world.published if stream == a] == [1, 2]


# --- what is certain ---------------------------------------------------------------------------------------------


class LaterBrokenKind(TallyKind):
    """A release that can't decide any more what the one before accepted."""

    broken = False

    def decide(self, state: Tally, facts: Facts, command: Command, *, by: str, now: Instant) -> Decision:
        if self.broken:
            raise RuntimeError("boom")
        return super().decide(state, facts, command, by=by, now=now)


async def test_a_crash_is_no_refusal_of_what_was_accepted(autojump_clock: object, world: World) -> None:
    """The receipts are asked before ``internal`` is told, also when the sender doesn't say that it is a resend."""
    (a,) = world.make("1")
    world.kind = kind = LaterBrokenKind()
    async with world.runtime() as runtime:
        first = await runtime.router.ask(Add(client_id=cid("0"), stream=a), by=ME)
        kind.broken = True
        again = await runtime.router.ask(Add(client_id=cid("0"), stream=a), by=ME)
        other = await runtime.router.ask(Add(client_id=cid("1"), stream=a), by=ME)
    assert isinstance(first, Accepted)
    assert again == first
    assert isinstance(other, Refused) and other.code is Code.INTERNAL


async def test_a_crash_is_unknown_while_the_receipts_cannot_be_read(
    autojump_clock: object, world: World
) -> None:
    (a,) = world.make("1")
    world.faults = faults = Away("receipts")
    async with world.runtime() as runtime:
        faults.away = True
        reply = await runtime.router.ask(Explode(client_id=cid("0"), stream=a), by=ME)
    assert isinstance(reply, Unknown)


async def test_a_stream_without_its_history_is_unavailable_and_no_crash(
    autojump_clock: object,
    world: World,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (a,) = world.make("1")
    async with world.runtime() as runtime:
        await ask_all(runtime, [Add(client_id=cid(str(n)), stream=a) for n in range(5)])
        assert await world.release(runtime)
    row = world.row(a)
    row.checkpoints.clear()

    trimmed, read = 0, MemoryLog.read

    async def read_trimmed(self: MemoryLog, pages: Sequence[Page]) -> list[list[LogRow]]:
        return [[row for row in rows if row.seq > trimmed] for rows in await read(self, pages)]

    monkeypatch.setattr(MemoryLog, "read", read_trimmed)
    async with world.runtime() as runtime:
        for trimmed in (5, 3):
            began = trio.current_time()
            reply = await runtime.router.ask(Add(client_id=cid(f"x{trimmed}"), stream=a), by=ME)
            assert isinstance(reply, Refused) and reply.code is Code.UNAVAILABLE
            assert trio.current_time() - began < 0.01
    assert "isn't in the log" in str(vars(caplog.records[0])["error"])
    assert "crashed" not in caplog.text
    assert row.head == 5


async def test_what_is_owed_to_a_target_that_is_away_does_not_crowd_out_other_due_work(
    autojump_clock: object, world: World
) -> None:
    """Its stream is due when it is tried again, not all the time."""
    a, b = world.make("1", "2")

    class TargetAway(Faults):
        away = True

        async def before(self, call: str) -> None:
            await trio.lowlevel.checkpoint()
            if call == "activate" and self.away and world.row(a).activation:
                raise LogUnavailableError("away")

    world.faults = faults = TargetAway()
    async with world.runtime() as runtime:
        await ask_all(runtime, [Add(client_id=cid("0"), stream=a, forward=b)])
        await trio.sleep(20)
        wake_at = world.row(a).wake_at
        assert wake_at is not None and wake_at > world.clock.now()
        await ask_all(runtime, [Add(client_id=cid("1"), stream=a)])
        assert world.row(a).wake_at == wake_at
        assert world.row(a).effects_seq == 0
        faults.away = False
        await trio.sleep(limits.EFFECT_BACKOFF_MAX_S)
    assert len(world.row(b).events) == 1
    assert (world.row(a).wake_at, world.row(a).effects_seq) == (None, 2)
