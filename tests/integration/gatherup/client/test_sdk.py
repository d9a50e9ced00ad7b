"""The SDK over real sockets, against a server that says what each test wants."""

from __future__ import annotations

import math

import msgspec
import pytest
import trio

from gatherup.client import (
    Closed,
    ClosedError,
    Ended,
    Event,
    Offline,
    Online,
    Policy,
    Read,
    RefusedError,
    Signal,
    Snapshot,
    TokenDeniedError,
    TokenUnavailableError,
    UnknownOutcomeError,
    connect,
)
from protocol.codec import InvalidFrameError
from protocol.codes import CloseCode, Code
from protocol.frames import (
    Accepted,
    Goodbye,
    Heads,
    MarkRead,
    Position,
    RefreshToken,
    Refused,
    RoomHead,
    SessionLimits,
    Signalled,
    Subscribe,
    Unknown,
    Unsubscribe,
    Unsubscribed,
    WatchHeads,
)
from protocol.room.commands import CreateRoom, OpenDirect, PostMessage, SendTyping, SetFilter
from tests.integration.gatherup.client.double import CODEC, Peer, serving
from tests.unit.gatherup.client.world import ROOMS, USER, client_id, event, post, subscribed

QUICK = Policy(backoff_min_s=0.01, backoff_max_s=0.05)
ROOM = ROOMS[0]


async def test_posts_and_follows() -> None:
    async def script(peer: Peer) -> None:
        hello = await peer.greet()
        assert (hello.token, hello.positions) == ("secret", ())
        asked = await peer.hear(Subscribe)
        await peer.say(subscribed(ROOM, 4, snapshot=True, to=asked.client_id))
        posted = await peer.hear(PostMessage)
        assert not posted.resend
        await peer.say(Accepted(client_id=posted.client_id, stream=ROOM, seq=5, events=1), event(ROOM, 5))
        assert await peer.until_closed() == 1000

    async with serving(script) as url, connect(url, token="secret", policy=QUICK) as client:
        async with await client.subscribe(ROOM) as stream:
            accepted = await client.send(post(1))
            assert accepted.seq == 5
            first, second = await anext(stream), await anext(stream)
            assert isinstance(first, Snapshot)
            assert isinstance(second, Event)
            assert second.header.seq == 5
            assert stream.position == Position(stream=ROOM, incarnation=1, seq=5)
        with pytest.raises(StopAsyncIteration):
            await anext(stream)


async def test_resumes_and_resends_after_a_drop() -> None:
    async def dropping(peer: Peer) -> None:
        await peer.greet()
        asked = await peer.hear(Subscribe)
        await peer.say(subscribed(ROOM, 0, snapshot=True, to=asked.client_id), event(ROOM, 1))
        await peer.hear(PostMessage)
        await peer.socket._stream.aclose()

    async def resumed(peer: Peer) -> None:
        hello = await peer.greet()
        assert hello.positions == (Position(stream=ROOM, incarnation=1, seq=1),)
        again = await peer.hear(PostMessage)
        assert again.resend
        await peer.say(
            subscribed(ROOM, 1), event(ROOM, 2), Unknown(client_id=again.client_id, retry_after_s=0.01)
        )
        third = await peer.hear(PostMessage)
        assert (third.resend, third.client_id) == (True, again.client_id)
        await peer.say(Accepted(client_id=third.client_id, stream=ROOM, seq=2, events=1))
        await peer.until_closed()

    told: list[object] = []
    async with (
        serving(dropping, resumed) as url,
        connect(url, token="t", policy=QUICK, on_status=told.append) as client,
    ):
        stream = await client.subscribe(ROOM)
        assert (await client.send(post(1))).seq == 2
        seqs = [(await anext(stream)).position.seq for _ in range(3)]  # type: ignore[union-attr]
        assert seqs == [0, 1, 2]
        assert client.violations == 0
        assert [type(s) for s in told] == [Online, Offline, Online]


