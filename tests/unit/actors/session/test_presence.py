"""Presence as sessions see it, on one node."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import trio

from actors.kind import BLOCK, FactKey, pair
from actors.ports.log import LogUnavailableError
from actors.session.watching import VisibilityChecks
from protocol.codes import CloseCode, Code
from protocol.frames import Accepted, Hello, Refused, Signalled
from protocol.inbox import inbox_of
from protocol.limits import PRESENCE_INTERVAL_S, SIGHT_INTERVAL_S, SIGNALS_BURST
from protocol.presence import SetStatus, WatchPresence, person_of
from protocol.room.commands import SendTyping
from tests.unit.actors.session.support import TEXT, World, client_id, user_id
from tests.unit.actors.session.test_session import ME, OTHER, ROOM, Client, Town, subscribe


@pytest.fixture
async def town():
    async with World().running() as world, trio.open_nursery() as nursery:
        town = Town(world)
        nursery.start_soon(town.presence.run)
        nursery.start_soon(town.services.visibility.run)
        yield town
        nursery.cancel_scope.cancel()


def told(frames: list[Any]) -> list[dict[str, Any]]:
    """What presence signals say, without what else came."""
    return [dict(f.data) for f in frames if isinstance(f, Signalled) and f.type == "presence"]


async def later(client: Client) -> list[dict[str, Any]]:
    await trio.sleep(2 * PRESENCE_INTERVAL_S)
    return told(client.told())


async def ready(town: Town, user: str = ME, **options: Any) -> Client:
    town.world.listen(ROOM, user)
    return await town.ready(user, **options)


async def test_a_room_tells_who_comes_how_they_want_to_be_seen_and_who_goes(autojump_clock, town):
    town.world.write(ROOM)
    me = await ready(town)
    await me.send(subscribe())
    assert await later(me) == [{"count": 1, "online": [ME]}]
    other = await ready(town, OTHER, lane=TEXT)
    (joined,) = await other.send(subscribe())
    assert (joined.present, joined.present_count) == ((ME,), 1)
    assert await later(me) == [{"count": 2, "online": [OTHER]}]
    await other.send(SetStatus(status="away"))
    assert await later(me) == [{"count": 2, "away": [OTHER]}]
    await other.send(SetStatus(status="invisible"))
    assert await later(me) == [{"count": 1, "offline": [OTHER]}]
    await other.send(SetStatus(status="busy"))
    assert await later(me) == [{"count": 2, "busy": [OTHER]}]
    other.session.end()
    assert await later(me) == [{"count": 1, "offline": [OTHER]}]


async def test_of_several_sessions_the_most_present_counts_and_one_invisible_hides_all(autojump_clock, town):
    town.world.write(ROOM)
    me = await ready(town)
    await me.send(subscribe())
    first, second = [await ready(town, OTHER) for _ in range(2)]
    for session in (first, second):
        await session.send(subscribe())
    await later(me)
    await first.send(SetStatus(status="away"))
    assert await later(me) == []
    await second.send(SetStatus(status="away"))
    assert await later(me) == [{"count": 2, "away": [OTHER]}]
    await first.send(SetStatus(status="invisible"))
    assert await later(me) == [{"count": 1, "offline": [OTHER]}]
    first.session.end()
    assert await later(me) == [{"count": 2, "away": [OTHER]}]


async def test_who_types_much_can_still_hide(autojump_clock, town):
    town.world.write(ROOM)
    me, other = await ready(town), await ready(town, OTHER)
    await me.send(subscribe())
    await other.send(subscribe())
    await later(me)
    for _ in range(2 * int(SIGNALS_BURST)):
        await other.send(SendTyping(stream=ROOM))
    await other.send(SetStatus(status="invisible"))
    assert await later(me) == [{"count": 1, "offline": [OTHER]}]
    for turn in range(200):
        await other.send(SetStatus(status="away" if turn % 2 else "busy"))
    assert other.code == CloseCode.FLOODING


async def test_watched_people_are_told_of_wherever_they_are(autojump_clock, town):
    me = await ready(town)
    (accepted,) = await me.send(WatchPresence(client_id=client_id(1), users=(OTHER, user_id(3))))
    assert isinstance(accepted, Accepted)
    other = await ready(town, OTHER)
    await trio.sleep(2 * PRESENCE_INTERVAL_S)
    (signal,) = [f for f in me.told() if isinstance(f, Signalled)]
    assert (signal.stream, dict(signal.data)) == (person_of(OTHER), {"count": 1, "online": [OTHER]})

    late = await ready(town)
    _, at_once = await late.send(WatchPresence(client_id=client_id(2), users=(OTHER,)))
    assert dict(at_once.data) == {"count": 1, "online": [OTHER]}
    await me.send(WatchPresence(client_id=client_id(3)))
    other.session.end()
    assert await later(late) == [{"count": 0, "offline": [OTHER]}]
    assert await later(me) == []


async def test_who_blocked_somebody_is_not_seen_by_them(autojump_clock, town):
    town.world.database.people[FactKey(BLOCK, pair(OTHER, ME))] = {}
    me = await ready(town)
    await me.send(WatchPresence(client_id=client_id(1), users=(OTHER,)))
    await ready(town, OTHER)
    assert await later(me) == []


async def test_who_blocks_a_watcher_is_soon_gone_for_them_and_who_unblocks_them_is_back(autojump_clock, town):
    me, third = await ready(town), await ready(town, user_id(3))
    await ready(town, OTHER)
    for watcher in (me, third):
        await watcher.send(WatchPresence(client_id=client_id(1), users=(OTHER,)))
        await later(watcher)
    block = FactKey(BLOCK, pair(OTHER, ME))
    town.world.database.people[block] = {}
    await trio.sleep(SIGHT_INTERVAL_S)
    assert await later(me) == [{"count": 0, "offline": [OTHER]}]
    del town.world.database.people[block]
    await trio.sleep(SIGHT_INTERVAL_S)
    assert await later(me) == [{"count": 1, "online": [OTHER]}]
    assert await later(third) == []


async def test_who_is_watched_anew_and_has_blocked_the_watcher_is_gone_for_them_at_once(autojump_clock, town):
    me = await ready(town)
    await ready(town, OTHER)
    await me.send(WatchPresence(client_id=client_id(1), users=(OTHER,)))
    await later(me)
    town.world.database.people[FactKey(BLOCK, pair(OTHER, ME))] = {}
    _, gone = await me.send(WatchPresence(client_id=client_id(2), users=(OTHER, user_id(3))))
    assert dict(gone.data) == {"count": 0, "offline": [OTHER]}


class Blind:
    """Can't be read once; then everybody sees everybody."""

    def __init__(self) -> None:
        self.reads = 0

    async def visible(self, user: str, people: Any) -> set[str]:
        self.reads += 1
        if self.reads == 2:
            raise LogUnavailableError("gone")
        return set(people) if self.reads < 3 else set()


