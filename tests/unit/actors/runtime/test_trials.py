"""A command that its owners don't survive ends two of them at most, and harms few others."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
import trio
import trio.testing

from actors.kind import Decision, Facts, Instant
from actors.runtime.node import Runtime
from protocol.codes import Code
from protocol.frames import Accepted, Command, Refused, Reply
from protocol.ids import SYSTEM, stream_key
from storage.memory.database import StoredStream
from tests.unit.actors.runtime.conftest import (
    Add,
    Expire,
    Explode,
    Tally,
    TallyKind,
    Touch,
    World,
    ask_all,
    cid,
)
from tests.unit.actors.runtime.nodes import CountingFaults

ME = "user:" + "1" * 32
EFFECT = "tally:" + "e" * 32


class Deadly(TallyKind):
    """Whoever decides Explode, or a timer if told so, does nothing more."""

    def __init__(self, *deadly: type[Command]) -> None:
        self.deadly = deadly or (Explode,)
        self.decided: list[Command] = []
        self.end: Callable[[], None]

    def decide(self, state: Tally, facts: Facts, command: Command, *, by: str, now: Instant) -> Decision:
        self.decided.append(command)
        if isinstance(command, self.deadly):
            self.end()
            command = Touch(client_id=command.client_id, stream=getattr(command, "stream", ""))
        return super().decide(state, facts, command, by=by, now=now)


@pytest.fixture
def kind(world: World) -> Deadly:
    world.kind = kind = Deadly()
    return kind


async def live(world: World, kind: Deadly, *commands: Command, by: str = ME) -> list[Reply] | None:
    """One owner's life, just after a loss: the replies, or None if it didn't survive."""
    with trio.CancelScope() as life:
        async with world.runtime() as runtime:
            kind.end = life.cancel
            world.ownership.lost_lately = True
            return await ask_all(runtime, commands, by)
    return None


def poison(stream: str, *, resend: bool = True) -> Explode:
    return Explode(client_id=cid("poison"), stream=stream, resend=resend)


def is_refused_for_good(reply: Reply) -> bool:
    return isinstance(reply, Refused) and reply.code is Code.INTERNAL and not reply.retry


async def test_a_command_of_a_person_ends_two_owners(
    autojump_clock: object, world: World, kind: Deadly
) -> None:
    (a,) = world.make("1")
    assert await live(world, kind, poison(a, resend=False)) is None
    assert await live(world, kind, poison(a)) is None
    for _ in range(2):
        replies = await live(world, kind, poison(a), Add(client_id=cid("0"), stream=a))
        assert replies is not None and is_refused_for_good(replies[0])
        assert isinstance(replies[1], Accepted)
    assert sum(isinstance(command, Explode) for command in kind.decided) == 2


async def test_it_stays_refused_when_no_loss_is_remembered(
    autojump_clock: object, world: World, kind: Deadly
) -> None:
    (a,) = world.make("1")
    await live(world, kind, poison(a, resend=False))
    await live(world, kind, poison(a))
    await live(world, kind, poison(a))
    async with world.runtime() as runtime:
        (reply,) = await ask_all(runtime, [poison(a)])
    assert is_refused_for_good(reply)


async def test_what_may_be_marked_at_its_first_sending_ends_one_owner_more(
    autojump_clock: object, world: World, kind: Deadly
) -> None:
    (a,) = world.make("1")
    assert await live(world, kind, poison(a), by=EFFECT) is None
    assert await live(world, kind, poison(a), by=EFFECT) is None
    replies = await live(world, kind, poison(a), by=EFFECT)
    assert replies is not None and is_refused_for_good(replies[0])


async def test_a_timer_ends_three_owners_and_is_fired_no_more(autojump_clock: object, world: World) -> None:
    world.kind = kind = Deadly(Expire)
    (a,) = world.make("0")
    due = world.clock.now() + 1000
    assert await live(world, kind, Add(client_id=cid("0"), stream=a, due=due)) is not None
    lives = 0
    with trio.fail_after(600):
        while await _fires(world, kind):
            lives += 1
    assert lives == 2 and not await _fires(world, kind)
    assert [author for author, _ in world.row(a).receipts] == [ME, SYSTEM]


async def _fires(world: World, kind: Deadly) -> bool:
    """Whether a life of two minutes ends by the timer."""
    with trio.CancelScope() as life:
        async with world.runtime():
            kind.end = life.cancel
            world.ownership.lost_lately = True
            await trio.sleep(120)
            return False
    return True


async def test_a_plain_command_and_a_resend_in_quiet_times_are_not_noted(
    autojump_clock: object, world: World
) -> None:
    (a,) = world.make("1")
    world.faults = faults = CountingFaults()
    async with world.runtime() as runtime:
        await _send(runtime, a, "quiet", resend=False)
        await _send(runtime, a, "quiet again", resend=True)
        world.ownership.lost_lately = True
        await _send(runtime, a, "plain", resend=False)
        assert "take_in_hand" not in faults.calls
        await _send(runtime, a, "resent", resend=True)
    assert faults.calls["take_in_hand"] == faults.calls["let_go"] == 3


async def _send(runtime: Runtime, stream: str, name: str, *, resend: bool) -> None:
    adds = [Add(client_id=cid(name, str(n)), stream=stream, resend=resend) for n in range(3)]
    assert {type(reply) for reply in await ask_all(runtime, adds)} == {Accepted}


async def test_nothing_is_in_hand_once_it_was_decided(
    autojump_clock: object, world: World, kind: Deadly
) -> None:
    (a,) = world.make("1")
    refused = Add(client_id=cid("refused"), stream=a, amount=-1, resend=True)
    replies = await live(world, kind, refused, Add(client_id=cid("0"), stream=a, resend=True))
    assert replies is not None and [type(reply) for reply in replies] == [Refused, Accepted]
    assert world.database.in_hand == {}


async def test_a_bug_that_raises_is_let_go_of(autojump_clock: object, world: World) -> None:
    (a,) = world.make("1")
    world.kind = Deadly(Touch)
    kind = world.kind
    replies = await live(world, kind, poison(a))
    assert replies is not None and is_refused_for_good(replies[0])
    assert world.database.in_hand == {}
    assert world.row(a).receipts == {}


async def test_commands_keep_their_order_round_a_resend_that_is_alone(
    autojump_clock: object, world: World, kind: Deadly
) -> None:
    (a,) = world.make("1")
    names = "abcdef"
    adds = [Add(client_id=cid(name), stream=a, resend=name in "be") for name in names]
    replies = await live(world, kind, *adds)
    assert replies is not None
    seqs = [reply.seq for reply in replies if isinstance(reply, Accepted) and reply.seq is not None]
    assert len(seqs) == len(names) and all(b == a + 1 for a, b in pairwise(seqs))


@pytest.mark.parametrize(("waiting", "in_hand"), [(84, 1), (240, 3)])
async def test_few_are_in_hand_with_a_command_that_ends_the_node(
    autojump_clock: object, world: World, kind: Deadly, waiting: int, in_hand: int
) -> None:
    streams = [f"tally:{n:032x}" for n in range(16, 16 + waiting)]
    for stream in streams:
        world.database.streams[stream_key(stream)] = StoredStream("tally")
    resent = [Add(client_id=cid(stream), stream=stream, resend=True) for stream in streams]
    world.faults = faults = CountingFaults()
    faults.held["take_in_hand"] = held = trio.Event()  # so that as many as may be are under way together
    with trio.CancelScope() as life:
        async with world.runtime() as runtime:
            kind.end = life.cancel
            world.ownership.lost_lately = True
            for command in [*resent[:40], poison(streams[-1]), *resent[40:-1]]:
                runtime.router.send(command, by=ME, reply=lambda reply: None)
            await trio.testing.wait_all_tasks_blocked()
            held.set()
            await trio.sleep(60)
    assert life.cancelled_caught
    assert 1 <= len(world.database.in_hand) <= in_hand
    assert (streams[-1], ME, cid("poison")) in world.database.in_hand
