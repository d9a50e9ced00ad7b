"""Bad input above the frames, on a whole node: each gets its code, and a healthy client notices nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import jwt
import pytest
import trio

from gatherup.auth.tokens import AccessTokens
from protocol import limits
from protocol.codec import Subprotocol
from protocol.codes import CloseCode, Code
from protocol.frames import Accepted, Hello, Ping, RefreshToken, Subscribe
from protocol.room.commands import JoinRoom, PostMessage
from tests.integration.gatherup.gateway.node import (
    LIFETIME_S,
    Client,
    Node,
    Witness,
    client_id,
    serving_node,
    user_id,
)
from tests.integration.gatherup.gateway.serving import tasks

ME = user_id(2)
NO_ROOM = f"room:{99:032x}"
both = pytest.mark.parametrize("subprotocol", list(Subprotocol))


def nested(depth: int, subprotocol: Subprotocol) -> bytes:
    if subprotocol is Subprotocol.MSGPACK:
        return b"\x82\xa1t\xa5hello\xa5token" + b"\x91" * depth + b"\xc0"
    return b'{"t":"hello","token":' + b"[" * depth + b"]" * depth + b"}"


async def settled(node: Node, witness: Witness, before: int) -> None:
    """The others have gone, nothing is left of them, the witness is served."""
    await node.served.gone(left=1)
    await witness.check()
    await trio.testing.wait_all_tasks_blocked()
    assert tasks() == before
    assert node.served.gateway.counters.crashes == 0


async def begun(node: Node) -> tuple[Witness, int]:
    witness = await node.witness()
    await witness.check()
    await trio.testing.wait_all_tasks_blocked()
    return witness, tasks()


@both
@pytest.mark.parametrize("ready", [False, True])
@pytest.mark.parametrize(
    "sent", [b"", b"\xc1", b"\x00", b"garbage", b"[1,2", b"\x92\x01", b"\xdf\xff\xff\xff\xff"]
)
async def test_garbage(sent: bytes, ready: bool, subprotocol: Subprotocol) -> None:
    async with serving_node() as node:
        witness, before = await begun(node)
        client = await (node.greeted(ME, subprotocol) if ready else node.client(subprotocol))
        await client.peer.send(sent if client.codec.binary else sent.decode("ascii", "replace").encode())
        assert await client.closed() == CloseCode.BAD_FRAME
        await settled(node, witness, before)


@both
@pytest.mark.parametrize("ready", [False, True])
@pytest.mark.parametrize("depth", [100, 5_000, 30_000])
async def test_deep_nesting(depth: int, ready: bool, subprotocol: Subprotocol) -> None:
    async with serving_node() as node:
        witness, before = await begun(node)
        client = await (node.greeted(ME, subprotocol) if ready else node.client(subprotocol))
        await client.peer.send(nested(depth, subprotocol))
        if ready and depth == 100:
            assert (await client.refusal()).code is Code.INVALID
            await client.peer.close()
        else:
            assert await client.closed() in (CloseCode.BAD_FRAME, CloseCode.HELLO_EXPECTED)
        await settled(node, witness, before)


@both
async def test_unknown_and_invalid_messages_are_refused_and_the_session_stays(
    subprotocol: Subprotocol,
) -> None:
    async with serving_node() as node:
        witness, before = await begun(node)
        client = await node.greeted(ME, subprotocol)
        cases: list[tuple[dict[str, object], Code, str | None]] = [
            ({"t": "nope"}, Code.UNKNOWN_TYPE, "t"),
            ({}, Code.UNKNOWN_TYPE, "t"),
            ({"t": 5}, Code.UNKNOWN_TYPE, "t"),
            ({"t": "subscribe"}, Code.INVALID, "client_id"),
            ({"t": "subscribe", "client_id": client_id(), "stream": "no"}, Code.INVALID, "stream"),
            (
                {"t": "room.post", "client_id": client_id(), "stream": witness.room, "body": "a\0b"},
                Code.INVALID,
                "body",
            ),
            (
                {"t": "room.post", "client_id": client_id(), "stream": witness.room, "body": ""},
                Code.INVALID,
                "body",
            ),
            ({"t": "hello", "token": "again"}, Code.INVALID, "t"),
        ]
        for sent, code, field in cases:
            await client.tell(sent)
            refused = await client.refusal()
            assert (refused.code, refused.field) == (code, field), sent
            assert refused.client_id == sent.get("client_id")
            assert "Traceback" not in refused.message
        await client.peer.close()
        await settled(node, witness, before)


async def test_one_who_sends_nothing_but_invalid_messages_is_flooding() -> None:
    async with serving_node() as node:
        witness, before = await begun(node)
        client = await node.greeted(ME)
        for _ in range(200):
            try:
                await client.tell({"t": "nope"})
            except trio.BrokenResourceError:
                break
        assert await client.closed() == CloseCode.FLOODING
        await settled(node, witness, before)


def alg_none(node: Node) -> str:
    head, body, _ = node.token(ME).split(".")
    kid = jwt.get_unverified_header(node.token(ME))["kid"]
    del head
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT", "kid": kid}).encode())
    return f"{none.decode().rstrip('=')}.{body}."


def foreign(node: Node) -> str:
    return AccessTokens(b"x" * 32, lifetime_s=LIFETIME_S).issue(ME, "2" * 32, node.served.clock.now())[0]


def expired(node: Node) -> str:
    long_ago = node.served.clock.now() - (LIFETIME_S + 1) * 1000
    return node.tokens.issue(ME, "2" * 32, long_ago)[0]


@pytest.mark.parametrize(
    ("token", "code"),
    [
        pytest.param(lambda node: "", CloseCode.UNAUTHENTICATED, id="empty"),
        pytest.param(lambda node: "not a token", CloseCode.UNAUTHENTICATED, id="bad"),
        pytest.param(lambda node: "a.b.c\0", CloseCode.UNAUTHENTICATED, id="U+0000"),
        pytest.param(lambda node: node.token(ME)[:-3] + "AAA", CloseCode.UNAUTHENTICATED, id="tampered"),
        pytest.param(alg_none, CloseCode.UNAUTHENTICATED, id="alg none"),
        pytest.param(foreign, CloseCode.UNAUTHENTICATED, id="foreign"),
        pytest.param(expired, CloseCode.TOKEN_EXPIRED, id="expired"),
        pytest.param(
            lambda node: "x" * (limits.TOKEN_CHARS_MAX + 1), CloseCode.HELLO_EXPECTED, id="too long"
        ),
    ],
)
@both
async def test_bad_tokens(token: Callable[[Node], str], code: CloseCode, subprotocol: Subprotocol) -> None:
    async with serving_node() as node:
        witness, before = await begun(node)
        client = await node.client(subprotocol)
        await client.tell({"t": "hello", "token": token(node)})
        assert await client.closed() == code
        await settled(node, witness, before)


async def test_what_must_come_first() -> None:
    async with serving_node() as node:
        witness, before = await begun(node)
        client = await node.client()
        await client.tell(JoinRoom(client_id=client_id(), stream=witness.room))
        assert await client.closed() == CloseCode.HELLO_EXPECTED
        client = await node.client()
        await client.tell(Hello(token=node.token(ME), protocol=99))
        assert await client.closed() == CloseCode.UNSUPPORTED_PROTOCOL
        await settled(node, witness, before)


async def test_too_many_sessions_of_one_user() -> None:
    async with serving_node() as node:
        witness, before = await begun(node)
        mine = [await node.greeted(ME) for _ in range(limits.SESSIONS_PER_USER_MAX)]
        one_more = await node.client()
        await one_more.tell(Hello(token=node.token(ME)))
        assert await one_more.closed() == CloseCode.TOO_MANY_SESSIONS
        await mine.pop().peer.close()
        mine.append(await node.greeted(ME))
        for client in mine:
            await client.peer.close()
        await settled(node, witness, before)


async def test_the_sessions_of_a_network_that_vanished_make_room() -> None:
    async with serving_node() as node:
        gone = [await node.greeted(ME) for _ in range(limits.SESSIONS_PER_USER_MAX)]
        await node.served.clock.advance(limits.REPLACEABLE_AFTER_S - 1)
        alive = gone.pop()
        await alive.tell(Ping(client_id=client_id()))
        assert isinstance(await alive.frame(), Accepted)
        await node.served.clock.advance(2)
        back = [await node.greeted(ME) for _ in gone]
        assert {await client.closed() for client in gone} == {CloseCode.IDLE}
        one_more = await node.client()
        await one_more.tell(Hello(token=node.token(ME)))
        assert await one_more.closed() == CloseCode.TOO_MANY_SESSIONS, "all of them are alive"
        for client in (alive, *back):
            await client.peer.close()


async def test_a_token_that_expires_and_one_that_is_refreshed() -> None:
    async with serving_node() as node:
        stays, goes = await node.greeted(user_id(3)), await node.greeted(ME)
        for second in range(0, LIFETIME_S + 2, 30):
            if second == LIFETIME_S // 2 // 30 * 30:
                await stays.tell(RefreshToken(client_id=client_id(), token=node.token(user_id(3))))
                assert isinstance(await stays.frame(), Accepted)
            for client in (stays, goes):
                await client.peer.stream.send_all(client.peer.frame(9, b""))  # type: ignore[arg-type]
            await node.served.clock.advance(30)
        assert await goes.closed() == CloseCode.TOKEN_EXPIRED
        await stays.tell(Subscribe(client_id=client_id(), stream=NO_ROOM))
        assert (await stays.refusal()).stream == NO_ROOM


async def commands_to_where_one_may_not(client: Client, room: str) -> None:
    await client.tell(PostMessage(client_id=client_id(), stream=room, body="hello"))
    assert (await client.refusal()).code is Code.NOT_A_MEMBER
    await client.tell(PostMessage(client_id=client_id(), stream=NO_ROOM, body="hello"))
    assert (await client.refusal()).code in (Code.NOT_FOUND, Code.NOT_A_MEMBER)


async def test_posts_out_of_place_repeated_and_too_fast() -> None:
    async with serving_node() as node:
        witness, _ = await begun(node)
        client = await node.greeted(ME)
        await commands_to_where_one_may_not(client, witness.room)
        join = JoinRoom(client_id=client_id(), stream=witness.room)
        await client.tell(join)
        first = await client.frame()
        assert isinstance(first, Accepted)
        await client.tell(join)
        assert await client.frame() == first
        await client.tell(PostMessage(client_id=join.client_id, stream=witness.room, body="other"))
        assert (await client.refusal()).code is Code.CLIENT_ID_REUSED
        for _ in range(int(limits.COMMANDS_BURST)):
            await client.tell(join)
        frames = [await client.frame() for _ in range(int(limits.COMMANDS_BURST))]
        limited = [frame for frame in frames if frame != first]
        assert limited
        assert all(getattr(frame, "retry_after_s", None) for frame in limited)
        await client.peer.close()
        await node.served.gone(left=1)