async def test_while_sight_cant_be_read_it_stays_as_it_was(autojump_clock, town):
    visibility = VisibilityChecks(Blind(), town.world.clock)
    town.services = replace(town.services, visibility=visibility)
    me = await ready(town)
    await ready(town, OTHER)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(visibility.run)
        await me.send(WatchPresence(client_id=client_id(1), users=(OTHER,)))
        await later(me)
        await trio.sleep(SIGHT_INTERVAL_S)
        assert await later(me) == []
        await trio.sleep(SIGHT_INTERVAL_S)
        assert await later(me) == [{"count": 0, "offline": [OTHER]}]
        nursery.cancel_scope.cancel()


class Slow:
    """Reads when it is let."""

    def __init__(self) -> None:
        self.let = trio.Event()
        self.let.set()
        self.asked = trio.Event()

    async def visible(self, user: str, people: Any) -> set[str]:
        self.asked.set()
        await self.let.wait()
        return set(people)


async def test_what_was_read_for_people_no_longer_watched_counts_no_more(autojump_clock, town):
    slow = Slow()
    visibility = VisibilityChecks(slow, town.world.clock)
    town.services = replace(town.services, visibility=visibility)
    me = await ready(town)
    await me.send(WatchPresence(client_id=client_id(1), users=(OTHER,)))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(visibility.run)
        slow.asked, slow.let = trio.Event(), trio.Event()
        await slow.asked.wait()
        await me.send(WatchPresence(client_id=client_id(2)))
        slow.let.set()
        await later(me)
        assert person_of(OTHER) not in town.world.relay.streams
        nursery.cancel_scope.cancel()


async def test_sight_is_read_only_for_sessions_that_watch(autojump_clock, town):
    first, second = await ready(town), await ready(town)
    for client in (first, second):
        await client.send(WatchPresence(client_id=client_id(1), users=(OTHER,)))
    assert len(town.services.visibility) == 2
    first.session.end()
    assert len(town.services.visibility) == 1
    await second.send(WatchPresence(client_id=client_id(2)))
    assert len(town.services.visibility) == 0


async def test_an_ended_login_is_never_seen(autojump_clock, town):
    me = await ready(town)
    await me.send(WatchPresence(client_id=client_id(1), users=(OTHER,)))
    town.ended.add(OTHER)
    await Client(town).hello(OTHER)
    assert await later(me) == []
    assert town.left == []


async def test_nobody_is_told_of_those_who_listen_to_an_inbox(autojump_clock, town):
    me = await ready(town)
    await me.send(subscribe(inbox_of(ME)))
    assert await later(me) == []
    assert town.presence.owned == 1  # the person's own roster


async def test_a_session_that_ends_watches_nobody(autojump_clock, town):
    me = await ready(town)
    await me.send(WatchPresence(client_id=client_id(1), users=(OTHER,)))
    assert person_of(OTHER) in town.world.relay.streams
    me.session.end()
    assert person_of(OTHER) not in town.world.relay.streams


async def test_watching_too_often_is_refused(autojump_clock, town):
    me = await ready(town)
    answers = [
        answer
        for n in range(300)
        for answer in await me.send(WatchPresence(client_id=client_id(n), users=()))
        if isinstance(answer, Refused)
    ]
    assert {answer.code for answer in answers} == {Code.RATE_LIMITED}


async def test_who_comes_back_invisible_is_never_seen(autojump_clock, town):
    town.world.write(ROOM)
    me = await ready(town)
    await me.send(subscribe())
    await later(me)
    town.world.listen(ROOM, OTHER)
    hidden = Client(town)
    await hidden.send(Hello(token=f"{OTHER} 9999999999999 {hidden.login}", status="invisible"))
    await hidden.send(subscribe())
    assert await later(me) == []
    hidden.session.end()
    assert await later(me) == []