@pytest.mark.parametrize("seqs", [(1, 3), (1, 1)], ids=["gap", "repeat"])
async def test_a_broken_order_is_resumed_from_the_last_good_one(seqs: tuple[int, ...]) -> None:
    async def broken(peer: Peer) -> None:
        await peer.greet()
        asked = await peer.hear(Subscribe)
        await peer.say(
            subscribed(ROOM, 0, snapshot=True, to=asked.client_id), *(event(ROOM, n) for n in seqs)
        )
        await peer.until_closed()

    async def sound(peer: Peer) -> None:
        assert (await peer.greet()).positions == (Position(stream=ROOM, incarnation=1, seq=1),)
        await peer.say(subscribed(ROOM, 1), event(ROOM, 2), event(ROOM, 3))
        await peer.until_closed()

    async with serving(broken, sound) as url, connect(url, token="t", policy=QUICK) as client:
        stream = await client.subscribe(ROOM)
        got = [(await anext(stream)).position.seq for _ in range(4)]  # type: ignore[union-attr]
        assert got == [0, 1, 2, 3]
        assert client.violations == 1


async def test_garbage_from_the_server_is_a_violation_and_an_unknown_frame_is_not() -> None:
    async def garbled(peer: Peer) -> None:
        await peer.greet()
        await peer.socket.send_message(b"\x81\xa1t\xa6future")
        await peer.socket.send_message(b"\xc1")
        await peer.until_closed()

    async def sound(peer: Peer) -> None:
        await peer.greet()
        posted = await peer.hear(PostMessage)
        await peer.say(Accepted(client_id=posted.client_id))
        await peer.until_closed()

    online = trio.Semaphore(0)

    def hear(status: object) -> None:
        if isinstance(status, Online):
            online.release()

    async with (
        serving(garbled, sound) as url,
        connect(url, token="t", policy=QUICK, on_status=hear) as c,
    ):
        await online.acquire()
        await online.acquire()
        await c.send(post(1))
        assert c.violations == 1


def _event(payload: bytes) -> bytes:
    header = {"stream": ROOM, "seq": 5, "at": 1, "author": "system", "type": "future.thing"}
    return b"\x83\xa1t\xa5event\xa6header" + msgspec.msgpack.encode(header) + b"\xa7payload" + payload


HOSTILE = {
    "text that isn't UTF-8": b"\x82\xa1t\xa7goodbye\xa7message\xa1\xff",
    "deep nesting": b"\x82\xa1t\xa8accepted\xa6answer" + b"\x91" * 100_000 + b"\x01",
    "a payload whose text isn't UTF-8": _event(b"\xa1\xff"),
    "a payload nested deep": _event(b"\x91" * 900 + b"\xa1\xff"),
    "a time that is none": CODEC.encode(Unknown(client_id=client_id(1), retry_after_s=math.nan)),
}


@pytest.mark.parametrize("said", HOSTILE.values(), ids=HOSTILE)
async def test_whatever_a_server_says_the_client_lives_and_comes_back(said: bytes) -> None:
    async def hostile(peer: Peer) -> None:
        await peer.greet()
        asked = await peer.hear(Subscribe)
        await peer.say(subscribed(ROOM, 4, to=asked.client_id))
        await peer.socket.send_message(said)
        await peer.until_closed()

    async def sound(peer: Peer) -> None:
        hello = await peer.greet()
        assert [p.seq for p in hello.positions] == [4], "what couldn't be read wasn't taken"
        await peer.until_closed()

    twice = trio.Semaphore(0)

    def hear(status: object) -> None:
        if isinstance(status, Online):
            twice.release()

    async with (
        serving(hostile, sound) as url,
        connect(url, token="t", policy=QUICK, on_status=hear) as c,
    ):
        await c.subscribe(ROOM, since=Position(stream=ROOM, incarnation=1, seq=4))
        await twice.acquire()
        await twice.acquire()
        assert c.violations == 1


@pytest.mark.parametrize(
    "numbers",
    [
        {"heartbeat_s": math.nan},
        {"heartbeat_s": 0.0},
        {"limits": SessionLimits(commands_per_s=0.0)},
        {"limits": SessionLimits(commands_burst=math.nan)},
        {"limits": SessionLimits(inflight_commands_max=0)},
        {"limits": SessionLimits(signals_per_s=0.0)},
    ],
)
async def test_a_welcome_with_numbers_nobody_can_keep_to_is_none(numbers: dict[str, object]) -> None:
    async def hostile(peer: Peer) -> None:
        await peer.greet(**numbers)
        await peer.until_closed()

    async def sound(peer: Peer) -> None:
        await peer.greet()
        await peer.until_closed()

    async with serving(hostile, sound) as url, connect(url, token="t", policy=QUICK) as c:
        await c.wait_online()
        assert c.violations == 1


