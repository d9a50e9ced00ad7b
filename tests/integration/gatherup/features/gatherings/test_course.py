"""A gathering over HTTP from its creation to matches that collide, with somebody who watches it."""

from __future__ import annotations

from typing import Any

import pytest
from icalendar import Calendar

from gatherup.client import Event, Snapshot, connect
from protocol.gathering.view import GatheringView
from tests.integration.gatherup.features.gatherings.fair import Fair, fair_of
from tests.integration.shared import SharedNode
from tests.integration.site import Person, Site

pytestmark = pytest.mark.real


async def registered(fair: Fair, count: int, *cups: str) -> list[Person]:
    """So many people have registered for these, and are entered."""
    people = [await fair.site.guest(f"Player {number}") for number in range(1, count + 1)]
    for person in people:
        await fair.registered(person, *cups)
    return people


async def start(fair: Fair, cup: str) -> None:
    answer = await fair.owner.send("POST", f"/v1/tournaments/{cup}/start")
    assert answer.status_code == 200, answer.text


async def test_one_registration_and_one_check_in_for_all(site: Site, node: SharedNode) -> None:
    async with fair_of(site, node, games=["chess"]) as fair:
        a, b = await fair.attached(name="Blitz", game="chess"), await fair.attached(name="Rapid")
        await fair.done(fair.owner, "/open-registration")
        ann = await site.guest("Ann")
        await fair.registered(ann, a)
        assert await fair.competitions(ann, "name", "phase", "entered", "chosen", "status") == [
            ("Blitz", "draft", 1, True, "entered"),
            ("Rapid", "draft", 0, False, None),
        ]
        await fair.done(ann, "/choose", tournaments=[b])
        await fair.saw(b, "entered", user=ann.user)
        await fair.saw(a, "left", entrant=1)
        assert await fair.competitions(ann, "chosen", "status", "refused") == [
            (False, "left", False),
            (True, "entered", False),
        ]
        await fair.done(fair.owner, "/open-check-in")
        await fair.done(ann, "/check-in")
        await fair.saw(b, "checked_in", entrant=1)
        shown = (await ann.http.get(f"/v1/tournaments/{b}")).json()
        assert shown["own"]["checked_in"]
        assert (shown["gathering"], shown["entry"]) == (fair.stream, "listed")
        detail = await fair.get("", ann)
        assert (detail["registered"], detail["checked_in"]) == (1, 1)
        assert detail["own"] == {"player": 1, "status": "registered", "checked_in": True}
        players = await fair.get("/players", tournament=b)
        assert [(one["user"], one["tournaments"]) for one in players["players"]] == [(ann.user, [b])]
        assert (await fair.get("/players", tournament=a))["players"] == []
        await fair.done(ann, "/withdraw")
        await fair.saw(b, "left", entrant=1)
        assert (await fair.get("", ann))["own"]["status"] == "withdrawn"


async def test_who_watches_sees_registrations_counted(site: Site, node: SharedNode) -> None:
    async with fair_of(site, node) as fair:
        a = await fair.attached()
        await fair.done(fair.owner, "/open-registration")
        watcher = await site.guest()
        async with connect(node.addresses.stream, token=watcher.signed_in["access_token"]) as client:
            watched = await client.subscribe(fair.stream)
            first = await anext(watched)
            assert isinstance(first, Snapshot) and isinstance(first.view, GatheringView)
            assert (first.view.registered, first.view.tournaments, first.view.own) == (0, (a,), None)
            ann = await site.guest()
            await fair.done(ann, "/register", tournaments=[a])
            async for item in watched:
                if isinstance(item, Event) and item.header.type == "gathering.registered":
                    assert (item.header.marks["registered"], item.header.marks["user"]) == (1, ann.user)
                    break


async def test_a_competition_that_has_started_is_shown_as_refused(site: Site, node: SharedNode) -> None:
    """What the tournament's own actor refuses, since storage told of a moment before."""
    async with fair_of(site, node) as fair:
        a = await fair.attached(entrants_max=2)
        await fair.done(fair.owner, "/open-registration")
        await registered(fair, 2, a)
        await start(fair, a)
        ann = await site.guest()
        answer = await fair.do(ann, "POST", "/register", tournaments=[a])
        assert (answer.status_code, answer.json()["code"]) == (409, "wrong_phase")
        assert (await fair.get("", ann))["own"] is None


async def test_matches_of_several_competitions_that_collide_are_told(site: Site, node: SharedNode) -> None:
    async with fair_of(site, node) as fair:
        a, b = await fair.attached(), await fair.attached()
        await fair.done(fair.owner, "/open-registration")
        ann, _ = await registered(fair, 2, a, b)
        await start(fair, a)
        await fair.saw(a, "match_opened", match=1)
        found = await fair.get("/next-matches", ann)
        assert [(one["tournament"], one["collides"]) for one in found["matches"]] == [(a, [])]
        await start(fair, b)
        await fair.saw(b, "match_opened", match=1)
        found = await fair.get("/next-matches", fair.owner, user=ann.user)
        told = {one["tournament"]: one["collides"] for one in found["matches"]}
        assert told == {a: [b], b: [a]}
        alone = await fair.get("/next-matches", fair.owner)
        assert alone["matches"] == []
        calendar = parts(await fair.owner.http.get(fair.path + "/calendar.ics"))
        assert calendar == {(a, "start"), (b, "start"), (a, "match-1"), (b, "match-1")}
        assert parts(await ann.http.get(fair.path + "/calendar.ics")) == calendar
        stranger = await site.guest()
        assert parts(await stranger.http.get(fair.path + "/calendar.ics")) == {(a, "start"), (b, "start")}


async def test_its_own_times_are_in_its_calendar(site: Site, node: SharedNode) -> None:
    at = 4_000_000_000_000
    times = {"registration_at": at, "check_in_at": at + 1_000_000, "closes_at": at + 2_000_000}
    async with fair_of(site, node, **times) as fair:
        answer = await fair.owner.http.get(fair.path + "/calendar.ics")
        events: list[Any] = Calendar.from_ical(answer.content).walk("VEVENT")
        spans = [(event["dtstart"].dt.timestamp(), event["dtend"].dt.timestamp()) for event in events]
        assert spans == [(at / 1000, at / 1000 + 1000), (at / 1000 + 1000, at / 1000 + 2000)]
        made = (await fair.owner.http.post(fair.path + "/calendar")).json()["path"]
        nobody = await site.guest()
        assert (await nobody.http.get(made)).content == answer.content
        assert (await fair.owner.http.delete(fair.path + "/calendar")).status_code == 204
        assert (await nobody.http.get(made)).status_code == 404


def parts(answer: Any) -> set[tuple[str, str]]:
    """The stream and the part of each event."""
    assert answer.status_code == 200, answer.text
    events: list[Any] = Calendar.from_ical(answer.content).walk("VEVENT")
    return {(f"tournament:{event['uid'][:32]}", str(event["uid"][33:-9])) for event in events}
