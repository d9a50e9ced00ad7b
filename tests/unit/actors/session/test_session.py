from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import msgspec
import pytest
import trio
from msgspec import Raw, Struct

from actors.ports.logins import InvalidTokenError, Login
from actors.session.connection_writer import Lane
from actors.session.local_presence import node_presence
from actors.session.logins import LoginReader
from actors.session.registry import SessionRegistry
from actors.session.rights import ReadRights
from actors.session.services import SessionServices
from actors.session.session import INVALID_FRAMES, Session
from actors.session.watching import VisibilityChecks
from protocol import limits
from protocol.codes import CloseCode, Code, may_come_back
from protocol.frames import (
    Accepted,
    ClientFrame,
    Command,
    Event,
    Goodbye,
    Hello,
    Ping,
    Position,
    RefreshToken,
    Refused,
    Reply,
    Signal,
    Signalled,
    Subscribe,
    Subscribed,
    Unknown,
    Unsubscribe,
    Unsubscribed,
    Welcome,
)
from protocol.room.commands import PostMessage, SendTyping
from storage.memory.logins import MemoryLogins
from storage.memory.visibility import MemoryVisibility
from tests.ownership import owning_everything
from tests.ports import NoStreams
from tests.unit.actors.session.support import (
    PACKED,
    TEXT,
    Halfway,
    MemoryWire,
    World,
    client_id,
    closed_with,
    frames,
    settle,
    stream_id,
    user_id,
)

ROOM = stream_id(1)
ME, OTHER = user_id(101), user_id(102)  # no room has the digits of an inbox
LOGIN = "1" * 32
INCARNATION = 3


class PlainTokens:
    """A token is ``user expires_at login``; the login may be missing."""

    def verify(self, token: str, now: int) -> Login:
        user, _, rest = token.partition(" ")
        expires_at, _, login = rest.partition(" ")
        if not user.startswith("user:"):
            raise InvalidTokenError
        if int(expires_at) <= now:
            raise InvalidTokenError(expired=True)
        return Login(user=user, login=login or LOGIN, expires_at=int(expires_at))


class Seen(Struct, frozen=True):
    user: str
    head: int


class SeenView(Struct, frozen=True):
    head: int
    view: Struct | bytes