async def test_a_refusal_is_raised_whole() -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        posted = await peer.hear(PostMessage)
        await peer.say(
            Refused(client_id=posted.client_id, code=Code.INVALID, message="Too long.", field="body")
        )
        await peer.until_closed()

    async with serving(script) as url, connect(url, token="t", policy=QUICK) as client:
        with pytest.raises(RefusedError, match="Too long") as caught:
            await client.send(post(1))
        assert (caught.value.code, caught.value.field, caught.value.retry) == (Code.INVALID, "body", False)


@pytest.mark.parametrize("half", ["\ud83d", "\ude00" * 100, "\ude00" * 10_000])
async def test_half_an_emoji_is_refused_by_its_field_and_the_client_goes_on(half: str) -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        for _ in range(3):
            message = await peer.socket.get_message()
            assert isinstance(message, bytes)
            with pytest.raises(InvalidFrameError) as invalid:
                CODEC.decode(message)
            await peer.say(invalid.value.refused)
        posted = await peer.hear(PostMessage)
        await peer.say(Accepted(client_id=posted.client_id, stream=ROOM, seq=5, events=1))
        await peer.until_closed()

    async with serving(script) as url, connect(url, token="t", policy=QUICK) as client:
        with pytest.raises(RefusedError, match="UTF-8") as caught:
            await client.send(msgspec.structs.replace(post(1), body=f"a{half}"))
        assert (caught.value.code, caught.value.field, caught.value.retry) == (Code.INVALID, "body", False)
        with pytest.raises(RefusedError) as caught:
            await client.send(SetFilter(client_id=client_id(7), stream=ROOM, words=("good", half)))
        assert caught.value.field == "words"
        client.mark_read(f"room:{half}", 1)
        assert (await client.send(post(2))).seq == 5


async def test_a_retryable_refusal_is_tried_again_but_not_as_a_resend() -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        posted = await peer.hear(PostMessage)
        await peer.say(
            Refused(
                client_id=posted.client_id,
                code=Code.RATE_LIMITED,
                message="Slow.",
                retry=True,
                retry_after_s=0.01,
            )
        )
        again = await peer.hear(PostMessage)
        assert not again.resend
        await peer.say(Accepted(client_id=again.client_id, seq=1, events=1))
        await peer.until_closed()

    async with serving(script) as url, connect(url, token="t", policy=QUICK) as client:
        assert (await client.send(post(1))).seq == 1


async def test_closing_on_a_sent_command_leaves_its_outcome_unknown() -> None:
    heard = trio.Event()

    async def script(peer: Peer) -> None:
        await peer.greet()
        await peer.hear(PostMessage)
        heard.set()
        await peer.until_closed()

    async with serving(script) as url, connect(url, token="t", policy=QUICK) as client:
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def _() -> None:
                await heard.wait()
                client.close()

            with pytest.raises(UnknownOutcomeError):
                await client.send(post(1))
        with pytest.raises(ClosedError):
            await client.send(post(2))


@pytest.mark.parametrize("code", [CloseCode.UNAUTHENTICATED, CloseCode.REVOKED, CloseCode.TOKEN_EXPIRED])
async def test_turned_away_for_good(code: CloseCode) -> None:
    async def script(peer: Peer) -> None:
        await peer.socket.get_message()
        await peer.say(Goodbye(code=code, message="No.", retry=False))
        await peer.socket.aclose(code)

    async with serving(script) as url:
        with pytest.raises(ClosedError) as caught:
            async with connect(url, token="bad", policy=QUICK):
                raise AssertionError("never online")
        assert caught.value.code == code


async def test_goodbye_says_when_to_come_back() -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        await peer.say(Goodbye(code=CloseCode.GOING_AWAY, message="Moving.", retry=True, retry_after_s=0.3))
        await peer.socket.aclose(CloseCode.GOING_AWAY)

    async def back(peer: Peer) -> None:
        await peer.greet()
        await peer.until_closed()

    told: list[object] = []
    back_again = trio.Event()

    def hear(status: object) -> None:
        told.append(status)
        if len(told) == 3:
            back_again.set()

    async with serving(script, back) as url, connect(url, token="t", policy=QUICK, on_status=hear):
        await back_again.wait()
    assert told[1] == Offline(code=CloseCode.GOING_AWAY, message="Moving.", retry_after_s=0.3)


