"""A series as people run it over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import trio

from tests.integration.site import Person, Site

DAY_S: Final = 86_400
RETRY_S: Final = 0.05


def local(days: float) -> str:
    """A time of day in UTC, so many days from now."""
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M")


class League:
    """A series and its owner."""

    def __init__(self, owner: Person, stream: str) -> None:
        self.owner = owner
        self.stream = stream
        self.path = f"/v1/series/{stream}"

    async def do(self, who: Person, method: str, part: str, /, **body: Any) -> httpx.Response:
        return await who.send(method, self.path + part, **body)

    async def done(self, part: str, method: str = "POST", /, **body: Any) -> dict[str, Any]:
        """The owner does it."""
        answer = await self.do(self.owner, method, part, **body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def get(self, part: str = "", who: Person | None = None, /, **query: Any) -> dict[str, Any]:
        answer = await (who or self.owner).http.get(self.path + part, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def until(self, part: str, true: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """What is read as soon as this is true of it."""
        with trio.fail_after(30):
            while not true(read := await self.get(part)):  # noqa: ASYNC110 - it is another stream's doing
                await trio.sleep(RETRY_S)
        return read

    async def table(self, **query: Any) -> list[tuple[int, str, int]]:
        """Places, users and points, page by page; backwards it must be the same."""
        pages, cursor = list[list[dict[str, Any]]](), None
        last: dict[str, Any] = {}
        while True:
            last = await self.get("/standings", **query, **({"cursor": cursor} if cursor else {}))
            pages.append(last["standings"])
            if (cursor := last["next"]) is None:
                break
        back, cursor = [pages[-1]], last["previous"]
        while cursor is not None:
            page = await self.get("/standings", **query, cursor=cursor)
            back.insert(0, page["standings"])
            cursor = page["previous"]
        rows = [row for page in pages for row in page]
        assert [row for page in back for row in page] == rows
        return [(row["place"], row["user"], row["points"]) for row in rows]


async def league_of(site: Site, owner: Person | None = None, /, **fields: Any) -> League:
    """A series that makes no tournaments by itself, unless these say so."""
    owner = owner or await site.guest()
    answer = await owner.send("POST", "/v1/series", **{"name": "Weekly", **fields})
    assert answer.status_code == 201, answer.text
    return League(owner, answer.json()["stream"])
