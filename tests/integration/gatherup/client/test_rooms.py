"""The SDK against a real node: rooms, direct rooms, inbox, heads and read positions."""

from __future__ import annotations

from collections.abc import AsyncGenerator
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
    PersonPresence,
    Read,
    RefusedError,
    Snapshot,
    Stream,
    connect,
)
from protocol import inbox
from protocol.codes import Code
from protocol.frames import RoomHead
from protocol.room.events import Reacted
from protocol.room.view import RoomView
from tests.integration.shared import SharedNode
from tests.tls import NO_TLS

pytestmark = pytest.mark.real
P = TypeVar("P")
HANG_S = 60


@asynccontextmanager
async def guest(addresses: Addresses, name: str) -> AsyncGenerator[Client]:
    async with httpx.AsyncClient(base_url=addresses.http, verify=NO_TLS, trust_env=False) as http:
        answer = await http.post("/v1/guest", json={"display_name": name})
        assert answer.status_code == 201, answer.text
    async with connect(addresses.stream, token=answer.json()["access_token"]) as client:
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
