"""Calendars over HTTP: what is in them for whom, and addresses that need no login."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from icalendar import Calendar

from tests.integration.gatherup.features.tournaments.cup import Cup, cup_of
from tests.integration.shared import SharedNode
from tests.integration.site import Site, problem

pytestmark = pytest.mark.real


def _parts(answer: httpx.Response) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    events: list[Any] = Calendar.from_ical(answer.content).walk("VEVENT")
    return {event["uid"][33:-9]: event for event in events}


async def _four(cup: Cup) -> None:
    await cup.started(4)
    await cup.opened(1)
    await cup.opened(2)


async def test_staff_have_all_matches_players_their_own_and_others_none(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, ready_s=0) as cup:
        path = cup.path + "/calendar.ics"
        await _four(cup)
        assert _parts(await cup.owner.http.get(path)).keys() == {"start", "match-1", "match-2"}
        own = _parts(await cup.player(1).http.get(path))
        assert own.keys() == {"start", "match-1"}
        assert str(own["match-1"]["summary"]).endswith(": Player 1 v Player 4")
        stranger = await site.guest()
        shown = await stranger.http.get(path)
        assert _parts(shown).keys() == {"start"}
        kept = {"If-None-Match": shown.headers["etag"]}
        assert (await stranger.http.get(path, headers=kept)).status_code == 304
        await cup.won(1, 1, 4)
        changed = await stranger.http.get(path, headers=kept)
        assert _parts(changed)["start"]["sequence"] > _parts(shown)["start"]["sequence"]
        await cup.done(cup.owner, "/cancel")
        assert _parts(await stranger.http.get(path))["start"]["status"] == "CANCELLED"
        statuses = {part: str(e["status"]) for part, e in _parts(await cup.owner.http.get(path)).items()}
        assert statuses == {
            "start": "CANCELLED",
            "match-1": "CONFIRMED",
            "match-2": "CANCELLED",
        }


async def test_all_of_ones_tournaments_are_in_ones_calendar(site: Site, node: SharedNode) -> None:
    async with (
        cup_of(site, node, ready_s=0, start_at=4_000_000_000_000) as coming,
        cup_of(site, node, ready_s=0) as cup,
    ):
        await _four(cup)
        await coming.done(coming.owner, "/open-registration")
        await coming.done(cup.player(1), "/enter")
        answer = await cup.player(1).http.get("/v1/me/calendar.ics")
        events = Calendar.from_ical(answer.content).walk("VEVENT")
        first, second = (one.stream.partition(":")[2] for one in (cup, coming))
        assert {str(event["uid"]) for event in events} == {
            f"{first}-start@gatherup",
            f"{first}-match-1@gatherup",
            f"{second}-start@gatherup",
        }
        nobody = await (await site.guest()).http.get("/v1/me/calendar.ics")
        assert Calendar.from_ical(nobody.content).walk("VEVENT") == []


async def test_an_address_needs_no_login_and_ends_when_another_is_made(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, visibility="invited", entry="listed", ready_s=0) as cup:
        await cup.done(cup.owner, "/entrants", entrants=[{"name": "Ann"}, {"name": "Ben"}])
        await cup.done(cup.owner, "/start")
        await cup.opened(1)
        stranger = await site.guest()
        problem(await stranger.http.get(cup.path + "/calendar.ics"), 404, "not_found")
        problem(await stranger.http.post(cup.path + "/calendar"), 404, "not_found")
        first = (await cup.owner.http.post(cup.path + "/calendar")).json()["path"]
        mine = (await cup.owner.http.post("/v1/me/calendar")).json()["path"]
        anybody = site.http
        assert _parts(await anybody.get(first)).keys() == {"start", "match-1"}
        assert _parts(await anybody.get(mine)).keys() == {"start", "match-1"}
        second = (await cup.owner.http.post(cup.path + "/calendar")).json()["path"]
        problem(await anybody.get(first), 404, "not_found")
        assert _parts(await anybody.get(second)).keys() == {"start", "match-1"}
        assert (await cup.owner.http.delete(cup.path + "/calendar")).status_code == 204
        problem(await anybody.get(second), 404, "not_found")
        assert (await anybody.get(mine)).status_code == 200
        assert (await cup.owner.http.delete("/v1/me/calendar")).status_code == 204
        problem(await anybody.get(mine), 404, "not_found")
        problem(await anybody.get("/v1/calendars/x/calendar.ics"), 404, "not_found")


async def test_what_somebody_may_not_see_any_more_leaves_their_calendar(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, visibility="invited", entry="listed") as cup:
        ann = await site.guest()
        await cup.done(cup.owner, "/staff", user=ann.user, role="referee")
        address = (await ann.http.post(cup.path + "/calendar")).json()["path"]
        anybody = site.http
        assert (await anybody.get(address)).status_code == 200
        await cup.done(cup.owner, "/staff", user=ann.user, role=None)
        problem(await anybody.get(address), 404, "not_found")
