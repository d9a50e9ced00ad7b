"""What streams owe to others: to all targets at once, in order to each, and no more of it than is bounded."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
import trio

from actors.kind import Send
from actors.ports.log import LogUnavailableError, NotActivated, Wanted
from actors.runtime import cell
from actors.runtime.limits import EFFECTS_AT_ONCE
from actors.runtime.owed import Owed, PendingEffect
from protocol.codes import Code
from protocol.frames import Accepted, Refused
from protocol.ids import derive_client_id
from storage.memory.log import MemoryLog
from tests.unit.actors.runtime.conftest import TALLY, Add, World, ask_all, cid

ME = "user:" + "1" * 32


@pytest.fixture
def away(world: World, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The streams that can't be activated now."""
    streams: set[str] = set()
    activate = MemoryLog.activate

    async def refusing(self: Any, fence: Any, wanted: Sequence[Wanted], *, wait_for_locks: bool) -> Any:
        there = [one for one in wanted if one.stream not in streams]
        if wait_for_locks and there != wanted:
            await trio.sleep(5)
            raise LogUnavailableError("away")
        found = iter(await activate(self, fence, there, wait_for_locks=wait_for_locks))
        return [NotActivated.BUSY if one.stream in streams else next(found) for one in wanted]

    monkeypatch.setattr(MemoryLog, "activate", refusing)
    return streams


def adds(a: str, targets: Sequence[str], first: int = 0) -> list[Add]:
    return [Add(client_id=cid(str(n)), stream=a, forward=to) for n, to in enumerate(targets, first)]


def order(world: World, a: str, target: str) -> list[int]:
    """Which events of ``a`` the target heard of, in the order in which it did."""
    seqs = {derive_client_id("effect", a, str(seq), "0"): seq for seq in range(1, 3000)}
    receipts = [r for r in world.row(target).receipts.values() if r.author == a]
    return [seqs[r.client_id] for r in sorted(receipts, key=lambda r: r.first_seq)]


async def test_a_target_that_is_away_delays_nobody_else(
    autojump_clock: object, world: World, away: set[str]
) -> None:
    a, dead, b, c = world.make("1", "2", "3", "4")
    away.add(dead)
    async with world.runtime() as runtime:
        began = trio.current_time()
        await ask_all(runtime, adds(a, [dead, b, c] * 40))
        await trio.sleep(1)
        assert len(order(world, a, b)) == len(order(world, a, c)) == 40
        assert trio.current_time() - began < 5
        assert world.row(a).effects_seq == 0, "the oldest is still owed"
        away.clear()
        await trio.sleep(60)
    for number, target in enumerate((dead, b, c), 1):
        assert order(world, a, target) == list(range(number, 121, 3))
    assert (world.row(a).effects_seq, world.row(a).wake_at) == (120, None)


