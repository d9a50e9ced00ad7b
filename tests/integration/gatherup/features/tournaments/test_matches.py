"""Matches, brackets and standings as they are read over HTTP, and who may say what of a match."""

from __future__ import annotations

from typing import Any

import pytest

from protocol import limits
from storage.postgres.driver.pool import Pool
from storage.postgres.tournaments.matches import Matches
from tests.integration.gatherup.features.tournaments.cup import Cup, cup_of, named
from tests.integration.shared import SharedNode
from tests.integration.site import Person, Site, problem

pytestmark = pytest.mark.real


async def own(person: Person, **query: Any) -> list[dict[str, Any]]:
    answer = await person.http.get("/v1/me/matches", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["matches"]


async def opened(cup: Cup, count: int) -> None:
    """It starts with so many, and all first matches are open: with three the first one has a bye."""
    await cup.started(count)
    for number in range(1 + count % 2, (count + 1) // 2 + 1):
        await cup.opened(number)


async def test_matches_by_phase_part_round_and_entrant(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, format="double_elimination") as cup:
        assert (await cup.get("/matches"))["matches"] == []
        await opened(cup, 4)
        await cup.won(1, 1, 4)
        await cup.won(2, 2, 3)
        await cup.opened(3)
        await cup.opened(4)

        async def numbers(who: Person | None = None, **query: Any) -> list[int]:
            return [match["match"] for match in (await cup.get("/matches", who, **query))["matches"]]

        everything = await numbers()
        assert await numbers(phase="done") == [1, 2]
        assert await numbers(part="winners") == [1, 2, 3]
        assert await numbers(part="winners", round=2) == [3]
        assert await numbers(part="losers") == [4]
        assert await numbers(round=1) == [1, 2, 4]
        assert await numbers(entrant=4) == await numbers(cup.player(4), mine=True) == [1, 4]
        assert await numbers(await site.guest(), mine=True) == []
        assert await numbers(part="third") == []
        assert [match["match"] for match in await cup.pages("/matches", "matches", limit=1)] == everything
        two = named((await cup.get("/matches", part="losers"))["matches"], "part", "round", "a", "b")
        assert two == [("losers", 1, 4, 3)]


async def test_one_match_is_there_before_anybody_reaches_it(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        problem(await cup.owner.http.get(cup.path + "/matches/1"), 404, "not_found", "match")
        await opened(cup, 3)
        final = await cup.get("/matches/3")
        assert named([final], "part", "phase", "a", "b", "winner") == [("final", "waiting", 1, None, None)]
        assert (await cup.get("/matches/1"))["kind"] == "bye"
        for number in ("4", "0", "x", "99999999"):
            problem(await cup.owner.http.get(f"{cup.path}/matches/{number}"), 404, "not_found", "match")


async def test_only_the_sides_of_a_match_report_confirm_and_dispute(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, ready_s=600) as cup:
        await opened(cup, 4)
        score = {"scores": [[1, 0]]}
        outsiders = (cup.player(2), await site.guest(), cup.owner)
        for part, body in (("ready", {}), ("report", score), ("confirm", {}), ("dispute", {})):
            for outsider in outsiders:
                problem(await cup.do(outsider, "POST", f"/matches/1/{part}", **body), 403, "forbidden")
        problem(await cup.do(1, "POST", "/matches/1/report", **score), 409, "wrong_phase", "match")
        problem(await cup.do(1, "POST", "/matches/1/ready", entrant=4), 403, "forbidden")
        await cup.done(1, "/matches/1/ready")
        problem(await cup.do(1, "POST", "/matches/1/ready"), 409, "already_exists")
        await cup.done(cup.owner, "/matches/1/ready", entrant=4)
        problem(await cup.do(4, "POST", "/matches/1/confirm"), 409, "wrong_phase", "match")
        for scores in ([], [[1, 1]], [[1, 0], [1, 0]], [[0, 1], [1, 0]]):
            problem(await cup.do(1, "POST", "/matches/1/report", scores=scores), 422, "invalid", "scores")
        await cup.done(1, "/matches/1/report", **score)
        problem(await cup.do(1, "POST", "/matches/1/confirm"), 403, "forbidden")
        await cup.done(4, "/matches/1/confirm")
        for part, body in (("report", score), ("confirm", {}), ("dispute", {}), ("ready", {})):
            problem(await cup.do(1, "POST", f"/matches/1/{part}", **body), 409, "wrong_phase", "match")
        decide = await cup.do(cup.owner, "POST", "/matches/1/decide", winner=4)
        problem(decide, 409, "wrong_phase", "match")
        for number in ("9", "x"):
            problem(await cup.do(1, "POST", f"/matches/{number}/confirm"), 404, "not_found", "match")


async def test_the_match_of_mine_that_comes_next(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        await opened(cup, 3)
        ann, ben, cleo = cup.players
        # Ann has a bye: no row says so yet.
        (waits,) = await own(ann)
        assert (waits["tournament"], waits["entrant"]) == (cup.stream, 1)
        assert named([waits["match"]], "match", "phase", "a", "b") == [(3, "waiting", 1, None)]
        (plays,) = await own(ben)
        assert named([plays["match"]], "match", "phase", "a", "b") == [(2, "playing", 2, 3)]
        (item,) = (await ben.http.get("/v1/inbox")).json()["items"]
        assert named([item], "type", "tournament", "match") == [("inbox.match_called", cup.stream, 2)]
        await cup.won(2, 3, 2)
        await cup.opened(3)
        assert await own(ben) == []
        for person, number in ((ann, 1), (cleo, 3)):
            (plays,) = await own(person)
            assert (plays["entrant"], plays["match"]["match"]) == (number, 3)
        await cup.won(3, 1, 3)
        await cup.watcher.saw("finished")
        assert await own(ann) == []


async def test_matches_of_mine_in_several_tournaments(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as one, cup_of(site, node) as other:
        for cup in (one, other):
            await cup.done(cup.owner, "/open-registration")
            await cup.done(one.owner, "/enter")
            await cup.enter(1)
            await cup.done(cup.owner, "/start")
            await cup.opened(1)
        assert [match["tournament"] for match in await own(one.owner)] == [other.stream, one.stream]
        first = (await one.owner.http.get("/v1/me/matches", params={"limit": 1})).json()
        second = (await one.owner.http.get("/v1/me/matches", params={"cursor": first["next"]})).json()
        assert named([*first["matches"], *second["matches"]], "tournament") == [
            (other.stream,),
            (one.stream,),
        ]
        back = (await one.owner.http.get("/v1/me/matches", params={"cursor": second["previous"]})).json()
        assert back["matches"] == first["matches"]


async def test_two_matches_at_the_same_time_collide(site: Site, node: SharedNode) -> None:
    rules = [{"window_s": 86_400}]
    async with (
        cup_of(site, node, ready_s=600, rounds=rules) as one,
        cup_of(site, node, ready_s=600, rounds=rules) as other,
    ):
        for cup in (one, other):
            await cup.done(cup.owner, "/open-registration")
            await cup.done(one.owner, "/enter")
            await cup.enter(1)
            await cup.done(cup.owner, "/start")
        opened = [await cup.opened(1) for cup in (one, other)]

        async def colliding() -> dict[str, list[str]]:
            return {match["tournament"]: match["collides"] for match in await own(one.owner)}

        async def put_off(cup: Cup, by_s: int) -> None:
            start = {"at": opened[0].at + by_s * 1000}
            await cup.done(one.owner, "/matches/1/propose-start", **start)
            await cup.done(cup.players[0], "/matches/1/accept-start", **start)

        both = {one.stream: [other.stream], other.stream: [one.stream]}
        assert await colliding() == both
        assert [match["collides"] for match in await own(one.players[0])] == [[]]
        await put_off(one, 7200)
        assert await colliding() == {one.stream: [], other.stream: []}
        await put_off(other, 7200 + limits.COLLISION_S - 1)
        assert await colliding() == both


async def test_who_has_a_seed_is_found_in_many_tournaments_at_once(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as one, cup_of(site, node) as other, Pool(node.dsn) as pool:
        for cup, order in ((one, (3, 1, 2)), (other, (2, 3, 1))):
            await cup.done(cup.owner, "/open-registration")
            await cup.enter(3)
            await cup.do(cup.owner, "PUT", "/seeds", entrants=order)
            await cup.done(cup.owner, "/start")
        matches = Matches(pool)
        assert await matches.seeded({one.stream: 1, other.stream: 2}) == {one.stream: 3, other.stream: 3}
        assert await matches.seeded({}) == {}


async def test_the_bracket_is_whole_from_the_start_on(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        problem(await cup.owner.http.get(cup.path + "/bracket"), 409, "wrong_phase")
        await cup.started(3)
        await cup.opened(2)
        bracket = await cup.get("/bracket")
        assert (bracket["format"], bracket["seeds"]) == ("single_elimination", [1, 2, 3])
        shown = named(bracket["matches"], "match", "part", "round", "a", "b", "phase", "winner", "kind")
        assert shown == [
            (1, "winners", 1, 1, 0, "done", 1, "bye"),
            (2, "winners", 1, 2, 3, "playing", None, None),
            (3, "final", 1, 1, None, "waiting", None, None),
        ]
        leads = named(bracket["matches"], "winner_to", "loser_to")
        final = [{"match": 3, "side": side} for side in (0, 1)]
        assert leads == [(final[0], None), (final[1], None), (None, None)]
        await cup.won(2, 3, 2)
        await cup.opened(3)
        bracket = await cup.get("/bracket")
        assert named(bracket["matches"], "a", "b", "scores", "winner")[1:] == [
            (2, 3, [[1, 3]], 3),
            (1, 3, [], None),
        ]


async def test_a_bracket_is_sent_again_only_if_the_tournament_went_on(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        await opened(cup, 2)
        first = await cup.owner.http.get(cup.path + "/bracket")
        seen = {"If-None-Match": first.headers["ETag"]}
        assert str(first.json()["position"]["seq"]) in first.headers["ETag"]
        assert (await cup.owner.http.get(cup.path + "/bracket", headers=seen)).status_code == 304
        done = await cup.done(1, "/matches/1/report", scores=[[1, 0]])
        again = await cup.owner.http.get(cup.path + "/bracket", headers=seen)
        assert (again.status_code, again.json()["position"]["seq"]) == (200, done["seq"])


async def test_places_come_as_people_go_out(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        assert (await cup.get("/standings"))["standings"] == []
        await opened(cup, 4)
        await cup.won(2, 3, 2)
        shown = await cup.get("/standings")
        assert (named(shown["standings"], "place", "entrant", "user"), shown["final"]) == (
            [(3, 2, cup.player(2).user)],
            False,
        )
        await cup.won(1, 1, 4)
        await cup.won(3, 3, 1)
        await cup.watcher.saw("finished")
        found = await cup.pages("/standings", "standings", limit=1)
        assert named(found, "place", "entrant") == [(1, 3), (2, 1), (3, 2), (3, 4)]
        assert (await cup.get("/standings"))["final"]


async def test_a_bracket_is_drawn_for_who_may_see_it(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        path = cup.path + "/bracket.svg"
        problem(await cup.owner.http.get(path), 409, "wrong_phase")
        await opened(cup, 4)
        await cup.won(1, 1, 4)
        stranger = await site.guest()
        drawn = await stranger.http.get(path, params={"theme": "overlay"})
        assert (drawn.status_code, drawn.headers["content-type"]) == (200, "image/svg+xml")
        for shown in ("Player 1", "Player 4", "Final", 'text-anchor="end">3<'):
            assert shown in drawn.text, drawn.text
        kept = {"If-None-Match": drawn.headers["etag"]}
        assert (await stranger.http.get(path, params={"theme": "overlay"}, headers=kept)).status_code == 304
        assert (await stranger.http.get(path, params={"theme": "dark"}, headers=kept)).status_code == 200
        problem(await stranger.http.get(path, params={"theme": "pink"}), 422, "invalid", "theme")
        await cup.won(2, 2, 3)
        assert (await stranger.http.get(path, params={"theme": "overlay"}, headers=kept)).status_code == 200


async def test_a_large_bracket_is_drawn_in_a_process(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        names = [{"name": f"<{number}>"} for number in range(1, 131)]
        for first in range(0, 130, 50):
            await cup.done(cup.owner, "/entrants", entrants=names[first : first + 50])
        await cup.done(cup.owner, "/start")
        drawn = await cup.owner.http.get(cup.path + "/bracket.svg")
        assert drawn.status_code == 200
        assert drawn.text.count('rx="4"') == 255 and "&lt;130&gt;" in drawn.text and "<130>" not in drawn.text


async def test_a_hidden_bracket_is_not_drawn(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, visibility="invited", entry="listed") as cup:
        await cup.done(cup.owner, "/entrants", entrants=[{"name": "Ann"}, {"name": "Ben"}])
        await cup.done(cup.owner, "/start")
        assert (await cup.owner.http.get(cup.path + "/bracket.svg")).status_code == 200
        problem(await (await site.guest()).http.get(cup.path + "/bracket.svg"), 404, "not_found")


async def test_a_cancelled_tournament_has_no_matches_that_wait(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, ready_s=0) as cup:
        await cup.started(4)
        await cup.won(1, 1, 4)
        await cup.opened(2)
        await cup.done(cup.owner, "/matches/2/hold")
        await cup.done(cup.owner, "/cancel")
        cancelled = ["done", "cancelled", "cancelled"]
        bracket = await cup.get("/bracket")
        assert [match["phase"] for match in bracket["matches"]] == cancelled
        seq = bracket["position"]["seq"]
        assert (await cup.get("/bracket", None, at=seq))["matches"] == bracket["matches"]
        before = await cup.get("/bracket", None, at=seq - 1)
        assert [match["phase"] for match in before["matches"]] == ["done", "playing", "waiting"]
        shown = [await cup.get(f"/matches/{number}") for number in (2, 3)]
        assert named(shown, "phase", "until", "held") == [("cancelled", None, False)] * 2
        assert [m["match"] for m in (await cup.get("/matches", None, phase="cancelled"))["matches"]] == [2, 3]
        assert (await cup.get("/matches", None, phase="playing"))["matches"] == []
        assert (await cup.player(2).http.get("/v1/me/matches")).json()["matches"] == []
