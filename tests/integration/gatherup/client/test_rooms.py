"""The SDK against a real node: rooms, direct rooms, inbox, heads and read positions."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import httpx
import pytest
import trio

from gatherup.addresses import Addresses
from gatherup.client import (
    Client,
    Ended,
    Event,
    Gone,
    HeadsFeed,
    Item,
    PersonPresence,
    Read,
    RefusedError,
    Signal,
    Snapshot,
    Stream,
    connect,
)
from protocol import inbox
from protocol.codes import Code
from protocol.frames import RoomHead
from protocol.room.commands import SendTyping
from protocol.room.events import Reacted
from protocol.room.view import RoomView
from tests.integration.shared import SharedNode
from tests.tls import NO_TLS

pytestmark = pytest.mark.real
P = TypeVar("P")
HANG_S = 60


@asynccontextmanager
async def signed_in(addresses: Addresses, name: str) -> AsyncGenerator[tuple[Client, httpx.AsyncClient]]:
    """A guest, over the SDK and over HTTP."""
    async with httpx.AsyncClient(base_url=addresses.http, verify=NO_TLS, trust_env=False) as http:
        answer = await http.post("/v1/guest", json={"display_name": name})
        assert answer.status_code == 201, answer.text
        token = answer.json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        async with connect(addresses.stream, token=token) as client:
            yield client, http


@asynccontextmanager
async def guest(addresses: Addresses, name: str) -> AsyncGenerator[Client]:
    async with signed_in(addresses, name) as (client, _):
        yield client


async def until(stream: Stream, payload: type[P]) -> P:
    async for item in stream:
        if isinstance(item, Event) and isinstance(item.payload, payload):
            return item.payload
    raise AssertionError("it ended")


async def head_of(heads: HeadsFeed, *, number: int, read: int) -> RoomHead:
    async for head in heads:
        assert isinstance(head, RoomHead)
        if (head.number, head.read) == (number, read):
            return head
    raise AssertionError("it ended")


async def test_two_people_in_rooms(node: SharedNode) -> None:
    with trio.fail_after(HANG_S):
        async with guest(node.addresses, "Ann") as ann, guest(node.addresses, "Ben") as ben:
            den = await ann.create_room("Den", access="private")
            with pytest.raises(RefusedError) as refused:
                await ben.room(den.id).join()
            assert refused.value.code is Code.NOT_FOUND
            there = ben.room(den.id)
            await there.join(invite=(await den.create_invite(uses=1)).code)
            stream = await there.subscribe()
            snapshot = await anext(stream)
            assert isinstance(snapshot, Snapshot)
            assert isinstance(snapshot.view, RoomView)
            assert (snapshot.view.access, len(snapshot.view.members)) == ("private", 2)
            asked = (await den.post("who?")).seq or 0
            await den.react(asked, "👍")
            assert (await until(stream, Reacted)).message == asked
            await there.post("me", reply_to=asked)
            await den.ban(ben.user or "")
            *_, last = [item async for item in stream]
            assert isinstance(last, Ended)


async def test_inbox_heads_and_read_positions(node: SharedNode) -> None:
    with trio.fail_after(HANG_S):
        async with guest(node.addresses, "Ann") as ann, guest(node.addresses, "Ben") as ben:
            told = await ben.subscribe_inbox()
            talk = await ann.open_direct(ben.user or "")
            invited = await until(told, inbox.Invited)
            assert (invited.room, invited.direct) == (talk.id, True)
            assert (await ben.open_direct(ann.user or "")).id == talk.id

            await talk.post("one")
            async with await ben.watch_heads([talk.id]) as heads:
                assert (await head_of(heads, number=1, read=0)).unread == 1
                await talk.post("two")
                assert (await head_of(heads, number=2, read=0)).unread == 2
                stream = await talk.subscribe()
                ben.mark_read(talk.id, 2)
                async for item in stream:
                    if isinstance(item, Read):
                        break
                assert item == Read(stream=talk.id, room=talk.id, user=ben.user or "", number=2)
                assert (await head_of(heads, number=2, read=2)).unread == 0


async def test_signals_reach_nobody_who_has_blocked_their_sender(node: SharedNode) -> None:
    """What a flush brings, it brings to all: once another person has the signal, the one who blocked won't get it."""
    async with (
        guest(node.addresses, "Ann") as ann,
        signed_in(node.addresses, "Ben") as (ben, bens_http),
        guest(node.addresses, "Cem") as cem,
    ):
        with trio.fail_after(HANG_S):
            room = await ann.create_room("Den")
            talk = await ann.open_direct(ben.user or "")
            for client in (ben, cem):
                await client.room(room.id).join()
            assert (await bens_http.put(f"/v1/me/blocks/{ann.user}")).is_success
            seen = {
                "ben": await ben.room(room.id).subscribe(),
                "cem": await cem.room(room.id).subscribe(),
                "ben's talk": await ben.room(talk.id).subscribe(),
                "ann's talk": await talk.subscribe(),
            }
            await room.subscribe()  # or nothing may be signalled there
            number = (await ben.room(room.id).post("one")).seq or 0
            await items_until(seen["ben"], is_event)  # the SDK drops signals of who doesn't keep up
            await items_until(seen["ben's talk"], is_snapshot)
            ann.signal(SendTyping(stream=room.id))
            await items_until(seen["cem"], is_typing)
            ann.signal(SendTyping(stream=talk.id))
            await items_until(seen["ann's talk"], is_typing)
            await cem.room(room.id).react(number, "👍")
            assert not any(map(is_typing, await items_until(seen["ben"], is_reaction)))
            assert (await bens_http.delete(f"/v1/me/blocks/{ann.user}")).is_success
            await talk.post("again")
            assert not any(map(is_typing, await items_until(seen["ben's talk"], is_event)))


def is_typing(item: Item) -> bool:
    return isinstance(item, Signal) and item.type == "room.typing"


def is_snapshot(item: Item) -> bool:
    return isinstance(item, Snapshot)


def is_event(item: Item) -> bool:
    return isinstance(item, Event)


def is_reaction(item: Item) -> bool:
    return isinstance(item, Event) and isinstance(item.payload, Reacted)


async def items_until(stream: Stream, last: Callable[[Item], bool]) -> list[Item]:
    """What comes, up to the first item that is the last one wanted."""
    items: list[Item] = []
    async for item in stream:
        items.append(item)
        if last(item):
            return items
    raise AssertionError("it ended")


async def test_presence_and_a_room_that_is_gone(node: SharedNode) -> None:
    with trio.fail_after(HANG_S):
        async with guest(node.addresses, "Ann") as ann, guest(node.addresses, "Ben") as ben:
            bens = ben.user or ""
            async with await ann.watch_presence([bens]) as people:
                assert await anext(people) == PersonPresence(user=bens, status="online")
                ben.set_status("busy")
                assert await anext(people) == PersonPresence(user=bens, status="busy")
                ben.close()
                assert await anext(people) == PersonPresence(user=bens, status="offline")
            den = await ann.create_room("den")
            async with await ann.watch_heads([den.id]) as heads:
                assert (await head_of(heads, number=0, read=0)).room == den.id
                await den.remove()
                assert await anext(heads) == Gone(room=den.id)
