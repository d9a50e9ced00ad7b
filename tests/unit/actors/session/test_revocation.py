"""A session ends when its login does: at its hello, and whenever the user's inbox says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import trio

from actors.ports.log import LogRow, LogUnavailableError
from actors.ports.logins import Login, LoginStatus
from actors.session.authority import LOGINS_ENDED
from actors.session.logins import LOGINS_PER_READ_MAX, LoginReader
from protocol.codes import CloseCode, Code
from protocol.event import Header, encode_header, encode_payload
from protocol.frames import Accepted, Event, Goodbye, Hello, RefreshToken, Signalled, Subscribed, Welcome
from protocol.inbox import LoginsEnded, inbox_of
from storage.memory.logins import MemoryLogins
from tests.ports import TrioClock
from tests.unit.actors.session.support import PACKED, World, client_id, settle, user_id
from tests.unit.actors.session.test_session import LOGIN, ME, OTHER, ROOM, Client, Town, subscribe

OWN, OTHERS = inbox_of(ME), inbox_of(OTHER)
SECOND = "2" * 32
HELLO = PACKED.codec.encode(Hello(token=f"{ME} 9999999999999 {LOGIN}"))


@pytest.fixture
async def town():
    async with World().running() as world:
        yield Town(world)


def end_logins(world: World, *logins: str, before: int = 0, user: str = ME, publish: bool = True) -> LogRow:
    """What the inbox's owner commits and publishes. Without names it is the end of all that began before."""
    stream = inbox_of(user)
    stored = world.stored(stream)
    stored.head += 1
    before = before or (0 if logins else 1)
    marks: dict[str, Any] = {"why": "logout"} | ({"logins": logins} if logins else {"before": before})
    header = Header(stream=stream, seq=stored.head, at=1, author="system", type=LOGINS_ENDED, marks=marks)
    payload = encode_payload(LoginsEnded(logins=logins, why="logout", before=before))
    row = LogRow(stored.head, encode_header(header), payload)
    stored.events.append(row)
    if publish:
        world.relay.publish(stream, [row])
    return row


def refresh(login: str, user: str = ME, expires_at: int = 99999999999999) -> RefreshToken:
    return RefreshToken(client_id=client_id(7), token=f"{user} {expires_at} {login}")


async def second(town: Town, login: str = SECOND) -> Client:
    client = Client(town)
    client.login = login
    await client.hello()
    client.told()
    return client


def ended(client: Client) -> None:
    goodbye = client.told()[-1]
    assert isinstance(goodbye, Goodbye)
    assert (goodbye.code, goodbye.retry) == (CloseCode.REVOKED, False)
    assert client.code == CloseCode.REVOKED


# --- at the hello -----------------------------------------------------------------------------------


async def test_an_ended_login_is_closed_at_its_hello(autojump_clock, town):
    town.ended.add(LOGIN)
    client = Client(town)
    (goodbye,) = await client.hello()
    assert isinstance(goodbye, Goodbye)
    assert client.code == CloseCode.REVOKED
    assert (town.registry.count, town.world.relay.streams) == (0, ())


async def test_without_the_database_the_client_is_told_to_come_back(autojump_clock, town):
    town.world.faults.failing = {"logins"}
    client = Client(town)
    (goodbye,) = await client.hello()
    assert isinstance(goodbye, Goodbye)
    assert client.code == CloseCode.INTERNAL
    assert goodbye.retry
    assert goodbye.retry_after_s
    assert (town.registry.count, town.world.relay.streams) == (0, ())
    town.world.faults.failing = set()
    assert (await town.ready()).session.ready


class LateAnswers:
    """The Logins port: reads at once, and answers when it is released."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self.release = trio.Event()

    async def statuses(self, logins):
        found = await MemoryLogins(self._town.world.database, self._town.ended).statuses(logins)
        await self.release.wait()
        return found

    def client(self) -> Client:
        """A connection whose login is read here."""
        before = self._town.services
        self._town.services = replace(before, logins=LoginReader(self, TrioClock()))
        client, self._town.services = Client(self._town), before
        return client


@pytest.mark.parametrize("published", [True, False])
async def test_a_login_that_ends_while_it_is_read_is_closed(autojump_clock, town, published):
    late = LateAnswers(town)
    client = late.client()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(client.session.receive, HELLO)
        await trio.testing.wait_all_tasks_blocked()
        row = end_logins(town.world, LOGIN, publish=published)
        await settle()
        assert client.told() == []
        late.release.set()
        await settle()
        if not published:  # lost on its way: found by the head that its owner tells
            assert [type(frame) for frame in client.told()] == [Welcome]
            town.world.relay.stands(OWN, row.seq)
            await settle()
    ended(client)


async def test_the_end_is_heard_though_another_session_of_the_user_knows_more(autojump_clock, town):
    """Both say hello at once; the other's read is the later one, and takes up the stream behind the end."""
    late = LateAnswers(town)
    client, other = late.client(), Client(town)
    other.login = SECOND
    async with trio.open_nursery() as nursery:
        nursery.start_soon(client.session.receive, HELLO)
        await trio.testing.wait_all_tasks_blocked()
        end_logins(town.world, LOGIN, publish=False)
        assert [type(frame) for frame in await other.hello()] == [Welcome]
        late.release.set()
        await settle()
    ended(client)
    assert other.code is None


