"""Tournaments over HTTP: made, listed, changed, and who may do so."""

from __future__ import annotations

from typing import Any

import pytest

from protocol import limits
from tests.integration.gatherup.features.tournaments.cup import Cup, cup_of, named
from tests.integration.shared import SharedNode
from tests.integration.site import Person, Site, problem

pytestmark = pytest.mark.real
LATER = 4_000_000_000_000
SETTINGS: dict[str, Any] = {
    "name": "Friday cup",
    "description": "Bring a friend.",
    "game": "chess",
    "platform": "web",
    "region": "europe",
    "format": "double_elimination",
    "third_place": False,
    "reset": False,
    "best_of": 3,
    "entrants_max": 16,
    "visibility": "public",
    "entry": "approval",
    "ready_s": 60,
    "confirm_s": 120,
    "registration_at": LATER,
    "check_in_at": LATER + 1,
    "start_at": LATER + 2,
}


async def listed(person: Person, **query: Any) -> list[str]:
    """The tournaments of a list, through all of its pages."""
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await person.http.get("/v1/tournaments", params={**query, **cursor})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += [row["tournament"] for row in page["tournaments"]]
        if page["next"] is None:
            return found
        cursor = {"cursor": page["next"]}


async def test_a_tournament_is_as_it_was_made_and_changed(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, **SETTINGS) as cup:
        shown = await cup.get()
        assert {name: shown[name] for name in SETTINGS} == SETTINGS
        assert named([shown], "phase", "owner", "entered", "staff", "own", "role") == [
            ("draft", cup.owner.user, 0, [], None, "organiser")
        ]
        made_at = shown["position"]["seq"]
        changed = {"name": "Saturday cup", "region": "africa", "best_of": 1, "start_at": 0}
        done = await cup.done(cup.owner, "", "PATCH", **changed)
        shown = await cup.get()
        wanted = {**SETTINGS, **changed, "start_at": None}
        assert {name: shown[name] for name in SETTINGS} == wanted
        assert (shown["position"]["seq"], shown["position"]["stream"]) == (done["seq"], cup.stream)
        assert done["seq"] > made_at


async def test_what_is_asked_for_again_is_sent_only_if_it_changed(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        tag = (await cup.owner.http.get(cup.path)).headers["ETag"]
        seen = {"If-None-Match": tag}
        assert (await cup.owner.http.get(cup.path, headers=seen)).status_code == 304
        await cup.done(cup.owner, "/open-registration")
        assert (await cup.owner.http.get(cup.path, headers=seen)).status_code == 200


@pytest.mark.parametrize("field", ["game", "platform", "region"])
async def test_what_is_in_no_lookup_table_is_refused(site: Site, node: SharedNode, field: str) -> None:
    ann = await site.guest()
    refused = await ann.send("POST", "/v1/tournaments", name="Cup", **{field: "no-such-thing"})
    problem(refused, 404, "not_found", field)
    async with cup_of(site, node) as cup:
        problem(await cup.do(cup.owner, "PATCH", "", **{field: "no-such-thing"}), 404, "not_found", field)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "Cup", "best_of": 2}, "best_of"),
        ({"name": "Cup", "entrants_max": 1}, "entrants_max"),
        ({"name": "Cup", "entrants_max": limits.TOURNAMENT_ENTRANTS_MAX + 1}, "entrants_max"),
        ({"name": "Cup", "format": "ladder"}, "format"),
        ({"name": "Cup", "ready_s": limits.READY_S_MAX + 1}, "ready_s"),
        ({"name": "Cup", "check_in_at": LATER, "start_at": LATER - 1}, "start_at"),
        ({"name": "Cup", "visibility": "invited"}, "entry"),
        ({"name": "Cup", "colour": "red"}, "colour"),
    ],
)
async def test_what_no_tournament_can_be_is_refused(site: Site, body: dict[str, Any], field: str) -> None:
    ann = await site.guest()
    problem(await ann.send("POST", "/v1/tournaments", **body), 422, "invalid", field)


