"""Series over HTTP: made, listed, changed, given on, removed and restored; and the tournaments that they make."""

from __future__ import annotations

from typing import Any, Final, cast

import pytest
from icalendar import Calendar

from protocol import limits
from protocol.tournament.making import made_tournament
from tests.integration.gatherup.features.lookups.test_lookups import admin_of
from tests.integration.gatherup.features.series.league import DAY_S, league_of, local
from tests.integration.shared import SharedNode
from tests.integration.site import Site, problem

pytestmark = pytest.mark.real
DAILY: Final = {"rrule": "FREQ=DAILY", "timezone": "UTC"}


async def test_a_series_makes_its_tournaments_ahead(site: Site, node: SharedNode) -> None:
    league = await league_of(
        site,
        description="Every day.",
        settings={"format": "swiss", "stages": [{"format": "swiss", "rounds": 3}], "entrants_max": 16},
        recurrence={**DAILY, "start": local(1)},
        create_s=2 * DAY_S + 3600,
        registration_s=2 * DAY_S,
        check_in_s=600,
    )
    listed = await league.until("/tournaments", lambda read: all_made(read, 2))
    second, first = listed["tournaments"]
    assert [first["number"], second["number"]] == [1, 2]
    assert second["at"] - first["at"] == DAY_S * 1000
    assert first["tournament"] == made_tournament(league.stream, first["at"])
    read = (await league.owner.http.get(f"/v1/tournaments/{first['tournament']}")).json()
    expected = {
        "name": "Weekly #1",
        "description": "Every day.",
        "owner": league.owner.user,
        "format": "swiss",
        "entrants_max": 16,
        "phase": "registration",
        "start_at": first["at"],
        "check_in_at": first["at"] - 600_000,
    }
    assert {name: read[name] for name in expected} == expected
    calendar = await league.owner.http.get(league.path + "/calendar.ics")
    assert calendar.headers["content-type"].startswith("text/calendar")
    events: list[Any] = Calendar.from_ical(calendar.content).walk("VEVENT")
    starts = [event["uid"] for event in events if event["uid"].endswith("-start@gatherup")]
    assert len(starts) == len(set(starts)) == 2 + limits.CALENDAR_PLANNED_MAX
    assert f"{first['tournament'].partition(':')[2]}-start@gatherup" in starts
    address = (await league.owner.http.post(league.path + "/calendar")).json()["path"]
    program = site.client()
    assert (await program.get(address)).content == calendar.content
    assert (await league.owner.http.delete(league.path + "/calendar")).status_code == 204
    problem(await program.get(address), 404, "not_found")
    detail = await league.get()
    assert (detail["made"], detail["tournaments"]) == (2, 2)
    assert detail["next_at"] == second["at"] + DAY_S * 1000


def all_made(read: dict[str, Any], count: int) -> bool:
    """Whether so many are there, and not only promised."""
    return [one["phase"] for one in read["tournaments"]] == ["registration"] * count


async def test_a_template_says_what_is_not_given(site: Site, node: SharedNode) -> None:
    ann = await site.guest()
    definition = {"name": "Cup", "description": "By Ann.", "best_of": 3, "ready_s": 0}
    kept = (await ann.http.post("/v1/tournament-templates", json={"definition": definition})).json()
    league = await league_of(site, ann, name=None, template=kept["template"], points=[3, 1])
    read = await league.get()
    assert (read["name"], read["description"], read["points"]) == ("Cup", "By Ann.", [3, 1])
    assert (read["settings"]["best_of"], read["settings"]["ready_s"]) == (3, 0)
    named = await league_of(site, ann, template=kept["template"], settings={"best_of": 5})
    read = await named.get()
    assert (read["name"], read["settings"]["best_of"]) == ("Weekly", 5)
    ben = await site.guest()
    answer = await ben.send("POST", "/v1/series", name="x", template=kept["template"])
    problem(answer, 404, "not_found", "template")


async def test_it_is_changed_given_on_and_cancelled(site: Site, node: SharedNode) -> None:
    league, ben = await league_of(site), await site.guest()
    await league.done("", "PATCH", name="Monthly", best=2, points=[5, 3, 1])
    await league.done("/staff", user=ben.user, role="organiser")
    read = await league.get("", ben)
    assert (read["name"], read["best"], read["points"], read["role"]) == (
        "Monthly",
        2,
        [5, 3, 1],
        "organiser",
    )
    assert read["staff"] == [{"user": ben.user, "role": "organiser"}]
    problem(await league.do(ben, "POST", "/cancel"), 403, "forbidden")
    await league.done("/transfer", user=ben.user)
    assert (await league.get())["owner"] == ben.user
    assert (await league.do(ben, "POST", "/cancel")).status_code == 200
    assert (await league.get())["phase"] == "cancelled"
    problem(await league.do(ben, "PATCH", "", best=1), 409, "wrong_phase")


