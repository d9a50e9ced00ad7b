"""A tournament as people play it over HTTP, and somebody who watches it on the socket."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import trio

from gatherup.client import Client, Ended, Event, Signal, Snapshot, connect
from protocol.event import Header
from tests.integration.shared import SharedNode
from tests.integration.site import Person, Site

HANG_S = 30


class Watcher:
    """What somebody on the socket was told of a tournament, in order."""

    def __init__(self) -> None:
        self.headers: list[Header] = []
        self.ended = trio.Event()
        """They may not watch it any more."""
        self._changed = trio.Condition()

    async def follow(self, client: Client, stream: str, ready: trio.Event) -> None:
        async for item in await client.subscribe(stream):
            match item:
                case Snapshot():
                    ready.set()
                case Event(header=header):
                    self.headers.append(header)
                    async with self._changed:
                        self._changed.notify_all()
                case Signal():  # who is there
                    continue
                case Ended():
                    self.ended.set()
                case _:
                    raise AssertionError(item)

    async def saw(self, type_: str, *, after: int = 0, **marks: Any) -> Header:
        """The first event after this seq of this type with these marks, as soon as it has come."""
        async with self._changed:
            while True:
                for header in self.headers:
                    if header.seq <= after:
                        continue
                    if header.type == f"tournament.{type_}" and marks.items() <= header.marks.items():
                        return header
                await self._changed.wait()


class Cup:
    """A tournament, its owner and its players, whose numbers are 1, 2, 3 …"""

    def __init__(self, site: Site, owner: Person, stream: str, watcher: Watcher) -> None:
        self.site = site
        self.owner = owner
        self.stream = stream
        self.watcher = watcher
        self.players: list[Person] = []
        self.path = f"/v1/tournaments/{stream}"

    def player(self, number: int) -> Person:
        """The player who is this entrant."""
        return self.players[number - 1]

    async def do(self, who: Person | int, method: str, part: str, /, **body: Any) -> httpx.Response:
        """A command of somebody, be it the player of a number."""
        person = self.player(who) if isinstance(who, int) else who
        return await person.send(method, self.path + part, **body)

    async def done(
        self, who: Person | int, part: str, method: str = "POST", /, **body: Any
    ) -> dict[str, Any]:
        """It is accepted."""
        answer = await self.do(who, method, part, **body)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    async def get(self, part: str = "", who: Person | None = None, /, **query: Any) -> dict[str, Any]:
        answer = await (who or self.owner).http.get(self.path + part, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def enter(self, count: int) -> None:
        """So many more people enter it, one after the other."""
        for _ in range(count):
            person = await self.site.guest(f"Player {len(self.players) + 1}")
            self.players.append(person)
            await self.done(person, "/enter")

    async def started(self, count: int) -> None:
        """It starts with so many, seeded by number."""
        await self.done(self.owner, "/open-registration")
        await self.enter(count)
        await self.done(self.owner, "/seeds", "PUT", entrants=list(range(1, count + 1)))
        await self.done(self.owner, "/start")

    async def opened(self, match: int) -> Header:
        return await self.watcher.saw("match_opened", match=match)

    async def won(self, match: int, winner: int, loser: int) -> None:
        """A match is played: the winner reports it and the loser confirms it."""
        header = await self.opened(match)
        assert {header.marks["a"], header.marks["b"]} == {winner, loser}, header
        if "until" in header.marks:
            for side in (winner, loser):
                await self.done(side, f"/matches/{match}/ready")
        score = [3, 1] if header.marks["a"] == winner else [1, 3]
        await self.done(winner, f"/matches/{match}/report", scores=[score])
        await self.done(loser, f"/matches/{match}/confirm")

    async def pages(self, part: str, key: str, /, **query: Any) -> list[dict[str, Any]]:
        """What is in a list, through all of its pages; backwards it must be the same."""
        pages = [await self.get(part, **query)]
        while (cursor := pages[-1]["next"]) is not None:
            pages.append(await self.get(part, cursor=cursor, **query))
        back = pages[-1:]
        while (cursor := back[0]["previous"]) is not None:
            back.insert(0, await self.get(part, cursor=cursor, **query))
        assert [page[key] for page in back] == [page[key] for page in pages]
        return [row for page in pages for row in page[key]]


@asynccontextmanager
async def cup_of(
    site: Site, node: SharedNode, owner: Person | None = None, **body: Any
) -> AsyncGenerator[Cup]:
    """A tournament that somebody new has created, or this owner, watched for as long as the block runs."""
    with trio.fail_after(HANG_S):
        owner = owner or await site.guest("Owner")
        made = await owner.send("POST", "/v1/tournaments", **{"name": "Cup", "ready_s": 0, **body})
        assert made.status_code == 201, made.text
        stream = made.json()["stream"]
        assert made.headers["Location"] == f"/v1/tournaments/{stream}"
        async with (
            connect(node.addresses.stream, token=owner.signed_in["access_token"]) as client,
            trio.open_nursery() as nursery,
        ):
            watcher, ready = Watcher(), trio.Event()
            nursery.start_soon(watcher.follow, client, stream, ready)
            await ready.wait()
            yield Cup(site, owner, stream, watcher)
            nursery.cancel_scope.cancel()


def named(rows: Sequence[dict[str, Any]], *fields: str) -> list[tuple[Any, ...]]:
    """These fields of each."""
    return [tuple(row[field] for field in fields) for row in rows]
