"""Replies, threads, reactions and pins over HTTP, and what newcomers may read of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.site import Person, Site, problem

pytestmark = pytest.mark.real


async def get(person: Person, path: str, **query: Any) -> dict[str, Any]:
    answer = await person.http.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_replies_and_threads(site: Site) -> None:
    ann, ben = await site.guest(), await site.guest()
    room = await ann.new_room()
    path = f"/v1/rooms/{room}/messages"
    await ben.send("POST", f"/v1/rooms/{room}/join")
    root = await ann.post(room, "who plays?")
    posted = await ben.send("POST", path, body="me", reply_to=root)
    answer = posted.json()["seq"]
    assert posted.headers["location"] == f"{path}/{answer}"
    inside = [(await ben.send("POST", path, body=f"aside {n}", thread=root)).json()["seq"] for n in range(5)]
    message = await get(ann, f"{path}/{answer}")
    assert (message["reply_to"], message["thread"], message["body"], message["number"]) == (
        root,
        None,
        "me",
        2,
    )
    newest = await get(ann, f"{path}/{root}/thread", limit=2)
    assert [m["seq"] for m in newest["messages"]] == inside[3:]
    older = await get(ann, f"{path}/{root}/thread", limit=2, before=newest["before"])
    assert [m["seq"] for m in older["messages"]] == inside[1:3]
    forward = await get(ann, f"{path}/{root}/thread", after=inside[2])
    assert [m["seq"] for m in forward["messages"]] == inside[3:]
    assert (await get(ann, f"{path}/{answer}/thread"))["messages"] == []
    problem(await ann.send("POST", path, body="x", reply_to=999), 404, "not_found", "reply_to")
    problem(await ann.http.get(f"{path}/999"), 404, "not_found", "message")
    problem(await ann.http.get(f"{path}/999/thread"), 404, "not_found", "message")
    problem(await ann.http.get(f"{path}/x"), 404, "not_found", "message")


async def test_reactions(site: Site) -> None:
    people = [await site.guest(name) for name in ("Ann", "Ben", "Cleo")]
    ann, ben, cleo = people
    room = await ann.new_room()
    for person in (ben, cleo):
        await person.send("POST", f"/v1/rooms/{room}/join")
    path = f"/v1/rooms/{room}/messages/{await ann.post(room, 'cake')}"
    for person in people:
        assert (await person.send("POST", f"{path}/react", reaction="🎂")).status_code == 200
    assert (await ben.send("POST", f"{path}/react", reaction="😋")).status_code == 200
    problem(await ben.send("POST", f"{path}/react", reaction="😋"), 409, "already_exists")
    assert (await get(cleo, path))["reactions"] == [
        {"reaction": "🎂", "count": 3, "mine": True},
        {"reaction": "😋", "count": 1, "mine": False},
    ]
    everything = (await get(ann, f"{path}/reactions"))["reactions"]
    assert {(r["user"], r["reaction"]) for r in everything} == {
        (ben.user, "😋"),
        *((person.user, "🎂") for person in people),
    }
    first = await get(ann, f"{path}/reactions", limit=3)
    second = await get(ann, f"{path}/reactions", limit=3, cursor=first["next"])
    assert [*first["reactions"], *second["reactions"]] == everything
    back = await get(ann, f"{path}/reactions", limit=3, cursor=second["previous"])
    assert (back["reactions"], back["previous"]) == (first["reactions"], None)
    assert [r["user"] for r in (await get(ann, f"{path}/reactions", reaction="😋"))["reactions"]] == [
        ben.user
    ]
    assert (await ben.send("POST", f"{path}/unreact", reaction="😋")).status_code == 200
    assert [r["reaction"] for r in (await get(ben, path))["reactions"]] == ["🎂"]


async def test_pins_stand_in_the_order_of_pinning(site: Site) -> None:
    ann, ben = await site.guest(), await site.guest()
    room = await ann.new_room()
    path = f"/v1/rooms/{room}"
    await ben.send("POST", f"{path}/join")
    one, two, three = [await ann.post(room, text) for text in ("one", "two", "three")]
    for seq in (three, one, two):
        assert (await ann.send("POST", f"{path}/messages/{seq}/pin")).status_code == 200
    problem(await ben.send("POST", f"{path}/messages/{two}/unpin"), 403, "forbidden")
    assert (await ann.send("POST", f"{path}/messages/{one}/unpin")).status_code == 200
    assert [m["body"] for m in (await get(ben, f"{path}/pins"))["messages"]] == ["three", "two"]
    assert (await get(ben, path))["pinned"] == [three, two]


async def test_newcomers_read_nothing_that_was_before(site: Site) -> None:
    ann, ben = await site.guest(), await site.guest()
    room = await ann.new_room(history=False)
    path = f"/v1/rooms/{room}"
    old = await ann.post(room, "before")
    await ann.send("POST", f"{path}/messages/{old}/pin")
    await ann.send("POST", f"{path}/messages/{old}/react", reaction="👍")
    await ben.send("POST", f"{path}/join")
    new = await ann.post(room, "after")
    for query in ({}, {"after": 0}, {"before": new + 1}):
        assert [m["seq"] for m in (await get(ben, f"{path}/messages", **query))["messages"]] == [new]
    assert (await get(ben, f"{path}/pins"))["messages"] == []
    for rest in ("", "/thread", "/reactions"):
        problem(await ben.http.get(f"{path}/messages/{old}{rest}"), 404, "not_found", "message")
    report = await ben.http.post(f"{path}/messages/{old}/report", json={"ground": "spam"})
    problem(report, 404, "not_found", "message")
    assert len((await get(ann, f"{path}/messages"))["messages"]) == 2