async def test_it_is_removed_restored_and_taken_over(site: Site, node: SharedNode) -> None:
    league, ben = await league_of(site), await site.guest()
    assert listed(await league.owner.http.get("/v1/series", params={"mine": True})) == [league.stream]
    await league.done("", "DELETE")
    problem(await league.owner.http.get(league.path), 404, "not_found")
    problem(await league.do(ben, "POST", "/restore"), 404, "not_found")
    assert listed(await league.owner.http.get("/v1/series", params={"mine": True})) == []
    assert listed(await league.owner.http.get("/v1/series", params={"removed": True})) == [league.stream]
    assert listed(await ben.http.get("/v1/series", params={"removed": True})) == []
    await league.done("/restore")
    assert (await league.get("", ben))["owner"] == league.owner.user
    admin = await admin_of(site, node)
    path = f"/v1/admin/series/{league.stream}"
    problem(await ben.send("PUT", path + "/owner", user=ben.user), 403, "forbidden")
    assert (await admin.send("PUT", path + "/owner", user=ben.user)).status_code == 200
    assert (await league.get())["owner"] == ben.user
    assert (await league.do(ben, "DELETE", "")).status_code == 200
    assert league.stream in listed(await admin.http.get("/v1/admin/series"))
    assert (await admin.send("POST", path + "/restore")).status_code == 200
    assert (await league.get("", ben))["phase"] == "running"


def listed(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["series"] for one in answer.json()["series"]]


async def test_an_unlisted_one_is_found_by_its_id(site: Site, node: SharedNode) -> None:
    league, ben = await league_of(site, visibility="unlisted"), await site.guest()
    assert (await league.get("", ben))["visibility"] == "unlisted"
    owned = {"owner": league.owner.user}
    assert listed(await ben.http.get("/v1/series", params=owned)) == []
    await league.done("", "PATCH", visibility="public")
    assert listed(await ben.http.get("/v1/series", params=owned)) == [league.stream]


