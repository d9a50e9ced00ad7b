"""What a caller of the runtime sees: order, once-only effect, and what trouble turns into."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import pytest
import trio
from msgspec import msgpack

from actors.ports.log import Append, LogDataError, LogUnavailableError
from actors.runtime.limits import ROUTER_SWEEP_S
from protocol.codes import Code
from protocol.frames import Accepted, Refused, Unknown
from storage.memory.faults import Faults, Outcome, Point
from tests.unit.actors.runtime.conftest import (
    Add,
    Added,
    Check,
    Explode,
    Touch,
    World,
    ask_all,
    cid,
)

ME = "user:" + "1" * 32


def amounts(world: World, stream: str) -> list[int]:
    rows = world.row(stream).events
    return [msgpack.decode(r.payload, type=Added).amount for r in rows if r.payload is not None]


async def test_a_batch_is_decided_on_the_working_state_and_answered_in_order(
    autojump_clock: object, world: World
) -> None:
    (a,) = world.make("1")
    async with world.runtime() as runtime:
        replies = await ask_all(
            runtime, [Add(client_id=cid(str(i)), stream=a, amount=i, note=f"n{i}") for i in range(5)]
        )
    assert [r.seq for r in replies if isinstance(r, Accepted)] == [1, 2, 3, 4, 5]
    assert amounts(world, a) == [0, 1, 2, 3, 4]
    assert [row.seq for _, row in world.published] == [1, 2, 3, 4, 5]


async def test_facts_see_the_batchs_own_writes(autojump_clock: object, world: World) -> None:
    (a,) = world.make("1")
    async with world.runtime() as runtime:
        replies = await ask_all(
            runtime,
            [
                Check(client_id=cid("0"), stream=a, seq=1, note="x"),
                Add(client_id=cid("1"), stream=a, note="x"),
                Check(client_id=cid("2"), stream=a, seq=1, note="x"),
            ],
        )
        later = await runtime.router.ask(Check(client_id=cid("3"), stream=a, seq=1, note="x"), by=ME)
    assert [type(r) for r in replies] == [Refused, Accepted, Accepted]
    assert isinstance(later, Accepted)


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("resend", [True, False])
async def test_a_repeat_gets_the_first_answer_and_no_second_effect(
    autojump_clock: object, world: World, together: bool, resend: bool
) -> None:
    (a,) = world.make("1")
    first = Add(client_id=cid("x"), stream=a, amount=7)
    again = Add(client_id=cid("x"), stream=a, amount=7, resend=resend)
    other = Add(client_id=cid("x"), stream=a, amount=8)
    async with world.runtime() as runtime:
        if together:
            replies = await ask_all(runtime, [first, again, other])
        else:
            replies = [await runtime.router.ask(c, by=ME) for c in (first, again, other)]
        # even a repeat that would be refused now gets the first answer
        bad = await runtime.router.ask(Add(client_id=cid("bad"), stream=a, amount=-1), by=ME)
    assert isinstance(replies[0], Accepted)
    assert replies[1] == replies[0]
    assert isinstance(replies[2], Refused)
    assert replies[2].code is Code.CLIENT_ID_REUSED
    assert isinstance(bad, Refused) and (bad.code, bad.field) == (Code.INVALID, "amount")
    assert amounts(world, a) == [7]


async def test_a_repeat_is_recognised_after_a_restart(autojump_clock: object, world: World) -> None:
    (a,) = world.make("1")
    command = Touch(client_id=cid("x"), stream=a)
    async with world.runtime() as runtime:
        first = await runtime.router.ask(command, by=ME)
        await runtime.router.ask(Add(client_id=cid("y"), stream=a), by=ME)
    async with world.runtime() as runtime:
        assert await runtime.router.ask(command, by=ME) == first
    assert isinstance(first, Accepted) and first.events == 0


async def test_another_users_client_id_is_another_command(autojump_clock: object, world: World) -> None:
    (a,) = world.make("1")
    async with world.runtime() as runtime:
        command = Add(client_id=cid("x"), stream=a)
        await runtime.router.ask(command, by=ME)
        other = await runtime.router.ask(command, by="user:" + "2" * 32)
    assert isinstance(other, Accepted) and other.seq == 2


async def test_no_stream_no_effect(autojump_clock: object, world: World) -> None:
    async with world.runtime() as runtime:
        reply = await runtime.router.ask(Add(client_id=cid("x"), stream="tally:" + "9" * 32), by=ME)
        foreign = await runtime.router.ask(Add(client_id=cid("x"), stream="room:" + "9" * 32), by=ME)
        assert len(runtime.supervisor) <= 1
    assert isinstance(reply, Refused) and reply.code is Code.NOT_FOUND
    assert isinstance(foreign, Refused) and foreign.code is Code.NOT_FOUND
    assert not world.database.streams


async def test_a_bug_in_a_kind_costs_its_command_alone(autojump_clock: object, world: World) -> None:
    (a,) = world.make("1")
    async with world.runtime() as runtime:
        replies = await ask_all(
            runtime,
            [
                Add(client_id=cid("0"), stream=a),
                Explode(client_id=cid("1"), stream=a),
                Add(client_id=cid("2"), stream=a),
            ],
        )
    assert [type(r) for r in replies] == [Accepted, Refused, Accepted]
    assert isinstance(replies[1], Refused) and replies[1].code is Code.INTERNAL
    assert amounts(world, a) == [1, 1]


async def test_too_many_crashes_rest_the_stream_and_nobody_else(autojump_clock: object, world: World) -> None:
    a, b = world.make("1", "2")
    async with world.runtime() as runtime:
        for i in range(6):
            await runtime.router.ask(Explode(client_id=cid(f"e{i}"), stream=a), by=ME)
        await trio.testing.wait_all_tasks_blocked()
        resting = await runtime.router.ask(Add(client_id=cid("0"), stream=a), by=ME)
        healthy = await runtime.router.ask(Add(client_id=cid("0"), stream=b), by=ME)
        await trio.sleep(40)
        rested = await runtime.router.ask(Add(client_id=cid("0"), stream=a), by=ME)
    assert isinstance(resting, Refused) and resting.code is Code.UNAVAILABLE and resting.retry_after_s
    assert isinstance(healthy, Accepted)
    assert isinstance(rested, Accepted)


class Scripted(Faults):
    """Faults in the order given, then none."""

    def __init__(self, outcomes: Sequence[Outcome] = (), down: int = 0) -> None:
        self.outcomes = list(outcomes)
        self.down = down
        self.poison: str | None = None
        self.nursery: trio.Nursery | None = None

    async def before(self, call: str) -> None:
        await trio.lowlevel.checkpoint()
        if call == "append" and self.down:
            self.down -= 1
            raise LogUnavailableError("down")

    def outcome(self, appends: Sequence[Append]) -> Outcome:
        return self.outcomes.pop(0) if self.outcomes else Outcome.ANSWERED

    async def pause(self, point: Point) -> None:
        await trio.lowlevel.checkpoint()
        if point is Point.ON_ITS_WAY:
            await trio.sleep(0.5)

    def detach(self, transaction: Callable[[], Awaitable[None]]) -> None:
        assert self.nursery is not None
        self.nursery.start_soon(transaction)


@pytest.mark.parametrize(
    "outcomes",
    [
        [Outcome.LOST_BEFORE_COMMIT],
        [Outcome.LOST_AFTER_COMMIT],
        [Outcome.LOST_AND_LATE],
        [Outcome.LOST_AFTER_COMMIT, Outcome.LOST_BEFORE_COMMIT, Outcome.LOST_AND_LATE],
        [Outcome.CONFLICT, Outcome.CONFLICT],
    ],
)
async def test_an_unknown_outcome_is_settled_to_exactly_once(
    autojump_clock: object, world: World, outcomes: list[Outcome]
) -> None:
    (a,) = world.make("1")
    async with trio.open_nursery() as nursery:
        world.faults = faults = Scripted(outcomes)
        faults.nursery = nursery
        async with world.runtime() as runtime:
            replies = await ask_all(runtime, [Add(client_id=cid(str(i)), stream=a) for i in range(3)])
            more = await runtime.router.ask(Add(client_id=cid("more"), stream=a), by=ME)
    assert [r.seq for r in replies if isinstance(r, Accepted)] == [1, 2, 3]
    assert isinstance(more, Accepted) and more.seq == 4
    assert amounts(world, a) == [1, 1, 1, 1]
    assert [row.seq for _, row in world.published] == [1, 2, 3, 4]


async def test_a_log_that_is_away_refuses_what_is_new_and_a_resend_without_a_receipt(
    autojump_clock: object, world: World
) -> None:
    (a,) = world.make("1")
    async with world.runtime() as runtime:
        await runtime.router.ask(Touch(client_id=cid("warm"), stream=a), by=ME)
        world.faults = runtime.committer._db._faults = Scripted(down=1)  # type: ignore[attr-defined]
        replies = await ask_all(
            runtime,
            [
                Add(client_id=cid("0"), stream=a),
                Add(client_id=cid("1"), stream=a, resend=True),
            ],
        )
        again = await runtime.router.ask(Add(client_id=cid("0"), stream=a), by=ME)
    for reply in replies:
        assert isinstance(reply, Refused)
        assert reply.code is Code.UNAVAILABLE and reply.retry and reply.retry_after_s
    assert isinstance(again, Accepted) and again.seq == 1


async def test_a_command_that_takes_too_long_is_unknown_and_its_resend_learns_the_outcome(
    autojump_clock: object,
    world: World,
) -> None:
    (a,) = world.make("1")

    class Slow(Faults):
        first = True

        async def pause(self, point: Point) -> None:
            if point is Point.COMMITTED and self.first:
                self.first = False
                await trio.sleep(15)

    world.faults = Slow()
    async with world.runtime() as runtime:
        replies = await ask_all(runtime, [Add(client_id=cid("0"), stream=a)])
        assert isinstance(replies[0], Unknown)
        waiting = await runtime.router.ask(Add(client_id=cid("1"), stream=a), by=ME)
        resent = await runtime.router.ask(Add(client_id=cid("0"), stream=a, resend=True), by=ME)
    assert isinstance(resent, Accepted) and resent.seq == 1
    assert isinstance(waiting, Accepted | Unknown)


async def test_what_cannot_be_stored_is_refused_alone(autojump_clock: object, world: World) -> None:
    (a,) = world.make("1")

    class Poison(Faults):
        def outcome(self, appends: Sequence[Append]) -> Outcome:
            for append in appends:
                for row in append.events:
                    if row.payload and b"poison" in row.payload:
                        raise LogDataError("poison")
            return Outcome.ANSWERED

    world.faults = Poison()
    async with world.runtime() as runtime:
        notes = ["a", "b", "poison", "c"]
        replies = await ask_all(runtime, [Add(client_id=cid(n), stream=a, note=n) for n in notes])
        after = await runtime.router.ask(Add(client_id=cid("d"), stream=a, note="d"), by=ME)
    assert [type(r) for r in replies] == [Accepted, Accepted, Refused, Accepted]
    assert isinstance(replies[2], Refused) and replies[2].code is Code.UNSTORABLE
    assert isinstance(after, Accepted) and after.seq == 4


async def test_a_full_mailbox_says_so(autojump_clock: object, world: World) -> None:
    (a,) = world.make("1")
    async with world.runtime() as runtime:
        replies = await ask_all(runtime, [Touch(client_id=cid(str(i)), stream=a) for i in range(1005)])
    refused = [r for r in replies if isinstance(r, Refused)]
    assert len(refused) == 5
    assert {r.code for r in refused} == {Code.OVERLOADED}


async def test_a_release_finishes_what_came_and_holds_the_rest(autojump_clock: object, world: World) -> None:
    (a,) = world.make("1")
    async with world.runtime() as runtime:
        replies: list[object] = []
        for i in range(3):
            runtime.router.send(Add(client_id=cid(str(i)), stream=a), by=ME, reply=replies.append)
        assert await world.release(runtime)
        assert len(runtime.supervisor) == 0
        assert [type(r) for r in replies] == [Accepted] * 3
        runtime.router.send(Add(client_id=cid("late"), stream=a), by=ME, reply=replies.append)
        await trio.sleep(1)
        assert len(replies) == 3
    late = replies[-1]  # the node ended, and nobody took the shard
    assert isinstance(late, Refused) and late.code is Code.UNAVAILABLE
    assert world.row(a).checkpoints[1][0] == 3


async def test_idle_streams_are_passivated_and_come_back_as_they_were(
    autojump_clock: object, world: World
) -> None:
    (a,) = world.make("1")
    async with world.runtime() as runtime:
        await ask_all(runtime, [Add(client_id=cid(str(i)), stream=a, amount=i) for i in range(4)])
        await trio.sleep(400)
        assert len(runtime.supervisor) == 0
        view = await runtime.router.view(a, user=ME)
    assert getattr(view, "head", None) == 4
    assert view.view.total == 6  # type: ignore[union-attr]


async def test_commands_that_were_answered_are_let_go_though_one_before_them_waits(
    autojump_clock: object, world: World
) -> None:
    """The router keeps what waits, in the order of deadlines; what was answered must not stay for that."""
    slow, quick = world.make("1", "2")

    class Stuck(Faults):
        async def before(self, call: str) -> None:
            if call == "receipts":
                await trio.sleep_forever()
            await trio.lowlevel.checkpoint()

    world.faults = Stuck()
    async with world.runtime() as runtime:
        waiting = Touch(client_id=cid("slow"), stream=slow, resend=True)
        runtime.router.send(waiting, by=ME, reply=lambda _: None)
        for number in range(500):
            await runtime.router.ask(Touch(client_id=cid(str(number)), stream=quick), by=ME)
        await trio.sleep(2 * ROUTER_SWEEP_S)
        assert [envelope.command for envelope in runtime.router._waiting] == [waiting]