async def test_a_token_is_renewed_before_it_expires_and_asked_for_again_when_there_is_none() -> None:
    tokens = iter(["first", TokenUnavailableError(), "second", "third"])

    async def provider() -> str:
        token = next(tokens)
        if isinstance(token, Exception):
            raise token
        return token

    done = trio.Event()

    async def script(peer: Peer) -> None:
        hello = await peer.greet(token_expires_at=50)
        assert hello.token == "first"
        renewed = await peer.hear(RefreshToken)
        assert renewed.token == "second"
        await peer.say(Accepted(client_id=renewed.client_id))
        assert (await peer.hear(RefreshToken)).token == "third"
        done.set()
        await peer.until_closed()

    async with serving(script) as url, connect(url, token=provider, policy=QUICK):
        await done.wait()


async def test_a_token_denied_to_a_client_that_comes_back_closes_it() -> None:
    told: list[object] = []
    tokens = iter(["first"])

    async def provider() -> str:
        try:
            return next(tokens)
        except StopIteration:
            raise TokenDeniedError("The login has ended.") from None

    async def script(peer: Peer) -> None:
        await peer.greet()
        await peer.hear(Subscribe)
        await peer.say(subscribed(ROOM, 0, snapshot=True, to=None))
        await peer.socket.aclose(CloseCode.GOING_AWAY)

    async with (
        serving(script) as url,
        connect(url, token=provider, policy=QUICK, on_status=told.append) as client,
    ):
        stream = await client.subscribe(ROOM)
        *_, last = [item async for item in stream]
        assert isinstance(last, Ended)
        assert isinstance(last.error, ClosedError)
        with pytest.raises(ClosedError):
            await client.subscribe(ROOM)
    assert told[-1] == Closed(code=CloseCode.UNAUTHENTICATED, message="The login has ended.")


async def test_a_token_denied_in_the_middle_or_at_first_closes_the_client() -> None:
    tokens = iter(["first"])

    async def provider() -> str:
        try:
            return next(tokens)
        except StopIteration:
            raise TokenDeniedError("The login has ended.") from None

    async def script(peer: Peer) -> None:
        await peer.greet(token_expires_at=50)
        await peer.until_closed()

    async def use(url: str) -> None:
        async with connect(url, token=provider, policy=QUICK) as client:
            await client.subscribe(ROOM)

    async with serving(script) as url:
        for _ in range(2):  # in the middle of a session, and before the first
            with pytest.raises(ClosedError, match="The login has ended"):
                await use(url)


async def test_a_slow_reader_leaves_the_stream_and_resumes_it_while_commands_go_on() -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        asked = await peer.hear(Subscribe)
        await peer.say(subscribed(ROOM, 0, snapshot=True, to=asked.client_id))
        posted = await peer.hear(PostMessage)
        await peer.say(*(event(ROOM, n) for n in range(1, 9)))
        left = await peer.hear(Unsubscribe)
        accepted = Accepted(client_id=posted.client_id, seq=9, events=1)
        await peer.say(Accepted(client_id=left.client_id), accepted)
        again = await peer.hear(Subscribe)
        assert again.since == Position(stream=ROOM, incarnation=1, seq=3)
        await peer.say(subscribed(ROOM, 3, to=again.client_id), *(event(ROOM, n) for n in range(4, 7)))
        await peer.until_closed()

    policy = Policy(backoff_min_s=0.01, buffer_items_max=4)
    async with serving(script) as url, connect(url, token="t", policy=policy) as client:
        stream = await client.subscribe(ROOM)
        await client.send(post(1))  # nobody reads the stream, and yet this is answered
        got = [(await anext(stream)).position.seq for _ in range(6)]  # type: ignore[union-attr]
        assert got == [0, 1, 2, 3, 4, 5]