async def test_an_old_end_of_all_doesn_t_close_a_new_login(autojump_clock, town):
    world = town.world
    await town.ready()
    end_logins(world, SECOND, publish=False)
    end_logins(world, publish=False)  # both are behind the head that the next hello reads
    new = await second(town, "3" * 32)
    await settle()
    assert new.code is None


# --- later ------------------------------------------------------------------------------------------


async def test_the_end_of_one_login_closes_its_sessions_and_no_others(autojump_clock, town):
    mine = [await town.ready(), await town.ready()]
    other_login, stranger = await second(town), await town.ready(OTHER)
    end_logins(town.world, "f" * 32, LOGIN)
    for client in mine:
        ended(client)
    end_logins(town.world, LOGIN, user=OTHER, publish=False)
    await settle()
    assert (other_login.code, stranger.code) == (None, None)
    assert town.registry.count == 2


async def test_the_end_of_all_closes_all_of_that_user(autojump_clock, town):
    mine = [await town.ready(), await second(town)]
    stranger = await town.ready(OTHER)
    end_logins(town.world)
    for client in mine:
        ended(client)
    assert stranger.code is None
    assert town.world.relay.streams == (OTHERS,)


async def test_who_signed_in_again_stays_when_the_end_of_all_comes_late(autojump_clock, town):
    town.began_at |= {LOGIN: 1_000, SECOND: 2_000}
    first, again = await town.ready(), await second(town)
    end_logins(town.world, before=1_000)
    ended(first)
    assert again.code is None
    await again.send(refresh("3" * 32))  # of which nobody knows when it began
    end_logins(town.world, before=1_000)
    ended(again)


async def test_an_end_that_was_lost_is_repaired(autojump_clock, town):
    client = await town.ready()
    row = end_logins(town.world, LOGIN, publish=False)
    await settle()
    assert client.code is None
    town.world.relay.stands(OWN, row.seq)
    await settle()
    ended(client)


async def test_nothing_follows_the_end(autojump_clock, town):
    client = await town.ready()
    await client.send(subscribe())
    await client.send(subscribe(OWN, number=2))
    await trio.sleep(1)
    client.told()
    town.world.publish(ROOM)
    end_logins(town.world, LOGIN)
    town.world.publish(ROOM)
    await trio.sleep(1)
    assert [type(frame) for frame in client.told()] == [Goodbye]
    assert client.session._ended
    assert town.world.relay.streams == ()


async def test_a_session_that_ends_watches_no_more(autojump_clock, town):
    client = await town.ready()
    client.session.end()
    client.session.end()
    assert town.world.relay.streams == ()


# --- another login ----------------------------------------------------------------------------------


async def test_after_a_refresh_the_new_login_counts(autojump_clock, town):
    client = await town.ready()
    (accepted,) = await client.send(refresh(SECOND))
    assert isinstance(accepted, Accepted)
    end_logins(town.world, LOGIN)
    assert client.code is None
    end_logins(town.world, SECOND)
    ended(client)


async def test_the_session_lasts_as_long_as_the_login_s_newest_token(autojump_clock, town):
    client = await town.ready()
    await client.send(refresh(LOGIN, expires_at=9_000_000_000_000))  # an older one changes nothing
    assert client.session.token_expires_at == 9999999999999
    await client.send(refresh(SECOND, expires_at=50_000_000_000_000))
    await client.send(refresh("3" * 32, expires_at=40_000_000_000_000))
    assert client.session.token_expires_at == 40_000_000_000_000


async def test_an_ended_login_can_t_be_taken_over(autojump_clock, town):
    town.ended.add(SECOND)
    client = await town.ready()
    before = client.session.token_expires_at
    (refused,) = await client.send(refresh(SECOND))
    assert (refused.code, refused.field) == (Code.UNAUTHENTICATED, "token")
    assert client.session.token_expires_at == before
    end_logins(town.world, SECOND)
    assert client.code is None
    end_logins(town.world, LOGIN)
    ended(client)


async def test_a_refresh_without_the_database_is_refused_and_may_be_repeated(autojump_clock, town):
    client = await town.ready()
    town.world.faults.failing = {"logins"}
    assert isinstance((await client.send(refresh(LOGIN)))[0], Accepted)  # the same login: nothing to read
    (refused,) = await client.send(refresh(SECOND))
    assert refused.code is Code.UNAVAILABLE
    assert refused.retry
    assert refused.retry_after_s
    town.world.faults.failing = set()
    assert isinstance((await client.send(refresh(SECOND)))[0], Accepted)


