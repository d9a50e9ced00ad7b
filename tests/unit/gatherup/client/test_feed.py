"""The reader's side of what is watched: the newest of each name, until the end."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from gatherup.client.errors import ClosedError, RefusedError
from gatherup.client.feed import HeadsFeed
from gatherup.client.items import Ended
from protocol.codes import Code
from protocol.frames import RoomHead
from tests.unit.gatherup.client.world import ROOMS

ROOM, OTHER = ROOMS


def head(room: str, number: int) -> RoomHead:
    return RoomHead(room=room, seq=number, number=number, read=0, unread=number, mentions=0)


class Server:
    """What a feed asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.feed = HeadsFeed(self.asked.append)

    def push(self, *heads: RoomHead) -> None:
        self.feed.push({head.room: head for head in heads})


async def watched(server: Server, *rooms: str) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(server.feed.watch, rooms)
        await trio.testing.wait_all_tasks_blocked()
        server.feed.answered()


async def test_a_slow_reader_gets_the_newest_of_each_room() -> None:
    server = Server()
    await watched(server, ROOM, OTHER, ROOM)
    assert server.asked == [(ROOM, OTHER)]
    server.push(head(ROOM, 1), head(OTHER, 1))
    server.push(head(ROOM, 2))
    assert [await anext(server.feed) for _ in range(2)] == [head(ROOM, 2), head(OTHER, 1)]


async def test_all_that_change_the_rooms_wait_for_what_was_named_last() -> None:
    server = Server()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(server.feed.watch, (ROOM,))
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(server.feed.watch, (OTHER,))
        await trio.testing.wait_all_tasks_blocked()
        server.feed.answered()
    assert server.asked == [(ROOM,), (OTHER,)]


async def test_a_room_that_is_no_longer_watched_is_not_told_of() -> None:
    server = Server()
    await watched(server, ROOM, OTHER)
    server.push(head(ROOM, 1), head(OTHER, 1))
    await watched(server, OTHER)
    assert await anext(server.feed) == head(OTHER, 1)


async def test_a_refusal_is_raised_to_who_asked() -> None:
    server = Server()
    refused = RefusedError(Code.TOO_MANY, "no")
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def _() -> None:
            with pytest.raises(RefusedError):
                await server.feed.begin((ROOM,))

        await trio.testing.wait_all_tasks_blocked()
        server.feed.ended(refused)
    with pytest.raises(RefusedError):
        await server.feed.watch((OTHER,))
    with pytest.raises(ValueError, match="at least one"):
        await Server().feed.watch(())


async def test_the_end_comes_last_and_once() -> None:
    server = Server()
    await watched(server, ROOM)
    server.push(head(ROOM, 1))
    error = ClosedError(1000, "bye")
    server.feed.ended(error)
    items = [item async for item in server.feed]
    assert items == [head(ROOM, 1), Ended(stream=None, error=error)]
    with pytest.raises(StopAsyncIteration):
        await anext(server.feed)


async def test_a_feed_that_could_not_begin_watches_nothing() -> None:
    server = Server()
    with pytest.raises(ValueError, match="at least one"):
        await server.feed.begin(())
    assert server.asked == [()]
    assert [item async for item in server.feed] == []


async def test_closing_ends_the_iteration_and_asks_for_nothing_more() -> None:
    server = Server()
    await watched(server, ROOM)
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def _() -> None:
            assert [item async for item in server.feed] == []

        await trio.testing.wait_all_tasks_blocked()
        server.feed.close()
        server.feed.close()
    assert server.asked == [(ROOM,), ()]