async def test_signals_go_both_ways_and_a_revoked_stream_ends() -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        asked = await peer.hear(Subscribe)
        await peer.say(subscribed(ROOM, 0, snapshot=True, to=asked.client_id))
        await peer.hear(SendTyping)
        await peer.say(Signalled(stream=ROOM, author="user:x", type="room.typing"))
        await peer.say(Unsubscribed(stream=ROOM, code=Code.NOT_A_MEMBER, message="Kicked."))
        await peer.until_closed()

    async with serving(script) as url, connect(url, token="t", policy=QUICK) as client:
        stream = await client.subscribe(ROOM)
        assert isinstance(await anext(stream), Snapshot)
        client.signal(SendTyping(stream=ROOM))
        rest = [item async for item in stream]
        assert isinstance(rest[0], Signal)
        assert isinstance(rest[-1], Ended)
        assert isinstance(rest[-1].error, RefusedError)


async def test_a_refused_subscribe_is_raised_and_can_be_tried_again() -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        asked = await peer.hear(Subscribe)
        await peer.say(Refused(client_id=asked.client_id, stream=ROOM, code=Code.NOT_FOUND, message="None."))
        asked = await peer.hear(Subscribe)
        await peer.say(subscribed(ROOM, 0, snapshot=True, to=asked.client_id))
        await peer.until_closed()

    async with serving(script) as url, connect(url, token="t", policy=QUICK) as client:
        with pytest.raises(RefusedError):
            await client.subscribe(ROOM)
        await client.subscribe(ROOM)
        with pytest.raises(ValueError, match="followed already"):
            await client.subscribe(ROOM)


async def test_an_error_in_the_block_comes_out_as_itself() -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        await peer.until_closed()

    async with serving(script) as url:
        with pytest.raises(ZeroDivisionError):
            async with connect(url, token="t", policy=QUICK):
                raise ZeroDivisionError


async def test_an_address_that_is_none() -> None:
    with pytest.raises(ValueError, match="ws://"):
        async with connect("http://127.0.0.1/", token="t"):
            pass


async def test_a_server_that_comes_up_later_is_found() -> None:
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listeners[0].socket.getsockname()[1]
    offline = trio.Event()

    async def answer_nonsense(stream: trio.SocketStream) -> None:
        await stream.send_all(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
        await stream.aclose()

    told: list[object] = []

    def hear(status: object) -> None:
        told.append(status)
        if len(told) == 3:
            offline.set()

    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.serve_listeners, answer_nonsense, listeners)

            @nursery.start_soon
            async def _() -> None:
                async with connect(f"ws://127.0.0.1:{port}", token="t", policy=QUICK, on_status=hear):
                    raise AssertionError("never online")

            await offline.wait()
            nursery.cancel_scope.cancel()
    assert all(isinstance(status, Offline) for status in told[:3])


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 101 Switching", b"garbage\r\n\r\n"])
async def test_a_handshake_that_the_server_breaks_off_is_noticed_at_once(said: bytes) -> None:
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listeners[0].socket.getsockname()[1]

    async def break_off(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        if said:
            await stream.send_all(said)
        await stream.aclose()

    offline = trio.Event()
    patient = Policy(connect_timeout_s=math.inf)
    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.serve_listeners, break_off, listeners)

            @nursery.start_soon
            async def _() -> None:
                address = f"ws://127.0.0.1:{port}"
                async with connect(address, token="t", policy=patient, on_status=lambda _: offline.set()):
                    raise AssertionError("never online")

            await offline.wait()
            nursery.cancel_scope.cancel()


async def test_a_connection_that_the_client_drops_is_one_loss() -> None:
    async def broken(peer: Peer) -> None:
        await peer.greet()
        await peer.socket.send_message(b"\xc1")
        await peer.until_closed()

    async def sound(peer: Peer) -> None:
        await peer.greet()
        await peer.until_closed()

    told: list[object] = []
    back = trio.Event()

    def hear(status: object) -> None:
        told.append(status)
        if len([status for status in told if isinstance(status, Online)]) == 3:
            back.set()

    policy = Policy(backoff_min_s=0.01, backoff_max_s=10.0)
    async with (
        serving(broken, broken, sound) as url,
        connect(url, token="t", policy=policy, on_status=hear),
    ):
        await back.wait()
    offline = [status for status in told if isinstance(status, Offline)]
    assert [type(status) for status in told] == [Online, Offline, Online, Offline, Online, Closed]
    assert offline[0].retry_after_s <= 0.01
    assert offline[1].retry_after_s <= 0.02


