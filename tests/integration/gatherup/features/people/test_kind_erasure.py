"""A person who is deleted leaves the streams of a community's own kind as well: log, rows, and what nodes remember."""

from __future__ import annotations

from functools import partial
from typing import Any

import psycopg
import pytest
import trio

import gatherup.app
import gatherup.core
from actors.creation import Creation
from actors.kind import Kind
from gatherup.app import kinds_of
from gatherup.client import Client, Event, Snapshot, connect
from protocol.frames import Position
from tests.counter_kind import CounterKind, Open
from tests.example_kind import load_example
from tests.integration.gatherup.features.people.test_http_erasure import (
    HANDLE,
    PASSWORD,
    Erased,
    deleted,
    where,
)
from tests.integration.site import HANG_S, Person, Site, running, settings

pytestmark = pytest.mark.real
auction: Any = load_example()
ITEM = "A blathering quockerwodger"


@pytest.fixture(autouse=True)
def _kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server with two kinds of its own, as docs/kinds.md registers them."""

    def with_own(receipt_key: bytes, creation: Creation) -> tuple[Kind[Any], ...]:
        return *kinds_of(receipt_key, creation), auction.AuctionKind(), CounterKind()

    monkeypatch.setattr(gatherup.app, "kinds_of", with_own)


async def person(site: Site, handle: str) -> Person:
    answer = await site.http.post("/v1/register", json={"handle": handle, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    return Person(site.client(), answer.json())


async def opened(client: Client, command: Any) -> str:
    accepted = await client.send(command)
    assert accepted.stream is not None
    return accepted.stream


async def read(client: Client, stream: str, incarnation: int, *, last: int) -> list[Event]:
    """The stream from its first event on, as it is told again: the node's ring holds all of it."""
    start = Position(stream=stream, incarnation=incarnation, seq=0)
    events: list[Event] = []
    async with await client.subscribe(stream, since=start) as followed:
        async for item in followed:
            assert isinstance(item, Event), item
            events.append(item)
            if item.header.seq == last:
                break
    return events


def invited(dsn: str, user: str) -> int:
    query = "select count(*) from projection_row where name = 'invited' and key = %s"
    with psycopg.connect(dsn, autocommit=True) as connection:
        ((number,),) = connection.execute(query, [user]).fetchall()
    return number


def listeners(dsn: str, stream: str) -> list[str]:
    query = "select user_id from listener where stream_id = %s"
    with psycopg.connect(dsn, autocommit=True) as connection:
        return [user for (user,) in connection.execute(query, [stream.partition(":")[2]]).fetchall()]


async def test_a_seller_s_texts_leave_a_kind_of_one_s_own(
    postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    erased = Erased(monkeypatch)
    with trio.fail_after(HANG_S):
        async with running(settings(postgres_dsn)) as addresses:
            site = Site(addresses.http)
            ann, ben = await person(site, HANDLE), await person(site, "ben_buys")
            room = await ben.new_room(access="private")
            assert (await ben.send("POST", f"/v1/rooms/{room}/invite", user=ann.user)).status_code < 300
            assert invited(postgres_dsn, ann.user) == 1
            reach = partial(connect, addresses.stream, kinds=[auction.AUCTION, CounterKind.wire])
            async with reach(token=ann.signed_in["access_token"]) as seller:
                offer = auction.OpenAuction(client_id=seller.new_id(), item=ITEM, open_for_ms=86_400_000)
                lot = await opened(seller, offer)
                counter = await opened(seller, Open(client_id=seller.new_id()))
            async with (
                reach(token=ben.signed_in["access_token"]) as watcher,  # for whom the node remembers events
                await watcher.subscribe(lot) as followed,
                reach(token=ben.signed_in["access_token"]) as reader,
            ):
                first = await anext(followed)
                assert isinstance(first, Snapshot)
                incarnation = first.position.incarnation
                assert [event.payload for event in await read(reader, lot, incarnation, last=1)] == [
                    auction.Opened(ITEM)
                ]
                assert len(where(postgres_dsn, ITEM)) == 2  # the event and the row
                assert listeners(postgres_dsn, counter) == [ann.user]

                await deleted(ann)
                await erased.now(postgres_dsn, HANDLE)

                events = await read(reader, lot, incarnation, last=2)
                assert [event.payload for event in events] == [None, auction.TextsErased()]
                assert (events[0].header.author, events[1].header.erases) == (ann.user, (1,))
                assert where(postgres_dsn, ITEM) == []
                assert listeners(postgres_dsn, counter) == []
                assert invited(postgres_dsn, ann.user) == 0
            await site.aclose()