async def test_a_login_that_ends_while_it_is_taken_over_closes(autojump_clock, town):
    client = await town.ready()
    town.world.faults.held["logins"] = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(client.send, refresh(SECOND))
        await settle()
        end_logins(town.world, SECOND)
        town.world.faults.held.pop("logins").set()
    assert client.code == CloseCode.REVOKED


# --- one's own inbox --------------------------------------------------------------------------------


async def test_one_s_own_inbox_can_be_subscribed_to_before_it_exists(autojump_clock, town):
    client = await town.ready()
    (subscribed,) = await client.send(subscribe(OWN))
    assert isinstance(subscribed, Subscribed)
    assert (subscribed.seq, subscribed.head) == (0, 0)
    end_logins(town.world, SECOND)
    await trio.sleep(1)
    (event,) = client.told()
    assert isinstance(event, Event)
    assert (event.header.stream, event.header.seq) == (OWN, 1)


async def test_another_s_inbox_looks_as_if_it_didn_t_exist(autojump_clock, town):
    town.world.stored(OTHERS)
    client = await town.ready()
    (refused,) = await client.send(subscribe(OTHERS))
    (nowhere,) = await client.send(subscribe(inbox_of(user_id(9)), number=2))
    assert refused.code is nowhere.code is Code.NOT_FOUND


async def test_signals_of_the_inbox_reach_its_sessions_once(autojump_clock, town):
    client, subscribed = await town.ready(), await town.ready()
    await subscribed.send(subscribe(OWN))
    subscribed.told()
    town.world.relay.signalled(Signalled(stream=OWN, author=ME, type="read"))
    await trio.sleep(1)
    assert [type(frame) for frame in client.told()] == [Signalled]
    assert [type(frame) for frame in subscribed.told()] == [Signalled]


# --- reading many at once ---------------------------------------------------------------------------


class CountingLogins:
    def __init__(self) -> None:
        self.reads: list[int] = []
        self.failing = False
        self.gate: trio.Event | None = None

    async def statuses(self, logins):
        self.reads.append(len(logins))
        await trio.lowlevel.checkpoint()
        if self.gate is not None:
            await self.gate.wait()
        if self.failing:
            raise LogUnavailableError
        return [LoginStatus(login.login != SECOND, int(login.login, 16)) for login in logins]


def login(number: int) -> Login:
    return Login(user=ME, login=f"{number:032x}", expires_at=1)


async def ask(reader: LoginReader, number: int, found: dict[int, Any]) -> None:
    try:
        found[number] = (await reader.status(login(number))).inbox_head
    except LogUnavailableError as error:
        found[number] = error


async def test_those_who_ask_while_one_read_is_made_share_the_next(autojump_clock):
    logins = CountingLogins()
    reader, found = LoginReader(logins, TrioClock()), dict[int, Any]()
    async with trio.open_nursery() as nursery:
        for number in range(LOGINS_PER_READ_MAX + 11):
            nursery.start_soon(ask, reader, number, found)
            if number == 0:
                await trio.testing.wait_all_tasks_blocked()
                found.clear()
    assert found == {number: number for number in range(1, LOGINS_PER_READ_MAX + 11)}
    assert sum(logins.reads) == LOGINS_PER_READ_MAX + 11
    assert len(logins.reads) == 3
    assert max(logins.reads) == LOGINS_PER_READ_MAX


async def test_a_failed_read_fails_for_all_who_shared_it_and_no_others(autojump_clock):
    logins = CountingLogins()
    logins.failing = True
    reader, found = LoginReader(logins, TrioClock()), dict[int, Any]()
    async with trio.open_nursery() as nursery:
        for number in (1, 2, 3):
            nursery.start_soon(ask, reader, number, found)
    assert all(isinstance(error, LogUnavailableError) for error in found.values())
    assert len(found) == 3
    logins.failing = False
    assert (await reader.status(login(2))).inbox_head == 2


async def test_a_cancelled_read_is_made_by_the_next(autojump_clock):
    logins = CountingLogins()
    logins.gate = trio.Event()
    reader, found = LoginReader(logins, TrioClock()), dict[int, Any]()
    async with trio.open_nursery() as nursery:
        scope = trio.CancelScope()

        async def first() -> None:
            with scope:
                await ask(reader, 1, found)

        nursery.start_soon(first)
        nursery.start_soon(ask, reader, 2, found)
        await settle()
        scope.cancel()
        await settle()
        logins.gate.set()
    assert found == {2: 2}


async def test_hello_of_a_protocol_that_isn_t_spoken_reads_nothing(autojump_clock, town):
    client = Client(town)
    await client.send(Hello(token=f"{ME} 99999999999999", protocol=9))
    assert "logins" not in town.world.faults.calls
