"""The inbox over HTTP, on a whole node: what rooms and people put there, paged both ways, and read."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from protocol.inbox import inbox_of
from tests.integration.site import Person, Site, problem

pytestmark = pytest.mark.real


async def page(person: Person, **query: Any) -> dict[str, Any]:
    answer = await person.http.get("/v1/inbox", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def inbox_with(person: Person, items: int) -> dict[str, Any]:
    """The newest page once so many items are there: effects come soon, not at once."""
    while len((found := await page(person))["items"]) < items:
        pass
    return found


async def mentioned(site: Site, times: int) -> tuple[Person, Person, str]:
    """Somebody whom somebody else has answered so many times."""
    ann, ben = await site.guest("Ann"), await site.guest("Ben")
    room = await ann.new_room()
    assert (await ben.send("POST", f"/v1/rooms/{room}/join")).is_success
    seq = await ann.post(room, "who is there?")
    for number in range(times):
        answer = await ben.send("POST", f"/v1/rooms/{room}/messages", body=f"me {number}", reply_to=seq)
        assert answer.is_success, answer.text
    return ann, ben, room


async def test_answers_stand_in_the_inbox_and_are_read_once(site: Site) -> None:
    ann, ben, room = await mentioned(site, 3)
    found = await inbox_with(ann, 3)
    assert [
        (item["type"], item["by"], item["room"], item["reply"], item["read"]) for item in found["items"]
    ] == [("inbox.mentioned", ben.user, room, True, False)] * 3
    assert [item["number"] for item in found["items"]] == [4, 3, 2]
    assert [item["seq"] for item in found["items"]] == [3, 2, 1]
    assert (found["unread"], found["read_up_to"], found["before"], found["after"]) == (3, 0, None, 3)
    assert (await page(ben))["items"] == []
    read = await ann.send("POST", "/v1/inbox/read", up_to=2)
    assert read.is_success, read.text
    assert (read.json()["stream"], read.json()["events"]) == (inbox_of(ann.user), 1)
    found = await page(ann)
    assert [item["read"] for item in found["items"]] == [False, True, True]
    assert (found["unread"], found["read_up_to"]) == (1, 2)
    again = await ann.send("POST", "/v1/inbox/read", up_to=1)
    assert (again.status_code, again.json()["events"]) == (200, 0)


async def test_pages_go_both_ways_and_leave_nothing_out(site: Site) -> None:
    ann, _, _ = await mentioned(site, 7)
    every = [item["seq"] for item in (await inbox_with(ann, 7))["items"]]
    older, cursor = list[int](), None
    while True:
        found = await page(ann, limit=3, **({} if cursor is None else {"before": cursor}))
        older += [item["seq"] for item in found["items"]]
        if (cursor := found["before"]) is None:
            break
    assert older == every == [7, 6, 5, 4, 3, 2, 1]
    newer, cursor = list[int](), 0
    while (found := await page(ann, limit=3, after=cursor))["items"]:
        newer = [item["seq"] for item in found["items"]] + newer
        cursor = found["after"]
    assert newer == every
    assert (found["after"], found["before"]) == (7, None)
    assert (await page(ann, limit=2, after=2))["before"] == 3


async def test_who_polls_gets_it_again_only_when_it_has_changed(site: Site) -> None:
    ann, _, _ = await mentioned(site, 1)
    await inbox_with(ann, 1)
    first = await ann.http.get("/v1/inbox")
    same = await ann.http.get("/v1/inbox", headers={"If-None-Match": first.headers["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert (await ann.send("POST", "/v1/inbox/read", up_to=1)).is_success
    changed = await ann.http.get("/v1/inbox", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert changed.json()["unread"] == 0


async def test_an_inbox_that_has_nothing_can_be_read(site: Site) -> None:
    ann = await site.guest("Ann")
    assert await page(ann) == {"items": [], "unread": 0, "read_up_to": 0, "before": None, "after": None}
    assert (await ann.send("POST", "/v1/inbox/read", up_to=5)).json()["events"] == 0


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"before": 0}, "before"),
        ({"after": -1}, "after"),
        ({"limit": 0}, "limit"),
        ({"limit": 201}, "limit"),
        ({"before": 3, "after": 3}, "after"),
        ({"beofre": 3}, "beofre"),
    ],
)
async def test_bad_questions_are_refused(site: Site, query: dict[str, int], field: str) -> None:
    ann = await site.guest("Ann")
    problem(await ann.http.get("/v1/inbox", params=query), 422, "invalid", field)


async def test_strangers_get_nothing(site: Site) -> None:
    answer: httpx.Response = await site.http.get("/v1/inbox")
    problem(answer, 401, "unauthenticated", "Authorization")
