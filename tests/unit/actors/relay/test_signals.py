"""Signals reach everybody but those who have blocked their author, and cost the database little."""

from __future__ import annotations

import pytest
import trio

from actors.ports.blocks import BLOCKERS_MAX
from actors.relay import signals
from protocol.frames import Signalled
from protocol.ids import SYSTEM
from tests.unit.actors.relay.support import Listener
from tests.unit.actors.relay.test_watch import Eye
from tests.unit.actors.session.support import TEXT, MemoryWire, World, settle, stream_id, user_id

ROOM, OTHER_ROOM = stream_id(1), stream_id(2)
ANN, BEN, CAT = user_id(1), user_id(2), user_id(3)


@pytest.fixture
async def world():
    async with World().running() as world:
        yield world


def typing(author: str = ANN, stream: str = ROOM) -> Signalled:
    return Signalled(stream=stream, author=author, type="room.typing")


def reads(world: World) -> int:
    return world.faults.calls.count("blockers")


def heard(listener: Listener) -> list[str]:
    return sorted(frame.author for frame in listener.signals)


async def joined(world: World, *users: str, stream: str = ROOM) -> list[Listener]:
    listeners = [Listener(world, user) for user in users]
    for listener in listeners:
        await listener.join(stream)
    return listeners


async def test_who_has_blocked_the_author_sees_nothing_of_it(autojump_clock, world):
    world.database.people.block(BEN, ANN)
    ann, ben, cat = await joined(world, ANN, BEN, CAT)
    text = Listener(world, BEN, MemoryWire(), TEXT)
    await text.join(ROOM)
    eyes = {user: Eye(world.relay, user=user) for user in (BEN, CAT)}
    world.relay.signalled(typing())
    world.relay.signalled(typing(CAT))
    await settle()
    assert heard(ann) == heard(cat) == [ANN, CAT]
    assert heard(ben) == heard(text) == [CAT]
    assert (eyes[BEN].signals, eyes[CAT].signals) == (["room.typing"], ["room.typing"] * 2)


async def test_a_block_counts_within_seconds_and_is_read_once_meanwhile(autojump_clock, world):
    _, ben = await joined(world, ANN, BEN)
    for _ in range(3):
        world.relay.signalled(typing())
        await trio.sleep(0.1)
    assert (len(ben.signals), reads(world)) == (3, 1)
    world.database.people.block(BEN, ANN)
    await trio.sleep(signals.KNOWN_S)
    world.relay.signalled(typing())
    await settle()
    assert (len(ben.signals), reads(world)) == (3, 2)
    assert len(world.relay._signals._known) == 1


async def test_a_crowd_that_types_shares_one_read(autojump_clock, world):
    await joined(world, BEN)
    await joined(world, BEN, stream=OTHER_ROOM)
    world.faults.held["blockers"] = trio.Event()
    world.relay.signalled(typing())
    await settle()
    for number in range(100):
        world.relay.signalled(typing(user_id(100 + number), stream=(ROOM, OTHER_ROOM)[number % 2]))
    world.faults.held.pop("blockers").set()
    await settle()
    assert reads(world) == 2


async def test_what_can_not_be_judged_is_dropped(autojump_clock, world):
    (ben,) = await joined(world, BEN)
    world.faults.failing.add("blockers")
    world.relay.signalled(typing())
    await settle()
    world.faults.failing.clear()
    world.faults.held["blockers"] = trio.Event()
    world.relay.signalled(typing(CAT))
    await settle()  # it is asked for; the others wait for the next read
    for _ in range(signals.WAITING_MAX + 1):
        world.relay.signalled(typing(CAT))
    assert world.relay.counters.signals_dropped == 1 + 1
    world.faults.held.pop("blockers").set()
    await settle()
    assert {frame.author for frame in ben.signals} == {CAT}


async def test_nobody_hears_whom_more_have_blocked_than_are_told_apart(autojump_clock, world):
    (cat,) = await joined(world, CAT)
    for number in range(BLOCKERS_MAX + 1):
        world.database.people.block(user_id(1000 + number), ANN)
    world.relay.signalled(typing())
    await settle()
    assert (cat.signals, world.relay.counters.signals_dropped) == ([], 1)


async def test_nothing_is_read_for_what_only_the_author_hears_or_the_system_says(autojump_clock, world):
    ann, phone = await joined(world, ANN, ANN)
    eye = Eye(world.relay, user=ANN)
    world.relay.signalled(typing())
    await settle()
    assert len(ann.signals) == len(phone.signals) == len(eye.signals) == 1
    await joined(world, BEN)
    world.relay.signalled(typing(SYSTEM))
    world.relay.signalled(typing(ANN, stream=stream_id(7)))
    await settle()
    assert reads(world) == 0