async def test_what_goes_to_one_target_is_taken_in_batches_and_first_without_a_look_for_receipts(
    autojump_clock: object, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = world.make("1", "2")
    appends: list[str] = []
    looks: list[str] = []
    append, receipts = MemoryLog.append, MemoryLog.receipts

    async def counted(self: Any, fence: Any, batch: Any, **more: Any) -> Any:
        appends.extend(each.stream for each in batch)
        return await append(self, fence, batch, **more)

    async def looked(self: Any, questions: Any) -> Any:
        looks.extend(stream for stream, _ in questions)
        return await receipts(self, questions)

    monkeypatch.setattr(MemoryLog, "append", counted)
    monkeypatch.setattr(MemoryLog, "receipts", looked)
    async with world.runtime() as runtime:
        await ask_all(runtime, adds(a, [b] * 200))
        await trio.sleep(5)
    assert order(world, a, b) == list(range(1, 201))
    assert appends.count(b) == 200 // EFFECTS_AT_ONCE
    assert looks == []


async def test_after_a_restart_only_what_may_have_been_sent_is_a_resend(
    autojump_clock: object, world: World, away: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second effect is settled, the first isn't: both are sent again, and happen once."""
    a, dead, b = world.make("1", "2", "3")
    away.add(dead)
    async with world.runtime() as runtime:
        await ask_all(runtime, adds(a, [dead, b]))
        await trio.sleep(1)
    assert (world.row(a).effects_seq, len(world.row(b).events)) == (0, 1)
    away.clear()
    async with world.runtime():
        await trio.sleep(60)
    assert (len(world.row(dead).events), len(world.row(b).events)) == (1, 1)
    assert world.row(a).effects_seq == 2


async def test_more_than_is_bounded_is_refused_and_nothing_else_is(
    autojump_clock: object, world: World, away: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    a, dead = world.make("1", "2")
    away.add(dead)
    monkeypatch.setattr(cell.limits, "EFFECTS_OWED_MAX", 50)
    async with world.runtime() as runtime:
        replies = await ask_all(runtime, adds(a, [dead] * 70))
        refused = [reply for reply in replies if isinstance(reply, Refused)]
        assert [type(reply) for reply in replies] == [Accepted] * 50 + [Refused] * 20
        assert {reply.code for reply in refused} == {Code.OVERLOADED}
        assert all(reply.retry_after_s for reply in refused)
        (plain,) = await ask_all(runtime, [Add(client_id=cid("plain"), stream=a)])
        assert isinstance(plain, Accepted), "what causes no effect is served as always"
        entity = runtime.supervisor.entity(a, 1)
        assert entity is not None and entity.cell is not None
        assert len(entity.cell.active.owed) == 50
        away.clear()
        await trio.sleep(100)
        (again,) = await ask_all(runtime, adds(a, [dead], first=1000))
        assert isinstance(again, Accepted)
        await trio.sleep(10)
    assert len(world.row(dead).events) == 51


def effect(seq: int, target: int, index: int = 0) -> PendingEffect:
    return PendingEffect(seq, index, Send(Add(client_id=cid("x"), stream=TALLY.format(target))))


@pytest.mark.parametrize("seed", range(50))
def test_each_target_gets_its_effects_in_order_however_it_answers(seed: int) -> None:
    """Whatever is answered when: nothing is sent before an earlier one of its target that isn't on its way."""
    chance = random.Random(seed)
    targets = [chance.randint(0, 3) for _ in range(chance.randint(0, 120))]
    owed = Owed()
    effects = [effect(seq, target) for seq, target in enumerate(targets, 1)]
    begun, flying, settled, now = 0, list[PendingEffect](), list[PendingEffect](), 0.0
    while owed or begun < len(effects):
        steps = ["add"] * (begun < len(effects)) + ["send"] * owed.ready + ["answer"] * bool(flying)
        step = chance.choice([*steps, "wait"])
        if step == "add":
            owed.add(effects[begun : begun + 1])
            begun += 1
        elif step == "send":
            taken = owed.take()
            before = [e for e in effects[:begun] if e.target == taken[0].target and e not in settled]
            assert list(taken) == before[: len(taken)]
            assert not any(e.target == taken[0].target for e in flying)
            flying += taken
        elif step == "answer":
            one = flying.pop(chance.randrange(len(flying)))
            good = chance.random() < 0.7
            settled += [one] * good
            if owed.replied(one, settled=good) is not None:
                owed.rest(one, now + 1)
        else:
            now += 1
            owed.wake(now)
        unsettled = [e for e in effects[:begun] if e not in settled]
        assert owed.oldest is (unsettled[0] if unsettled else None) and len(owed) == len(unsettled)
        assert owed.flying == bool(flying)
    assert len(owed._targets) == 0


@pytest.mark.parametrize("seed", range(30))
def test_in_a_lane_one_goes_at_a_time_and_none_overtakes_another(seed: int) -> None:
    """However it is answered: what comes later in a lane is taken up after all before it were settled."""
    chance = random.Random(seed)
    lanes = [chance.choice("ab") for _ in range(chance.randint(1, 60))]
    owed, now = Owed(), 0.0
    stream = TALLY.format(1)
    owed.add(
        PendingEffect(seq, 0, Send(Add(client_id=cid("x"), stream=stream), lane=lane))
        for seq, lane in enumerate(lanes, 1)
    )
    flying, settled = list[PendingEffect](), list[PendingEffect]()
    while owed:
        if owed.ready:
            taken = owed.take()
            assert len(taken) == 1
            flying += taken
            assert len({one.send.lane for one in flying}) == len(flying)
        if flying and chance.random() < 0.7:
            one = flying.pop(chance.randrange(len(flying)))
            served = chance.random() < 0.6
            settled += [one] * served
            if owed.replied(one, settled=served) is not None:
                owed.rest(one, now + 1)
        now += 1
        owed.wake(now)
    for lane in "ab":
        assert [one.seq for one in settled if one.send.lane == lane] == [
            seq for seq, its in enumerate(lanes, 1) if its == lane
        ]