LONG: Final = "x" * 10_000
ABSURD: Final[tuple[tuple[dict[str, Any], int, str, str], ...]] = (
    ({"name": None}, 422, "invalid", "name"),
    ({"name": ""}, 422, "invalid", "name"),
    ({"name": "x" * (limits.SERIES_NAME_CHARS_MAX + 1)}, 422, "invalid", "name"),
    ({"description": LONG}, 422, "invalid", "description"),
    ({"visibility": "invited"}, 422, "invalid", "visibility"),
    ({"points": [1] * (limits.SERIES_POINTS_PLACES_MAX + 1)}, 422, "invalid", "points"),
    ({"points": [limits.SERIES_POINTS_MAX + 1]}, 422, "invalid", "points[0]"),
    ({"points": [-1]}, 422, "invalid", "points[0]"),
    ({"best": -1}, 422, "invalid", "best"),
    ({"best": limits.SERIES_TOURNAMENTS_MAX + 1}, 422, "invalid", "best"),
    ({"create_s": 1}, 422, "invalid", "create_s"),
    ({"create_s": limits.SERIES_AHEAD_S_MAX + 1}, 422, "invalid", "create_s"),
    ({"create_s": 600, "registration_s": 601}, 422, "invalid", "registration_s"),
    ({"registration_s": 600, "check_in_s": 600}, 422, "invalid", "check_in_s"),
    ({"settings": {"visibility": "invited", "entry": "listed"}}, 422, "invalid", "settings.visibility"),
    ({"settings": {"start_at": 5}}, 422, "invalid", "settings.start_at"),
    ({"settings": {"best_of": 2}}, 422, "invalid", "settings.best_of"),
    ({"settings": {"team_min": 3, "team_max": 2}}, 422, "invalid", "settings.team_min"),
    ({"settings": {"game": "no-such-game"}}, 404, "not_found", "settings.game"),
    ({"template": "0" * 32}, 404, "not_found", "template"),
    ({"template": "x"}, 422, "invalid", "template"),
    ({"recurrence": {"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}}, 422, "invalid", "recurrence"),
    ({"recurrence": {"rrule": "FREQ=SECONDLY"}}, 422, "invalid", "recurrence"),
    ({"recurrence": {"rrule": "FREQ=DAILY;BYHOUR=1,2,3"}}, 422, "invalid", "recurrence"),
    ({"recurrence": {"rrule": "RRULE:FREQ=DAILY"}}, 422, "invalid", "recurrence.rrule"),
    ({"recurrence": {"rrule": "FREQ=DAILY;" * 50}}, 422, "invalid", "recurrence.rrule"),
    ({"recurrence": {"timezone": "Mars/Olympus"}}, 422, "invalid", "recurrence"),
    ({"recurrence": {"timezone": "../../etc/passwd"}}, 422, "invalid", "recurrence.timezone"),
    ({"recurrence": {"start": "tomorrow"}}, 422, "invalid", "recurrence.start"),
    ({"recurrence": {"start": "2099-02-30T20:00"}}, 422, "invalid", "recurrence"),
    ({"recurrence": {"start": "2001-01-01T20:00"}}, 422, "invalid", "recurrence.start"),
    ({"recurrence": {"start": "2099-01-01T20:00"}}, 422, "invalid", "recurrence.start"),
)


async def test_no_series_is_absurd(site: Site, node: SharedNode) -> None:
    ann, otherwise = await site.guest(), dict[str, Any]()
    for body, *told in ABSURD:
        times = {**DAILY, "start": local(1), **body.get("recurrence", {})}
        answer = await ann.send("POST", "/v1/series", **{"name": "Weekly", **body, "recurrence": times})
        document = answer.json()
        found = [answer.status_code, document.get("code"), document.get("field")]
        if found != told or not document.get("detail"):
            otherwise[str(body)[:80]] = found
    assert otherwise == {}
    assert listed(await ann.http.get("/v1/series", params={"mine": True})) == []


async def test_what_cannot_be_is_refused_and_changes_nothing(site: Site, node: SharedNode) -> None:
    league, ben = await league_of(site), await site.guest()
    theirs = await ben.send("POST", "/v1/tournaments", name="Theirs")
    invited = await league.owner.send(
        "POST", "/v1/tournaments", name="Closed", visibility="invited", entry="listed"
    )
    nobody, nothing = "user:" + "1" * 32, "tournament:" + "1" * 32
    before, owner = await league.get(), league.owner
    for who, method, part, body, *told in (
        (ben, "PATCH", "", {"best": 1}, 403, "forbidden", None),
        (ben, "DELETE", "", {}, 403, "forbidden", None),
        (ben, "POST", "/tournaments", {"tournament": theirs.json()["stream"]}, 403, "forbidden", None),
        (owner, "PATCH", "", {}, 422, "invalid", None),
        (owner, "PATCH", "", {"best": None}, 422, "invalid", None),
        (owner, "POST", "/restore", {}, 409, "already_exists", None),
        (owner, "POST", "/staff", {"user": nobody, "role": "referee"}, 404, "not_found", "user"),
        (owner, "POST", "/staff", {"user": ben.user, "role": "king"}, 422, "invalid", "role"),
        (owner, "POST", "/transfer", {"user": ben.user}, 422, "invalid", "user"),
        (owner, "POST", "/tournaments", {"tournament": nothing}, 404, "not_found", "tournament"),
        (owner, "POST", "/tournaments", {"tournament": league.stream}, 404, "not_found", "tournament"),
        (owner, "POST", "/tournaments", {"tournament": "x"}, 422, "invalid", "tournament"),
        (
            owner,
            "POST",
            "/tournaments",
            {"tournament": theirs.json()["stream"]},
            403,
            "forbidden",
            "tournament",
        ),
        (
            owner,
            "POST",
            "/tournaments",
            {"tournament": invited.json()["stream"]},
            422,
            "invalid",
            "tournament",
        ),
        (owner, "DELETE", f"/tournaments/{nothing}", {}, 404, "not_found", "tournament"),
        (owner, "DELETE", "/tournaments/x", {}, 404, "not_found", None),
    ):
        answer = await league.do(who, method, part, **body)
        problem(answer, *cast("tuple[int, str, str | None]", told))
    assert await league.get() == before
    problem(await owner.http.get("/v1/series/series:" + "1" * 32), 404, "not_found")
    problem(await owner.http.get("/v1/series/x/standings"), 404, "not_found")
    problem(
        await owner.http.get(league.path + "/standings", params={"cursor": "nAA"}), 422, "invalid", "cursor"
    )