def head(number: int) -> RoomHead:
    return RoomHead(room=ROOM, seq=number, number=number, read=0, unread=number, mentions=0)


async def test_heads_are_watched_over_a_drop_and_marks_are_told() -> None:
    async def dropping(peer: Peer) -> None:
        await peer.greet()
        asked = await peer.hear(WatchHeads)
        assert asked.rooms == (ROOM,)
        await peer.say(Accepted(client_id=asked.client_id), Heads(rooms=(head(1),)))
        assert await peer.hear(MarkRead) == MarkRead(room=ROOM, number=1)
        await peer.socket._stream.aclose()

    async def resumed(peer: Peer) -> None:
        await peer.greet()
        asked = await peer.hear(WatchHeads)
        await peer.say(Accepted(client_id=asked.client_id), Heads(rooms=(head(5),)))
        changed = await peer.hear(WatchHeads)
        assert changed.rooms == (ROOMS[1],)
        await peer.say(Accepted(client_id=changed.client_id))
        assert (await peer.hear(WatchHeads)).rooms == ()
        posted = await peer.hear(PostMessage)
        await peer.say(Accepted(client_id=posted.client_id))
        await peer.until_closed()

    async with (
        serving(dropping, resumed) as url,
        connect(url, token="t", policy=QUICK) as client,
    ):
        async with await client.watch_heads([ROOM]) as heads:
            assert await anext(heads) == head(1)
            with pytest.raises(ValueError, match="watched already"):
                await client.watch_heads([ROOM])
            client.mark_read(ROOM, 1)
            assert await anext(heads) == head(5)
            await heads.watch([ROOMS[1]])
        with pytest.raises(StopAsyncIteration):
            await anext(heads)
        await client.send(post(1))
        assert client.violations == 0


async def test_refused_heads_are_raised_and_heads_end_with_the_client() -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        asked = await peer.hear(WatchHeads)
        await peer.say(Refused(client_id=asked.client_id, code=Code.TOO_MANY, message="Too many."))
        asked = await peer.hear(WatchHeads)
        await peer.say(Accepted(client_id=asked.client_id))
        await peer.until_closed()

    async with serving(script) as url, connect(url, token="t", policy=QUICK) as client:
        with pytest.raises(RefusedError, match="Too many"):
            await client.watch_heads([ROOM])
        heads = await client.watch_heads([ROOM])
        client.close()
        (ended,) = [item async for item in heads]
        assert isinstance(ended, Ended)
        assert isinstance(ended.error, ClosedError)


async def test_rooms_are_made_and_spoken_in() -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        made = await peer.hear(CreateRoom)
        assert (made.name, made.access, made.history) == ("Tea", "group", False)
        await peer.say(Accepted(client_id=made.client_id, stream=ROOM, seq=1, events=1))
        posted = await peer.hear(PostMessage)
        assert (posted.stream, posted.body, posted.thread) == (ROOM, "hi", 3)
        await peer.say(Accepted(client_id=posted.client_id, stream=ROOM, seq=2, events=1))
        opened = await peer.hear(OpenDirect)
        await peer.say(Accepted(client_id=opened.client_id, stream=ROOMS[1]))
        asked = await peer.hear(Subscribe)
        assert asked.stream == "inbox:" + "1" * 32
        read = {"room": ROOM, "number": 4, "user": USER}
        await peer.say(
            subscribed(asked.stream, 0, to=asked.client_id),
            Signalled(stream=asked.stream, author=USER, type="read", data=read),
        )
        await peer.until_closed()

    async with serving(script) as url, connect(url, token="t", policy=QUICK) as client:
        room = await client.create_room("Tea", access="group", history=False)
        assert room.id == ROOM
        assert (await room.post("hi", thread=3)).seq == 2
        assert (await client.open_direct(USER)).id == ROOMS[1]
        inbox = await client.subscribe_inbox(since=Position(stream="inbox:" + "1" * 32, incarnation=1, seq=0))
        assert await anext(inbox) == Read(stream=inbox.id, room=ROOM, user=USER, number=4)