class Owners(NoStreams):
    """The streams' owners, as far as a session sees them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sent: list[tuple[Command, str, Callable[[Reply], None]]] = []
        self.signals: list[tuple[Signal, str]] = []
        self.refusal: Refused | None = None
        self.before_view: Callable[[], None] = lambda: None
        self.elsewhere = False

    def send(self, command: Command, *, by: str, reply: Callable[[Reply], None]) -> None:
        self.sent.append((command, by, reply))

    def signal(self, signal: Signal, *, by: str) -> None:
        self.signals.append((signal, by))

    async def view(self, stream: str, *, user: str) -> SeenView | Refused:
        await trio.lowlevel.checkpoint()
        if self.refusal is not None:
            return self.refusal
        self.before_view()
        head = self.world.stored(stream).head
        seen = Seen(user, head)
        return SeenView(head, msgspec.msgpack.encode(seen) if self.elsewhere else seen)


class Client:
    """One connection with its session."""

    def __init__(self, town: Town, lane: Lane = PACKED, wire: MemoryWire | None = None) -> None:
        self.wire = wire or MemoryWire()
        self.lane = lane
        self.writer = town.world.open(self.wire, lane)
        self.session = Session(town.services, self.writer)
        self.login = LOGIN
        self._read = 0

    async def send(self, frame: ClientFrame) -> list[Any]:
        return await self.send_raw(self.lane.codec.encode(frame))

    async def send_raw(self, message: bytes) -> list[Any]:
        """Send one message; what it got told since the last one."""
        await self.session.receive(message)
        await settle()
        return self.told()

    def told(self) -> list[Any]:
        got = frames(self.wire, self.lane.codec)
        new, self._read = got[self._read :], len(got)
        return new

    @property
    def code(self) -> int | None:
        return closed_with(self.wire)

    async def hello(self, user: str = ME, *positions: Position) -> list[Any]:
        return await self.send(Hello(token=f"{user} 9999999999999 {self.login}", positions=positions))


class Town:
    def __init__(self, world: World) -> None:
        self.world = world
        self.owners = Owners(world)
        self.registry = SessionRegistry()
        self.ended: set[str] = set()
        logins = MemoryLogins(world.database, self.ended, world.faults)
        self.began_at = logins.began_at
        self.left: list[str] = []
        """Who was to be seen in a session that ended."""
        presence, local_presence = node_presence(
            owning_everything(world.clock), world.clock, world.relay, self.left.append
        )
        self.presence = presence
        self.services = SessionServices(
            node="n1",
            rights=ReadRights(world.log, world.clock),
            relay=world.relay,
            streams=self.owners,
            tokens=PlainTokens(),
            logins=LoginReader(logins, world.clock),
            registry=self.registry,
            read_markers=cast(Any, None),
            unread=cast(Any, None),
            presence=presence,
            local_presence=local_presence,
            visibility=VisibilityChecks(MemoryVisibility(world.database), world.clock),
            clock=world.clock,
            randomness=Halfway(),
        )
        world.listen(ROOM, ME)

    async def ready(self, user: str = ME, **options: Any) -> Client:
        client = Client(self, **options)
        await client.hello(user)
        client.told()
        return client


@pytest.fixture
async def town():
    async with World().running() as world:
        yield Town(world)


def position(seq: int, stream: str = ROOM, incarnation: int = INCARNATION) -> Position:
    return Position(stream=stream, incarnation=incarnation, seq=seq)


def subscribe(stream: str = ROOM, since: Position | None = None, number: int = 1) -> Subscribe:
    return Subscribe(client_id=client_id(number), stream=stream, since=since)


def post(number: int = 1, *, resend: bool = False) -> PostMessage:
    return PostMessage(client_id=client_id(number), stream=ROOM, body="hi", resend=resend)


# --- hello ------------------------------------------------------------------------------------------


async def test_hello_is_welcomed(autojump_clock, town):
    client = Client(town)
    assert not client.session.ready
    assert client.session.token_expires_at is None
    (welcome,) = await client.hello()
    assert isinstance(welcome, Welcome)
    assert (welcome.user, welcome.node, welcome.token_expires_at) == (ME, "n1", 9999999999999)
    assert client.session.ready
    assert client.session.token_expires_at == 9999999999999
    assert town.registry.count == 1


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (post(), CloseCode.HELLO_EXPECTED),
        (SendTyping(stream=ROOM), CloseCode.HELLO_EXPECTED),
        (subscribe(), CloseCode.HELLO_EXPECTED),
        (Hello(token=f"{ME} 99999999999999", protocol=2), CloseCode.UNSUPPORTED_PROTOCOL),
        (Hello(token="nonsense"), CloseCode.UNAUTHENTICATED),
        (Hello(token=f"{ME} 17"), CloseCode.TOKEN_EXPIRED),
        (Hello(token="x" * 5000), CloseCode.HELLO_EXPECTED),
    ],
)
async def test_a_bad_first_frame_closes(autojump_clock, town, frame, code):
    client = Client(town)
    told = await client.send(frame)
    goodbye = told[-1]
    assert isinstance(goodbye, Goodbye)
    assert goodbye.code == code == client.code
    assert not client.session.ready
    assert town.registry.count == 0
    assert await client.hello() == []


@pytest.mark.parametrize("message", [b"", b"\xc1", b"\x81", b"{", b"\xff" * 100, b"\x92" * 3000])
@pytest.mark.parametrize("lane", [PACKED, TEXT])
async def test_garbage_closes_before_and_after_hello(autojump_clock, town, message, lane):
    for client in (Client(town, lane), await town.ready(lane=lane)):
        await client.send_raw(message)
        assert client.code == CloseCode.BAD_FRAME
        assert client.session._ended


async def test_one_user_may_have_so_many_sessions_and_no_more(autojump_clock, town):
    clients = [await town.ready() for _ in range(limits.SESSIONS_PER_USER_MAX)]
    extra = Client(town)
    await extra.hello()
    assert extra.code == CloseCode.TOO_MANY_SESSIONS
    assert (await town.ready(OTHER)).session.ready
    clients[0].session.end()
    assert (await town.ready()).session.ready
    assert town.registry.count == limits.SESSIONS_PER_USER_MAX + 1


async def test_one_more_session_takes_the_place_of_the_one_silent_longest(autojump_clock, town):
    """Who lost the network comes back at once; the server finds the old sessions dead a minute later."""
    clients = [await town.ready() for _ in range(limits.SESSIONS_PER_USER_MAX)]
    for index, client in enumerate(clients):
        client.session.ask_silence(lambda index=index: limits.REPLACEABLE_AFTER_S - index % 2 * 0.1)
    clients[6].session.ask_silence(lambda: limits.REPLACEABLE_AFTER_S + 1.0)
    newcomer = await town.ready()
    assert newcomer.session.ready
    assert clients[6].code == CloseCode.IDLE
    assert may_come_back(CloseCode.IDLE)
    assert [client.code for client in clients if client is not clients[6]] == [None] * 19
    await town.ready()
    assert clients[0].code == CloseCode.IDLE, "of those that were silent equally long the oldest"
    assert town.registry.count == limits.SESSIONS_PER_USER_MAX


async def test_who_finds_all_sessions_alive_is_told_to_come_back(autojump_clock, town):
    for _ in range(limits.SESSIONS_PER_USER_MAX):
        client = await town.ready()
        client.session.ask_silence(lambda: limits.REPLACEABLE_AFTER_S - 0.1)
    extra = Client(town)
    (goodbye,) = await extra.hello()
    assert extra.code == CloseCode.TOO_MANY_SESSIONS
    assert may_come_back(CloseCode.TOO_MANY_SESSIONS)
    assert goodbye.retry_after_s


async def test_a_second_hello_is_refused(autojump_clock, town):
    client = await town.ready()
    (refused,) = await client.hello()
    assert isinstance(refused, Refused)
    assert refused.code is Code.INVALID
    assert client.code is None


async def test_positions_of_the_hello_are_resumed_in_order_with_one_read_of_access(autojump_clock, town):
    other, closed = stream_id(2), stream_id(3)
    town.world.listen(other)
    for _ in range(5):
        town.world.write(ROOM)
        town.world.write(other)
    town.world.write(closed)
    client = Client(town)
    told = await client.hello(
        ME,
        position(3),
        position(5, other, INCARNATION - 1),
        position(0, closed),
        position(0, stream_id(4)),
        position(4),
    )
    assert [type(f) for f in told] == [
        Welcome,
        Refused,
        Subscribed,
        Event,
        Event,
        Subscribed,
        Refused,
        Refused,
    ]
    twice, resumed, snapshot = told[1], told[2], told[5]
    assert (twice.code, twice.stream) == (Code.ALREADY_EXISTS, ROOM)
    assert (resumed.stream, resumed.seq, resumed.head, resumed.snapshot) == (ROOM, 3, 5, None)
    assert resumed.client_id is None
    assert [f.header.seq for f in told if isinstance(f, Event)] == [4, 5]
    assert (snapshot.stream, snapshot.seq, snapshot.incarnation) == (other, 5, INCARNATION)
    assert msgspec.msgpack.decode(snapshot.snapshot) == {"user": ME, "head": 5}
    assert [(f.code, f.stream) for f in told[6:]] == [
        (Code.NOT_FOUND, closed),
        (Code.NOT_FOUND, stream_id(4)),
    ]
    assert town.world.faults.calls.count("read_access") == 1


# --- subscribe ----------------------------------------------------------------------------------------


async def test_a_subscribe_gets_a_snapshot_and_then_what_happens(autojump_clock, town):
    town.world.write(ROOM)
    for lane in (PACKED, TEXT):
        client = await town.ready(lane=lane)
        (subscribed,) = await client.send(subscribe())
        head = town.world.stored(ROOM).head
        assert isinstance(subscribed, Subscribed)
        assert subscribed.client_id == client_id(1)
        assert (subscribed.seq, subscribed.head) == (head, head)
        assert subscribed.snapshot is not None
        town.world.publish(ROOM)
        await trio.sleep(1)
        assert [f.header.seq for f in client.told() if isinstance(f, Event)] == [head + 1]


async def test_a_snapshot_of_another_node_is_the_same_in_every_codec(autojump_clock, town):
    town.world.publish(ROOM)
    for lane, decode in ((PACKED, msgspec.msgpack.decode), (TEXT, msgspec.json.decode)):
        client = await town.ready(lane=lane)
        for number, elsewhere in enumerate((False, True)):
            town.owners.elsewhere = elsewhere
            (subscribed,) = await client.send(subscribe(number=2 * number + 1))
            assert decode(subscribed.snapshot) == {"user": ME, "head": 1}
            await client.send(Unsubscribe(client_id=client_id(2 * number + 2), stream=ROOM))


async def test_a_snapshot_newer_than_the_right_has_the_right_read_again(autojump_clock, town):
    client = await town.ready()

    def kicked() -> None:
        town.world.publish(ROOM, revokes=(ME,))
        town.world.forbid(ROOM, ME)

    town.owners.before_view = kicked
    (refused,) = await client.send(subscribe())
    assert (refused.code, refused.stream, refused.client_id) == (Code.NOT_FOUND, ROOM, client_id(1))
    town.world.listen(ROOM, ME)
    town.owners.before_view = lambda: town.world.publish(ROOM) and None
    (subscribed,) = await client.send(subscribe())
    assert (subscribed.seq, subscribed.head) == (2, 2)
    town.world.publish(ROOM)
    await trio.sleep(1)
    assert [f.header.seq for f in client.told()] == [3]


@pytest.mark.parametrize(
    ("prepare", "frame", "code", "field"),
    [
        (None, subscribe(stream_id(9)), Code.NOT_FOUND, None),
        (subscribe(), subscribe(number=2), Code.ALREADY_EXISTS, None),
        (None, subscribe(since=position(0, stream_id(2))), Code.INVALID, "since.stream"),
        (None, Unsubscribe(client_id=client_id(2), stream=ROOM), Code.NOT_FOUND, None),
    ],
)
async def test_refused_subscribes(autojump_clock, town, prepare, frame, code, field):
    client = await town.ready()
    if prepare is not None:
        await client.send(prepare)
    (refused,) = await client.send(frame)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.field, refused.stream) == (code, field, frame.stream)
    assert refused.client_id == frame.client_id
    assert client.code is None


async def test_no_right_and_no_stream_are_told_alike(autojump_clock, town):
    town.world.write(stream_id(2))
    client = await town.ready()
    (one,) = await client.send(subscribe(stream_id(2)))
    (two,) = await client.send(subscribe(stream_id(3)))
    assert msgspec.structs.replace(one, stream=None) == msgspec.structs.replace(two, stream=None)


async def test_subscriptions_are_counted_and_rated(autojump_clock, town):
    client = await town.ready()
    for n in range(1, limits.SUBSCRIPTIONS_PER_SESSION_MAX + 1):
        town.world.listen(stream_id(n))
        (subscribed,) = await client.send(subscribe(stream_id(n)))
        assert isinstance(subscribed, Subscribed)
    (refused,) = await client.send(subscribe(stream_id(999)))
    assert refused.code is Code.TOO_MANY
    codes = [(await client.send(subscribe(stream_id(999))))[0].code for _ in range(100)]
    assert Code.RATE_LIMITED in codes
    (refused,) = await client.send(subscribe(stream_id(999)))
    assert refused.retry
    await trio.sleep(refused.retry_after_s)
    (refused,) = await client.send(subscribe(stream_id(999)))
    assert refused.code is Code.TOO_MANY


async def test_after_unsubscribe_nothing_of_the_stream_follows(autojump_clock, town):
    client = await town.ready()
    await client.send(subscribe())
    town.world.publish(ROOM)
    await trio.sleep(1)
    town.world.publish(ROOM)  # waits for nobody any more
    await client.session.receive(PACKED.codec.encode(Unsubscribe(client_id=client_id(2), stream=ROOM)))
    await trio.sleep(1)
    told = client.told()
    assert [type(f) for f in told] == [Event, Accepted]
    told = await client.send(subscribe(since=position(1)))
    assert [type(f) for f in told] == [Subscribed, Event]


async def test_a_revoked_listener_is_told_and_may_subscribe_again_when_allowed(autojump_clock, town):
    client = await town.ready()
    await client.send(subscribe())
    town.world.publish(ROOM, revokes=(ME,))
    town.world.publish(ROOM)
    await trio.sleep(1)
    event, ended = client.told()
    assert isinstance(event, Event)
    assert isinstance(ended, Unsubscribed)
    assert (ended.stream, ended.code) == (ROOM, Code.FORBIDDEN)
    told = await client.send(subscribe(since=position(1)))
    assert [type(f) for f in told] == [Subscribed, Event]


async def test_without_the_log_subscribes_are_refused_and_the_socket_stays(autojump_clock, town):
    town.world.write(ROOM)
    town.world.faults.failing = {"read_access"}
    client = Client(town)
    welcome, refused = await client.hello(ME, position(0))
    assert isinstance(welcome, Welcome)
    assert (refused.code, refused.stream, refused.retry) == (Code.UNAVAILABLE, ROOM, True)
    assert refused.retry_after_s > 0
    (refused,) = await client.send(subscribe(since=position(0)))
    assert (refused.code, refused.client_id) == (Code.UNAVAILABLE, client_id(1))
    town.world.faults.failing = {"read"}
    told = await client.send(subscribe(since=position(0)))
    assert [type(f) for f in told] == [Subscribed, Unsubscribed]
    assert told[1].code is Code.UNAVAILABLE
    town.world.faults.failing = set()
    told = await client.send(subscribe(since=position(0)))
    assert [type(f) for f in told] == [Subscribed, Event]
    assert client.code is None


async def test_an_owner_that_is_away_refuses_the_snapshot(autojump_clock, town):
    client = await town.ready()
    town.owners.refusal = Refused(stream=ROOM, code=Code.UNAVAILABLE, message="Later.", retry_after_s=2.0)
    (refused,) = await client.send(subscribe())
    assert (refused.code, refused.client_id, refused.retry_after_s) == (Code.UNAVAILABLE, client_id(1), 2.0)
    town.owners.refusal = None
    (subscribed,) = await client.send(subscribe())
    assert isinstance(subscribed, Subscribed)


# --- commands -------------------------------------------------------------------------------------------


async def test_a_command_goes_to_its_stream_and_its_reply_comes_back(autojump_clock, town):
    for lane in (PACKED, TEXT):
        client = await town.ready(lane=lane)
        assert await client.send(post()) == []
        command, by, reply = town.owners.sent.pop()
        assert (command, by) == (post(), ME)
        answer = Raw(msgspec.msgpack.encode({"x": [1, "ü"]}))
        reply(Accepted(client_id=client_id(1), stream=ROOM, seq=4, events=1, answer=answer))
        (accepted,) = client.told()
        unpack = msgspec.msgpack.decode if lane is PACKED else msgspec.json.decode
        assert unpack(accepted.answer) == {"x": [1, "ü"]}
        assert accepted.seq == 4


async def test_a_reply_after_the_end_goes_nowhere(autojump_clock, town):
    client = await town.ready()
    await client.send(post())
    client.session.close(CloseCode.GOING_AWAY)
    town.owners.sent[0][2](Accepted(client_id=client_id(1)))
    assert [type(f) for f in client.told()] == [Goodbye]


async def test_commands_are_rated_and_a_resend_is_never_refused_for_it(autojump_clock, town):
    client = await town.ready()
    for n in range(int(limits.COMMANDS_BURST)):
        assert await client.send(post(n)) == []
    (refused,) = await client.send(post(100))
    assert (refused.code, refused.client_id) == (Code.RATE_LIMITED, client_id(100))
    (unknown,) = await client.send(post(101, resend=True))
    assert isinstance(unknown, Unknown)
    assert unknown.client_id == client_id(101)
    await trio.sleep(unknown.retry_after_s)
    assert await client.send(post(101, resend=True)) == []


async def test_commands_in_flight_are_counted(autojump_clock, town):
    client = await town.ready()
    for n in range(limits.INFLIGHT_COMMANDS_MAX):
        assert await client.send(post(n)) == []
        await trio.sleep(1)
    (refused,) = await client.send(post(999))
    assert (refused.code, refused.retry) == (Code.OVERLOADED, True)
    assert isinstance((await client.send(post(999, resend=True)))[0], Unknown)
    town.owners.sent[0][2](Accepted(client_id=client_id(0)))
    client.told()
    assert await client.send(post(999)) == []


# --- signals, tokens, invalid frames -----------------------------------------------------------------------


async def test_signals_need_a_subscription_and_are_dropped_without_a_word(autojump_clock, town):
    client = await town.ready()
    assert await client.send(SendTyping(stream=ROOM)) == []
    assert town.owners.signals == []
    await client.send(subscribe())
    for _ in range(100):
        assert await client.send(SendTyping(stream=ROOM)) == []
    assert town.owners.signals == [(SendTyping(stream=ROOM), ME)] * int(limits.SIGNALS_BURST)
    town.world.relay.signalled(Signalled(stream=ROOM, author=OTHER, type="room.typing"))
    await trio.sleep(1)
    (signal,) = client.told()
    assert isinstance(signal, Signalled)


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (f"{ME} 99999999999999", None),
        (f"{OTHER} 99999999999999", Code.FORBIDDEN),
        (f"{ME} 17", Code.TOKEN_EXPIRED),
        ("nonsense", Code.UNAUTHENTICATED),
    ],
)
async def test_refreshing_the_token(autojump_clock, town, token, code):
    client = await town.ready()
    (answer,) = await client.send(RefreshToken(client_id=client_id(1), token=token))
    if code is None:
        assert answer == Accepted(client_id=client_id(1))
        assert client.session.token_expires_at == 99999999999999
    else:
        assert (answer.code, answer.field, answer.client_id) == (code, "token", client_id(1))
        assert client.session.token_expires_at == 9999999999999
    assert client.code is None


async def test_a_ping_is_answered_at_the_pace_of_commands(autojump_clock, town):
    client = await town.ready()
    for number in range(int(limits.COMMANDS_BURST)):
        assert await client.send(Ping(client_id=client_id(number))) == [Accepted(client_id=client_id(number))]
    (refused,) = await client.send(Ping(client_id=client_id(1)))
    assert (refused.code, refused.client_id, refused.stream) == (Code.RATE_LIMITED, client_id(1), None)
    assert client.code is None


async def test_invalid_frames_are_answered_until_they_flood(autojump_clock, town):
    client = await town.ready()
    bad = msgspec.msgpack.encode({"t": "room.post", "client_id": client_id(1), "stream": ROOM, "body": ""})
    for _ in range(int(INVALID_FRAMES.burst)):
        (refused,) = await client.send_raw(bad)
        assert (refused.code, refused.field, refused.client_id) == (Code.INVALID, "body", client_id(1))
    refused, goodbye = await client.send_raw(bad)
    assert isinstance(goodbye, Goodbye)
    assert client.code == CloseCode.FLOODING


async def test_further_hellos_are_invalid_and_a_flood_of_them_ends_the_session(autojump_clock, town):
    client = await town.ready()
    for _ in range(int(INVALID_FRAMES.burst)):
        (refused,) = await client.send(Hello(token=ME))
        assert (refused.code, refused.field) == (Code.INVALID, "t")
    assert client.code is None
    refused, goodbye = await client.send(Hello(token=ME))
    assert isinstance(goodbye, Goodbye)
    assert client.code == CloseCode.FLOODING


# --- the end ------------------------------------------------------------------------------------------------


async def test_goodbye_says_whether_and_when_to_come_back(autojump_clock, town):
    client = await town.ready()
    client.session.close(CloseCode.GOING_AWAY, retry_after_s=2.5)
    client.session.close(CloseCode.IDLE)
    (goodbye,) = client.told()
    assert (goodbye.code, goodbye.retry, goodbye.retry_after_s) == (CloseCode.GOING_AWAY, True, 2.5)
    assert client.code == CloseCode.GOING_AWAY


@pytest.mark.parametrize("how", ["end", "close", "abort", "slow"])
async def test_however_it_ends_nothing_is_left(autojump_clock, town, how):
    client = await town.ready(wire=MemoryWire())
    await client.send(subscribe())
    match how:
        case "end":
            client.session.end()
            client.session.end()
        case "close":
            client.session.close(CloseCode.GOING_AWAY)
        case "abort":
            client.writer.abort()
        case _:
            client.wire.room = 0
            for _ in range(60):
                town.world.publish(ROOM, "x" * 30_000)
                await trio.sleep(1)
            assert client.writer.closing
    assert town.registry.count == 0
    assert not town.world.relay.audience(ROOM)
    assert town.world.relay._entries == {}
    await client.session.receive(PACKED.codec.encode(subscribe(number=2)))
    assert town.world.relay._entries == {}


@pytest.mark.parametrize("call", ["read_access", "read"])
async def test_an_end_while_a_subscribe_waits_for_the_log(autojump_clock, town, call):
    for _ in range(5):
        town.world.write(ROOM)
    client = await town.ready()
    town.world.faults.held[call] = gate = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(client.session.receive, PACKED.codec.encode(subscribe(since=position(0))))
        await settle()
        client.session.end()
        gate.set()
    assert town.world.relay._entries == {}
    assert not any(isinstance(f, Event) for f in client.told())


async def test_a_session_that_ended_while_it_resumed_asks_for_no_further_view(autojump_clock, town):
    streams = [stream_id(number) for number in range(2, 6)]
    for stream in streams:
        town.world.listen(stream)
        town.world.write(stream)
    client, views = Client(town), 0

    def leave() -> None:
        nonlocal views
        views += 1
        client.session.end()

    town.owners.before_view = leave
    await client.hello(ME, *(position(0, stream, INCARNATION - 1) for stream in streams))
    assert views == 1