async def test_lists_by_owner_phase_game_and_region(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, game="chess") as cup:
        owner, reader = cup.owner, await site.guest()
        others: list[str] = []
        for body in ({"game": "go"}, {"game": "chess", "region": "asia"}, {"visibility": "unlisted"}):
            made = await owner.send("POST", "/v1/tournaments", name="Other", **body)
            others.append(made.json()["stream"])
        go, asia, unlisted = others
        everything = [unlisted, asia, go, cup.stream]
        assert await listed(owner, mine=True) == everything
        assert await listed(owner, mine=True, limit=1) == everything
        assert await listed(reader, owner=owner.user) == [], "drafts are their makers' own"
        for stream in everything:
            await owner.send("POST", f"/v1/tournaments/{stream}/open-registration")
        of_owner = {"owner": owner.user}
        assert await listed(reader, **of_owner) == [asia, go, cup.stream]
        assert await listed(reader, **of_owner, game="chess") == [asia, cup.stream]
        assert await listed(reader, **of_owner, region="asia") == [asia]
        assert await listed(reader, **of_owner, phase="draft") == []
        assert await listed(reader, **of_owner, phase="registration", game="go") == [go]
        assert await listed(reader, mine=True) == []
        await reader.send("POST", f"/v1/tournaments/{go}/enter")
        assert await listed(reader, mine=True) == [go]


