"""A round robin over HTTP, from the draft to the places."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.gatherup.features.tournaments.cup import cup_of, named
from tests.integration.shared import SharedNode
from tests.integration.site import Site, problem

pytestmark = pytest.mark.real


async def test_two_groups_of_three(site: Site, node: SharedNode) -> None:
    stage: dict[str, Any] = {"format": "round_robin", "groups": 2, "draws": True, "tiebreaks": ["wins"]}
    async with cup_of(site, node, stages=[stage], entrants_max=16) as cup:
        shown = await cup.get()
        assert (shown["format"], shown["stages"][0]["groups"]) == ("round_robin", 2)
        await cup.started(6)
        # The snake puts 1 4 5 and 2 3 6 together, and the first places of both meet nobody at first.
        bracket = await cup.get("/bracket")
        assert bracket["format"] == "round_robin" and bracket["seeds"] == [1, 2, 3, 4, 5, 6]
        sides = named(bracket["matches"], "match", "part", "round", "group", "a", "b", "winner_to")
        assert [side[:4] for side in sides] == [
            (number, "group", (number + 1) // 2, 1 + (number + 1) % 2) for number in range(1, 7)
        ]
        assert [{side[4], side[5]} for side in sides[::2]] == [{4, 5}, {1, 4}, {1, 5}]
        assert [{side[4], side[5]} for side in sides[1::2]] == [{3, 6}, {2, 3}, {2, 6}]
        assert named(await cup.pages("/matches", "matches", group=2), "match") == [
            (2,)
        ]  # the others have no row
        assert await _own(cup, 1) == {1, 4}
        explained = await cup.get("/matches/2/explain")
        assert named(explained["sides"], "why", "seed") in (
            [("table", 3), ("table", 6)],
            [("table", 6), ("table", 3)],
        )
        drawn = await cup.owner.http.get(cup.path + "/bracket.svg")
        assert drawn.status_code == 200 and drawn.headers["Content-Type"].startswith("image/svg+xml")
        assert "Group 1" in drawn.text and "Group 2" in drawn.text and "Player 6" in drawn.text
        one = await cup.owner.http.get(cup.path + "/bracket.svg?group=2&theme=overlay")
        assert "Round 3" in one.text and "Player 1<" not in one.text
        assert one.headers["ETag"] != drawn.headers["ETag"]
        problem(await cup.owner.http.get(cup.path + "/bracket.svg?group=3"), 404, "not_found", "group")
        for number, a, b, *_ in named(bracket["matches"], "match", "a", "b"):
            await cup.opened(number)
            if number == 2:
                await cup.done(a, f"/matches/{number}/report", scores=[[1, 1]])
                await cup.done(b, f"/matches/{number}/confirm")
                assert named([await cup.get("/matches/2")], "winner", "kind", "group") == [(0, "played", 2)]
                await _live_and_settled(cup)
            else:
                await cup.won(number, min(a, b), max(a, b))
        ended = await cup.watcher.saw("stage_finished", stage=1)
        assert ended.marks["entrants"] == (1, 2, 4, 3, 5, 6)
        await cup.watcher.saw("finished")
        ranked = await cup.get("/standings", stage=1, group=1, read="settled")
        assert ranked["final"]
        assert named(ranked["standings"], "place", "entrant", "wins", "losses") == [
            (1, 1, 2, 0), (2, 4, 1, 1), (3, 5, 0, 2)
        ]  # fmt: skip
        standings = await cup.get("/standings")
        assert standings["final"]
        expected = [(1, 1), (1, 2), (3, 3), (3, 4), (5, 5), (5, 6)]
        assert named(standings["standings"], "place", "entrant") == expected
        rows = await cup.pages("/standings", "standings", limit=2)
        assert named(rows, "place", "entrant") == expected
        entrants = await cup.get("/entrants")
        assert sorted(named(entrants["entrants"], "place", "entrant")) == expected


async def _live_and_settled(cup: Any) -> None:
    """Match 2 of the second group is drawn, and round 1 isn't over in the first one, or just is."""
    live = await cup.get("/standings", stage=1, group=2)
    assert named(live["standings"], "place", "entrant", "draws", "losses", "decided") == [
        (1, 3, 1, 0, None), (2, 6, 1, 0, "seed"), (3, 2, 0, 0, "points")
    ]  # fmt: skip
    assert live["standings"][0]["values"] == [
        {"tiebreak": "points", "value": 0.5},
        {"tiebreak": "wins", "value": 0},
        {"tiebreak": "seed", "value": 2},
    ]
    assert not live["final"] and live["next"] is None
    settled = await cup.get("/standings", stage=1, group=2, read="settled")
    assert {row["entrant"] for row in settled["standings"]} == {2, 3, 6}
    problem(await cup.owner.http.get(cup.path + "/standings?stage=1&group=3"), 404, "not_found", "group")
    problem(await cup.owner.http.get(cup.path + "/standings?stage=2"), 409, "wrong_phase", "stage")


async def _own(cup: Any, number: int) -> set[int]:
    """Who meets in the match that this player plays next."""
    answer = await cup.player(number).http.get("/v1/me/matches")
    (own,) = answer.json()["matches"]
    assert own["entrant"] == number and own["match"]["part"] == "group"
    return {own["match"]["a"], own["match"]["b"]}


async def test_a_stage_that_makes_no_sense_is_refused(site: Site) -> None:
    owner = await site.guest("Owner")
    for stage, field in (
        ({"format": "round_robin", "third_place": True}, "stages"),
        ({"format": "round_robin", "advance": 1}, "stages"),
        ({"format": "round_robin"}, "entrants_max"),
    ):
        answer = await owner.send("POST", "/v1/tournaments", name="Cup", stages=[stage])
        problem(answer, 422, "invalid", field)
