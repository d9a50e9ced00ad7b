"""Who takes part, over HTTP: by themselves and by staff."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest
import trio

from protocol import limits
from tests.integration.gatherup.features.tournaments.cup import Cup, cup_of, named
from tests.integration.shared import SharedNode
from tests.integration.site import Site, problem, unique

pytestmark = pytest.mark.real


async def test_people_enter_wait_leave_and_move_up(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, entrants_max=2) as cup:
        await cup.done(cup.owner, "/open-registration")
        await cup.enter(3)
        problem(await cup.do(1, "POST", "/enter"), 409, "already_exists")
        fields = ("entrant", "user", "status")
        users = [player.user for player in cup.players]
        shown = (await cup.get("/entrants"))["entrants"]
        assert named(shown, *fields) == [
            (1, users[0], "entered"),
            (2, users[1], "entered"),
            (3, users[2], "waiting"),
        ]
        assert (await cup.get())["entered"] == 2
        assert (await cup.get("", cup.player(3)))["own"]["status"] == "waiting"
        await cup.done(1, "/leave")
        await cup.watcher.saw("promoted", entrant=3)
        await cup.done(1, "/enter")
        shown = (await cup.get("/entrants"))["entrants"]
        assert named(shown, *fields) == [
            (1, users[0], "waiting"),
            (2, users[1], "entered"),
            (3, users[2], "entered"),
        ]
        while True:  # what an event causes comes after it
            if items := (await cup.player(3).http.get("/v1/inbox")).json()["items"]:
                break
            await trio.sleep(0.02)
        (item,) = items
        assert (item["type"], item["tournament"]) == ("inbox.promoted", cup.stream)


async def test_staff_accept_whom_they_want(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, entry="approval") as cup:
        await cup.done(cup.owner, "/open-registration")
        await cup.enter(2)
        assert named((await cup.get("/entrants", status="pending"))["entrants"], "entrant") == [(1,), (2,)]
        problem(await cup.do(1, "POST", "/entrants/1/accept"), 403, "forbidden")
        await cup.done(cup.owner, "/entrants/1/accept")
        problem(await cup.do(cup.owner, "POST", "/entrants/1/accept"), 409, "already_exists", "entrant")
        await cup.done(cup.owner, "/entrants/2/remove", reason="Full.")
        shown = (await cup.get("/entrants"))["entrants"]
        assert named(shown, "status", "reason") == [("entered", None), ("removed", "Full.")]
        for part in ("/entrants/3/accept", "/entrants/3/remove", "/entrants/x/accept", "/entrants/0/remove"):
            problem(await cup.do(cup.owner, "POST", part), 404, "not_found", "entrant")


async def test_staff_enter_people_in_bulk_all_or_none(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, entry="listed") as cup:
        ann = await site.guest()
        await cup.done(cup.owner, "/open-registration")
        problem(await cup.do(ann, "POST", "/enter"), 403, "forbidden")
        names = [{"name": f"Player {number}"} for number in range(limits.ENTRANTS_PER_COMMAND_MAX - 1)]
        added = await cup.done(cup.owner, "/entrants", entrants=[{"user": ann.user}, *names])
        assert added["events"] == limits.ENTRANTS_PER_COMMAND_MAX
        for entrants, status, code in (
            ([{"name": "New"}, {"user": ann.user}], 409, "already_exists"),
            ([{"name": "New"}, {"user": "user:" + "1" * 32}], 404, "not_found"),
            ([{"name": "New"}, {}], 422, "invalid"),
            ([{"name": "New", "user": ann.user}], 422, "invalid"),
            ([*names, *names[:2]], 422, "invalid"),
            ([], 422, "invalid"),
        ):
            problem(await cup.do(cup.owner, "POST", "/entrants", entrants=entrants), status, code, "entrants")
        shown = await cup.pages("/entrants", "entrants", limit=20)
        assert named(shown, "entrant", "user", "name") == [
            (1, ann.user, None),
            *((number + 2, None, name["name"]) for number, name in enumerate(names)),
        ]


async def test_who_has_blocked_an_organiser_is_not_entered_by_them(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        ann = await site.guest()
        assert (await ann.http.put(f"/v1/me/blocks/{cup.owner.user}")).status_code == 204
        await cup.done(cup.owner, "/open-registration")
        refused = await cup.do(cup.owner, "POST", "/entrants", entrants=[{"user": ann.user}])
        problem(refused, 403, "blocked", "entrants")
        await cup.done(ann, "/enter")


async def test_a_list_of_entrants_names_where_it_was_read(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        await cup.done(cup.owner, "/open-registration")
        entered = await cup.done(await site.guest(), "/enter")
        position = (await cup.get("/entrants"))["position"]
        assert (position["stream"], position["seq"]) == (cup.stream, entered["seq"])
        empty = await cup.get("/entrants", status="disqualified")
        assert (empty["entrants"], empty["position"]) == ([], position)


async def test_seeds_are_shown_before_and_after_the_start(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        await cup.done(cup.owner, "/open-registration")
        await cup.enter(3)
        await cup.done(cup.owner, "/seeds", "PUT", entrants=[3, 1])
        before = (await cup.get("/entrants"))["entrants"]
        assert named(before, "entrant", "seed") == [(1, 2), (2, None), (3, 1)]
        await cup.done(cup.owner, "/start")
        shown = await cup.get()
        assert int(shown["draw"]) >= 0
        after = (await cup.get("/entrants"))["entrants"]
        assert named(after, "entrant", "seed") == [(1, 2), (2, 3), (3, 1)]


@pytest.mark.parametrize(
    ("seeds", "status", "code"), [([1, 1], 422, "invalid"), ([9], 404, "not_found"), ([0], 422, "invalid")]
)
async def test_seeds_name_each_entrant_once(
    site: Site, node: SharedNode, seeds: list[int], status: int, code: str
) -> None:
    async with cup_of(site, node) as cup:
        await cup.done(cup.owner, "/open-registration")
        await cup.enter(2)
        refused = await cup.do(cup.owner, "PUT", "/seeds", entrants=seeds)
        document: dict[str, Any] = refused.json()
        assert (refused.status_code, document["code"]) == (status, code), document
        assert document["field"].startswith("entrants")


async def test_who_was_disqualified_stays_out(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        await cup.done(cup.owner, "/open-registration")
        await cup.enter(1)
        await cup.done(cup.owner, "/entrants/1/remove", disqualify=True)
        problem(await cup.do(1, "POST", "/enter"), 403, "forbidden")


async def test_only_staff_check_in_others(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        await cup.done(cup.owner, "/open-registration")
        await cup.enter(2)
        await cup.done(cup.owner, "/open-check-in")
        problem(await cup.do(1, "POST", "/check-in", entrant=2), 403, "forbidden")
        problem(await cup.do(await site.guest(), "POST", "/check-in"), 403, "forbidden")
        await cup.done(1, "/check-in")
        problem(await cup.do(1, "POST", "/check-in"), 409, "already_exists")
        shown = (await cup.get("/entrants"))["entrants"]
        assert named(shown, "checked_in") == [(True,), (False,)]


async def upload(cup: Cup, text: str, key: str | None = None) -> httpx.Response:
    """The owner sends a file of entrants."""
    headers = {"Content-Type": "text/csv", "Idempotency-Key": key or str(uuid.uuid4())}
    return await cup.owner.http.post(cup.path + "/entrants", content=text.encode(), headers=headers)


async def test_a_file_enters_people_and_seeds_them(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, entry="listed") as cup:
        ann, handle = await site.guest("Ann"), unique("bob")
        body = {"handle": handle, "password": "correct horse battery"}
        made = await site.http.post("/v1/register", json=body)
        assert made.status_code == 201, made.text
        bob = made.json()["user"]
        names = "".join(f"N{n},,{100 - n}\n" for n in range(60))
        text = f"\ufeffname,user,rating\r\n,{ann.user},1\n,@{handle.upper()},500\n{names}"
        key = str(uuid.uuid4())
        taken = await upload(cup, text, key)
        assert taken.status_code == 200, taken.text
        assert (await upload(cup, text.replace(f",{ann.user},1\n", ""), key)).status_code == 422
        entrants = await cup.pages("/entrants", "entrants", limit=50)
        assert [one["user"] for one in entrants[:2]] == [ann.user, bob]
        assert [one["name"] for one in entrants[2:]] == [f"N{n}" for n in range(60)]
        assert [one["seed"] for one in entrants] == [62, 1, *range(2, 62)]


async def test_nobody_of_a_file_is_taken_unless_all_is_right(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        await cup.done(cup.owner, "/open-registration")
        await cup.enter(1)
        blocker = await site.guest("Blocker")
        assert (await blocker.http.put(f"/v1/me/blocks/{cup.owner.user}")).status_code in {200, 204}
        mine = cup.player(1).user
        text = f"name,user\nRob,\n,{mine}\n,{blocker.user}\n,user:{'0' * 32}\n,@nobody_here\nRob,{mine}\n"
        told = problem(await upload(cup, text), 422, "invalid", "body")["detail"]
        assert told == (
            "Line 3: This user is an entrant already. Line 4: This user has blocked you. "
            "Line 5: There is no such user. Line 6: There is no such user. Line 7: Give a name or a user."
        )
        long = "name,seed\n" + "x,y\n" * 30
        told = problem(await upload(cup, long), 422, "invalid", "body")["detail"]
        assert told.endswith("And 10 more.")
        assert len((await cup.get("/entrants"))["entrants"]) == 1
        problem(await upload(cup, "name\nRob\n", "no-key"), 422, "invalid", "Idempotency-Key")
        wrong = {"Content-Type": "text/plain", "Idempotency-Key": str(uuid.uuid4())}
        sent = await cup.owner.http.post(cup.path + "/entrants", content=b"name\nRob\n", headers=wrong)
        problem(sent, 415, "unsupported_media_type", "Content-Type")
        large = await upload(cup, "name\n" + "x" * limits.HTTP_BODY_BYTES_MAX)
        problem(large, 413, "too_large")
        stranger = await site.guest("Stranger")
        headers = {"Content-Type": "text/csv", "Idempotency-Key": str(uuid.uuid4())}
        sent = await stranger.http.post(cup.path + "/entrants", content=b"name\nRob\n", headers=headers)
        problem(sent, 403, "forbidden")


async def test_a_file_enters_teams(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, team_min=1, team_max=2) as cup:
        people = [await site.guest(f"P{n}") for n in range(4)]
        lines = [f"Ravens,{people[0].user}", f"Owls,{people[1].user}", f"Ravens,{people[2].user}"]
        taken = await upload(cup, "\n".join(["team,user", *lines, "Geese,"]))
        assert taken.status_code == 200, taken.text
        shown = (await cup.get("/entrants"))["entrants"]
        assert named(shown, "name", "roster") == [
            ("Ravens", [people[0].user, people[2].user]),
            ("Owls", [people[1].user]),
            ("Geese", []),
        ]
        many = "\n".join(
            ["team,user", *(f"Crowd,{one.user}" for one in people[:1]), f"Crowd,{people[3].user}"]
        )
        told = problem(await upload(cup, many), 422, "invalid", "body")["detail"]
        assert told == "Line 2: This user is an entrant already."


async def test_those_with_a_tag_in_common_are_kept_apart_and_it_is_explained(
    site: Site, node: SharedNode
) -> None:
    async with cup_of(site, node) as cup:
        lines = "".join(f"N{n},{'Blue' if n % 2 else 'red'} eu\n" for n in range(4))
        assert (await upload(cup, "name,tags\n" + lines)).status_code == 200
        for entrant in (1, 2, 3, 4):
            await cup.done(
                cup.owner, f"/entrants/{entrant}/tags", "PUT", tags=["red" if entrant < 3 else "blue"]
            )
        shown = (await cup.get("/entrants"))["entrants"]
        assert [one["tags"] for one in shown] == [["red"], ["red"], ["blue"], ["blue"]]
        problem(await cup.do(cup.owner, "PUT", "/entrants/1/tags", tags=["Red!"]), 422, "invalid", "tags[0]")
        tag = {"entrants": [{"name": "N5", "tags": ["x" * 33]}]}
        assert (await cup.do(cup.owner, "POST", "/entrants", **tag)).status_code == 422
        await cup.done(cup.owner, "/start")
        started = await cup.watcher.saw("started")
        matches = (await cup.get("/matches", round=1))["matches"]
        assert all((one["a"] < 3) != (one["b"] < 3) for one in matches)
        explained = (await cup.get("/seeding"))["seeds"]
        exchanged = {one["entrant"] for one in explained if one["exchanges"]}
        assert bool(exchanged) is ("moved" in started.marks)
        for one in explained:
            for exchange in one["exchanges"]:
                assert (exchange["why"], exchange["group"], exchange["parts"]) == ("same_tag", 0, 0)
                assert "tag in common" in one["sentence"]
