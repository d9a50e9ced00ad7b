"""What is new and what was read, on a whole node: two sockets of one user, a socket of another, and HTTP."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from trio_websocket import WebSocketConnection, open_websocket_url

from protocol.inbox import inbox_of
from tests.integration.site import Person, Site, problem, running, settings

pytestmark = pytest.mark.real
NOBODYS = "room:" + "0" * 32


class Socket:
    """One session, in JSON."""

    def __init__(self, connection: WebSocketConnection) -> None:
        self._connection = connection
        self.frames: list[dict[str, Any]] = []
        self.heads: dict[str, dict[str, Any]] = {}
        """The newest of each room."""

    async def tell(self, type_: str, **fields: Any) -> None:
        await self._connection.send_message(json.dumps({"t": type_, **fields}))

    async def ask(self, type_: str, **fields: Any) -> dict[str, Any]:
        client_id = str(uuid.uuid4())
        await self.tell(type_, client_id=client_id, **fields)
        return await self.until(lambda: self.found(client_id=client_id))

    def found(self, **fields: Any) -> dict[str, Any] | None:
        """The last frame with these fields."""
        fits = (f for f in reversed(self.frames) if fields.items() <= f.items())
        return next(fits, None)

    async def until(self, found: Callable[[], Any]) -> Any:
        """Read until there is something to find."""
        while not (it := found()):
            frame = json.loads(await self._connection.get_message())
            self.frames.append(frame)
            if frame["t"] == "heads":
                self.heads.update({head["room"]: head for head in frame.get("rooms", [])})
                for room in frame.get("gone", []):
                    del self.heads[room]
        return it

    async def stands(self, room: str, **fields: Any) -> None:
        await self.until(lambda: fields.items() <= self.heads.get(room, {}).items())


@asynccontextmanager
async def socket(url: str, person: Person) -> AsyncIterator[Socket]:
    async with open_websocket_url(url, subprotocols=["gatherup.v1.json"]) as connection:
        found = Socket(connection)
        await found.tell("hello", token=person.signed_in["access_token"])
        await found.until(lambda: found.found(t="welcome"))
        yield found


async def pair_of(site: Site) -> tuple[Person, Person, str, str]:
    """Two people, their room and their direct room."""
    ann, ben = await site.guest("Ann"), await site.guest("Ben")
    room = await ann.new_room()
    assert (await ben.send("POST", f"/v1/rooms/{room}/join")).status_code == 200
    opened = await ben.send("POST", "/v1/direct-rooms", user=ann.user)
    assert opened.status_code == 201, opened.text
    return ann, ben, room, opened.json()["stream"]


async def heads_of(person: Person, *rooms: str, **query: Any) -> dict[str, dict[str, Any]]:
    page = await person.http.get("/v1/heads", params={"room": list(rooms), **query})
    assert page.status_code == 200, page.text
    return {head["room"]: head for head in page.json()["rooms"]}


async def test_two_devices_of_one_user_and_the_other_of_a_direct_room(postgres_dsn: str) -> None:
    configured = settings(postgres_dsn)
    async with running(configured) as addresses:
        site = Site(addresses.http)
        ann, ben, room, direct = await pair_of(site)
        url = addresses.stream
        async with socket(url, ann) as phone, socket(url, ann) as laptop, socket(url, ben) as bens:
            for device in (phone, laptop):
                answer = await device.ask("watch_heads", rooms=[room, direct, NOBODYS])
                assert answer["t"] == "accepted"
                await device.until(lambda device=device: device.heads)
                assert set(device.heads) == {room, direct}
            assert (await bens.ask("subscribe", stream=direct))["t"] == "subscribed"
            assert (await bens.ask("watch_heads", rooms=[direct]))["t"] == "accepted"
            for text in ("one", "two", "three"):
                await ben.post(room, text)
                await ben.post(direct, text)
            await ann.post(room, "mine")
            for device in (phone, laptop):
                await device.stands(room, unread=3, number=4, read=0)
                await device.stands(direct, unread=3, peer_read=0)

            await laptop.tell("mark_read", room=room, number=2)
            await laptop.tell("mark_read", room=direct, number=3)
            for device in (phone, laptop):
                await device.stands(room, unread=1, read=2)
                await device.stands(direct, unread=0, read=3)
            told = [f for f in phone.frames if f["t"] == "signal" and f["type"] == "read"]
            assert {f["stream"] for f in told} == {inbox_of(ann.user)}
            assert [f["data"] for f in told if f["data"]["room"] == room] == [
                {"room": room, "number": 2, "user": ann.user}
            ]
            read = await bens.until(lambda: bens.found(t="signal", stream=direct, type="read"))
            assert (read["author"], read["data"]["number"]) == (ann.user, 3)
            await bens.stands(direct, peer_read=3)

            assert (await ann.send("POST", f"/v1/rooms/{room}/kick", user=ben.user)).status_code == 200
            assert not await heads_of(ben, room)
            await phone.tell("mark_read", room=room, number=4)
        await site.aclose()
    # What was marked last was kept by the node's end.
    async with running(configured) as addresses:
        again = Site(addresses.http)
        ann.http = again.client()
        ann.http.headers["Authorization"] = f"Bearer {ann.signed_in['access_token']}"
        assert (await heads_of(ann, room))[room]["read"] == 4
        await again.aclose()


async def test_over_http(site: Site) -> None:
    ann, ben, room, direct = await pair_of(site)
    for text in ("one", "two"):
        await ben.post(room, text)
    found = await heads_of(ann)
    assert set(found) == {room, direct}
    assert found[room] == {
        "room": room,
        "seq": 4,
        "number": 2,
        "read": 0,
        "unread": 2,
        "mentions": 0,
        "peer_read": None,
    }
    assert found[direct]["peer_read"] == 0
    first = (await ann.http.get("/v1/heads", params={"limit": 1})).json()
    second = (await ann.http.get("/v1/heads", params={"limit": 1, "cursor": first["next"]})).json()
    assert {head["room"] for page in (first, second) for head in page["rooms"]} == {room, direct}
    assert second["next"] is None
    assert first["previous"] is None
    before = await ann.http.get("/v1/heads", params={"limit": 1, "cursor": second["previous"]})
    assert before.json()["rooms"] == first["rooms"]
    tag = (await ann.http.get("/v1/heads")).headers["etag"]
    assert (await ann.http.get("/v1/heads", headers={"If-None-Match": tag})).status_code == 304
    assert list(await heads_of(ann, direct, NOBODYS, room, direct)) == [direct, room]

    marked = await ann.http.put(f"/v1/rooms/{room}/read", json={"number": 1})
    assert (marked.status_code, marked.json()["read"], marked.json()["unread"]) == (200, 1, 1)
    beyond = await ann.http.put(f"/v1/rooms/{room}/read", json={"number": 2**53 - 1})
    assert (beyond.json()["read"], beyond.json()["unread"]) == (2, 0)
    back = await ann.http.put(f"/v1/rooms/{room}/read", json={"number": 0})
    assert back.json()["read"] == 2


async def test_bad_input_over_http(site: Site) -> None:
    ann, stranger = await site.guest(), await site.guest()
    room = await ann.new_room(access="private")
    for path in (room, NOBODYS, "room:1", "inbox:" + "0" * 32):
        refused = await stranger.http.put(f"/v1/rooms/{path}/read", json={"number": 1})
        problem(refused, 404, "not_found")
    assert not await heads_of(stranger, room)
    for body, field in (
        ({"number": -1}, "number"),
        ({"number": "1"}, "number"),
        ({}, "number"),
        ({"number": 2**53}, "number"),
    ):
        problem(await ann.http.put(f"/v1/rooms/{room}/read", json=body), 422, "invalid", field)
    for query, field in (
        ({"cursor": "x"}, "cursor"),
        ({"room": room, "cursor": "0" * 32}, "cursor"),
        ({"room": "room:1"}, "room[0]"),
        ({"limit": "0"}, "limit"),
    ):
        problem(await ann.http.get("/v1/heads", params=query), 422, "invalid", field)
    unsigned = await site.http.get("/v1/heads")
    problem(unsigned, 401, "unauthenticated", "Authorization")