async def test_a_list_is_read_backwards_from_any_page(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        for _ in range(2):
            await cup.owner.send("POST", "/v1/tournaments", name="Other")

        async def page(**query: Any) -> dict[str, Any]:
            answer = await cup.owner.http.get("/v1/tournaments", params={"mine": True, "limit": 1, **query})
            return answer.json()

        first = await page()
        second = await page(cursor=first["next"])
        third = await page(cursor=second["next"])
        assert (first["previous"], third["next"]) == (None, None)
        assert (await page(cursor=third["previous"]))["tournaments"] == second["tournaments"]
        assert (await page(cursor=second["previous"]))["tournaments"] == first["tournaments"]


async def test_upcoming_ones_come_by_their_start(site: Site) -> None:
    ann = await site.guest()
    made: dict[int | None, str] = {}
    for start_at in (LATER + 7, None, LATER + 5, LATER + 6):
        answer = await ann.send("POST", "/v1/tournaments", name="Cup", start_at=start_at)
        made[start_at] = answer.json()["stream"]
        await ann.send("POST", f"/v1/tournaments/{made[start_at]}/open-registration")
    await ann.send("POST", f"/v1/tournaments/{made[LATER + 6]}/cancel")
    ben = await site.guest()
    wanted = [made[LATER + 5], made[LATER + 7]]
    assert await listed(ben, upcoming=True, owner=ann.user) == wanted
    assert await listed(ben, upcoming=True, owner=ann.user, limit=1) == wanted


async def test_a_tournament_for_invited_people_is_nothing_to_others(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, visibility="invited", entry="listed") as cup:
        ann, ben, stranger = [await site.guest(name) for name in ("Ann", "Ben", "Eve")]
        await cup.done(cup.owner, "/open-registration")
        await cup.done(cup.owner, "/entrants", entrants=[{"user": ann.user}, {"user": ben.user}])
        parts = ("", "/entrants", "/matches", "/bracket", "/standings", "/matches/1")
        for part in parts:
            problem(await stranger.http.get(cup.path + part), 404, "not_found")
        for method, part, body in COMMANDS:
            problem(await stranger.send(method, cup.path + part, **body), 404, "not_found")
        assert await listed(stranger, owner=cup.owner.user) == []
        assert (await cup.get("", ann))["own"] == {"entrant": 1, "status": "entered", "checked_in": False}
        assert await listed(ann, mine=True) == await listed(cup.owner, mine=True) == [cup.stream]

        await cup.done(cup.owner, "/entrants/2/remove", reason="Not in the club.")
        for part in parts:
            problem(await ben.http.get(cup.path + part), 404, "not_found")
        assert await listed(ben, mine=True) == [], "nothing of it, though they were in it"


COMMANDS: list[tuple[str, str, dict[str, Any]]] = [
    ("PATCH", "", {"name": "Mine"}),
    ("POST", "/staff", {"user": "user:" + "1" * 32, "role": "referee"}),
    ("POST", "/open-registration", {}),
    ("POST", "/open-check-in", {}),
    ("POST", "/start", {}),
    ("POST", "/cancel", {}),
    ("POST", "/entrants", {"entrants": [{"name": "Ann"}]}),
    ("POST", "/entrants/1/accept", {}),
    ("POST", "/entrants/1/remove", {}),
    ("PUT", "/seeds", {"entrants": [1]}),
]
"""What organisers may do."""


@pytest.mark.parametrize("role", [None, "streamer", "referee", "entrant"])
async def test_only_organisers_run_a_tournament(site: Site, node: SharedNode, role: str | None) -> None:
    async with cup_of(site, node) as cup:
        await cup.done(cup.owner, "/open-registration")
        who = await site.guest()
        if role == "entrant":
            await cup.done(who, "/enter")
        elif role is not None:
            await cup.done(cup.owner, "/staff", user=who.user, role=role)
        before = await cup.get()
        for method, part, body in COMMANDS:
            problem(await cup.do(who, method, part, **body), 403, "forbidden")
        assert (await cup.get())["position"] == before["position"]


async def test_staff_come_and_go(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        ann = await site.guest()
        problem(await cup.do(ann, "POST", "/open-registration"), 403, "forbidden")
        await cup.done(cup.owner, "/staff", user=ann.user, role="organiser")
        shown = await cup.get("", ann)
        assert (shown["staff"], shown["role"]) == ([{"user": ann.user, "role": "organiser"}], "organiser")
        await cup.done(ann, "/open-registration")
        again = await cup.do(cup.owner, "POST", "/staff", user=ann.user, role="organiser")
        problem(again, 409, "already_exists", "role")
        await cup.done(cup.owner, "/staff", user=ann.user, role=None)
        assert ((await cup.get())["staff"], (await cup.get("", ann))["role"]) == ([], None)
        nobody = {"user": "user:" + "1" * 32, "role": "referee"}
        problem(await cup.do(cup.owner, "POST", "/staff", **nobody), 404, "not_found", "user")


async def test_each_step_has_its_phases(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        problem(await cup.do(cup.owner, "POST", "/start"), 409, "too_few")
        await _refused(cup, "/enter", "/check-in", "/matches/1/ready")
        await cup.done(cup.owner, "/open-registration")
        await cup.enter(2)
        await _refused(cup, "/open-registration", "/check-in")
        await cup.done(cup.owner, "/open-check-in")
        await cup.done(cup.owner, "/open-registration")
        await cup.done(cup.owner, "/start")
        await _refused(cup, "/start", "/open-registration", "/open-check-in", "/enter", "/check-in")
        problem(
            await cup.do(cup.owner, "PATCH", "", format="double_elimination"), 409, "wrong_phase", "format"
        )
        await cup.done(cup.owner, "/cancel", reason="Nobody came.")
        shown = await cup.get()
        assert (shown["phase"], shown["reason"]) == ("cancelled", "Nobody came.")
        assert shown["ended_at"] >= shown["started_at"]
        await _refused(cup, "/start", "/cancel", "/enter", "/leave", "/open-registration")


async def test_phases_come_by_their_times(site: Site, node: SharedNode) -> None:
    long_ago = {"registration_at": 1, "check_in_at": 2, "start_at": 3}
    async with cup_of(site, node) as cup:
        await cup.done(cup.owner, "", "PATCH", **long_ago)
        await cup.watcher.saw("not_started", count=0)
        shown = await cup.get()
        assert named([shown], "phase", *long_ago) == [("check_in", 1, 2, None)], "the organiser decides"
        types = [header.type for header in cup.watcher.headers]
        assert types[-3:] == [
            f"tournament.{type_}" for type_ in ("registration_opened", "check_in_opened", "not_started")
        ]
        await cup.done(cup.owner, "/open-registration")
        await cup.enter(2)
        await cup.done(cup.owner, "", "PATCH", start_at=4)
        await cup.watcher.saw("started", count=2)


async def _refused(cup: Cup, *parts: str) -> None:
    """Nobody can do any of these now."""
    for part in parts:
        problem(await cup.do(cup.owner, "POST", part), 409, "wrong_phase")


async def test_a_request_sent_again_takes_effect_once(site: Site) -> None:
    ann = await site.guest()
    body = {"client_id": "7f3e2a10-9c1b-4d2e-8f00-0a1b2c3d4e5f", "name": "Cup"}
    first = await ann.http.post("/v1/tournaments", json=body)
    again = await ann.http.post("/v1/tournaments", json={**body, "resend": True})
    assert (first.status_code, again.json()) == (201, first.json())
    assert await listed(ann, mine=True) == [first.json()["stream"]]


@pytest.mark.parametrize("stream", ["tournament:" + "0" * 32, "room:" + "0" * 32, "tournament:x", "x"])
async def test_what_is_no_tournament_is_not_found(site: Site, stream: str) -> None:
    ann = await site.guest()
    for part in ("", "/entrants", "/matches", "/matches/1", "/bracket", "/standings"):
        problem(await ann.http.get(f"/v1/tournaments/{stream}{part}"), 404, "not_found")
    for method, part, body in COMMANDS:
        problem(await ann.send(method, f"/v1/tournaments/{stream}{part}", **body), 404, "not_found")
