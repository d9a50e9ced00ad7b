"""A gathering as people use it over HTTP, with tournaments of its owner."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import trio

from gatherup.client import Client, connect
from protocol.event import Header
from tests.integration.gatherup.features.tournaments.cup import Watcher
from tests.integration.shared import SharedNode
from tests.integration.site import Person, Site

HANG_S = 30


class Fair:
    """A gathering and its owner, who watches its tournaments."""

    def __init__(self, site: Site, owner: Person, stream: str, client: Client, nursery: trio.Nursery) -> None:
        self._client = client
        self._nursery = nursery
        self._watchers: dict[str, Watcher] = {}
        self.site = site
        self.owner = owner
        self.stream = stream
        self.path = f"/v1/gatherings/{stream}"

    async def do(self, who: Person, method: str, part: str, /, **body: Any) -> httpx.Response:
        """A command of somebody."""
        return await who.send(method, self.path + part, **body)

    async def done(self, who: Person, part: str, method: str = "POST", /, **body: Any) -> dict[str, Any]:
        """It is accepted."""
        answer = await self.do(who, method, part, **body)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    async def get(self, part: str = "", who: Person | None = None, /, **query: Any) -> dict[str, Any]:
        answer = await (who or self.owner).http.get(self.path + part, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def cup(self, owner: Person | None = None, **body: Any) -> str:
        """The id of a tournament, a draft of this owner's."""
        body = {"name": "Cup", "ready_s": 0, **body}
        made = await (owner or self.owner).send("POST", "/v1/tournaments", **body)
        assert made.status_code == 201, made.text
        return made.json()["stream"]

    async def attached(self, **body: Any) -> str:
        """A tournament that is one of its competitions, and has joined."""
        cup, ready = await self.cup(**body), trio.Event()
        self._watchers[cup] = Watcher()
        self._nursery.start_soon(self._watchers[cup].follow, self._client, cup, ready)
        await ready.wait()
        await self.done(self.owner, "/competitions", tournament=cup)
        await self.saw(cup, "gathered", gathering=self.stream)
        return cup

    async def saw(self, cup: str, type_: str, **marks: Any) -> Header:
        """The first event of this type with these marks in a competition, as soon as it has come."""
        return await self._watchers[cup].saw(type_, **marks)

    async def registered(self, who: Person, *cups: str) -> None:
        """Somebody has registered for these, and is entered."""
        await self.done(who, "/register", tournaments=[*cups])
        for cup in cups:
            await self.saw(cup, "entered", user=who.user)

    async def competitions(self, who: Person, *fields: str) -> list[tuple[Any, ...]]:
        """These fields of each."""
        return [tuple(one[field] for field in fields) for one in (await self.get("", who))["competitions"]]


@asynccontextmanager
async def fair_of(site: Site, node: SharedNode, **body: Any) -> AsyncGenerator[Fair]:
    """A gathering that somebody new has created."""
    with trio.fail_after(HANG_S):
        owner = await site.guest("Owner")
        made = await owner.send("POST", "/v1/gatherings", **{"name": "Fair", **body})
        assert made.status_code == 201, made.text
        stream = made.json()["stream"]
        assert made.headers["Location"] == f"/v1/gatherings/{stream}"
        async with (
            connect(node.addresses.stream, token=owner.signed_in["access_token"]) as client,
            trio.open_nursery() as nursery,
        ):
            yield Fair(site, owner, stream, client, nursery)
            nursery.cancel_scope.cancel()
