"""Groups and then a bracket over HTTP: who goes on, and what is read of which stage."""

from __future__ import annotations

import pytest

from tests.integration.gatherup.features.tournaments.cup import Cup, cup_of, named
from tests.integration.shared import SharedNode
from tests.integration.site import Site, problem

pytestmark = pytest.mark.real

STAGES = [
    {"format": "round_robin", "groups": 2, "advance": 2},
    {"format": "single_elimination", "third_place": True},
]


async def _play_groups(cup: Cup) -> None:
    """The better seed wins each match."""
    for number, a, b in named((await cup.get("/bracket"))["matches"], "match", "a", "b"):
        await cup.won(number, min(a, b), max(a, b))


async def test_groups_and_then_a_bracket(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, stages=STAGES, entrants_max=16) as cup:
        await cup.started(6)
        problem(await cup.owner.http.get(cup.path + "/bracket?stage=2"), 409, "wrong_phase", "stage")
        await _play_groups(cup)
        begun = await cup.watcher.saw("stage_started", stage=2)
        assert begun.marks["seeds"] == (1, 2, 4, 3)
        await cup.opened(7)
        bracket = await cup.get("/bracket")
        assert (bracket["stage"], bracket["stages"], bracket["seeds"]) == (2, 2, [1, 2, 4, 3])
        assert named(bracket["matches"], "match", "part", "a", "b") == [
            (7, "winners", 1, 3), (8, "winners", 2, 4), (9, "final", None, None), (10, "third", None, None)
        ]  # fmt: skip
        assert bracket["matches"][0]["winner_to"] == {"match": 9, "side": 0}
        first = await cup.get("/bracket", stage=1)
        assert (first["stage"], first["format"], len(first["matches"])) == (1, "round_robin", 6)
        then = await cup.get("/bracket", at=begun.seq - 2)
        assert (then["stage"], then["stages"]) == (1, 1)
        assert named(await cup.pages("/matches", "matches", stage=2), "match", "stage") == [(7, 2), (8, 2)]
        assert len(await cup.pages("/matches", "matches", stage=1)) == 6
        assert len(await cup.pages("/matches", "matches")) == 8
        assert (await cup.get("/matches/10"))["stage"] == 2
        problem(await cup.owner.http.get(cup.path + "/matches/11"), 404, "not_found", "match")
        own = (await cup.player(4).http.get("/v1/me/matches")).json()["matches"]
        assert [one["match"]["match"] for one in own] == [8]
        assert (await cup.player(5).http.get("/v1/me/matches")).json()["matches"] == []
        explained = await cup.get("/matches/8/explain")
        assert (explained["stage"], *named(explained["sides"], "why", "seed")) == (
            2,
            ("seed", 2),
            ("seed", 3),
        )
        waiting = (await cup.get("/matches/9/explain"))["sides"]
        assert [side["match"] for side in waiting] == [7, 8]
        assert (await cup.owner.http.get(cup.path + "/bracket.svg")).status_code == 200
        assert "Group 2" in (await cup.owner.http.get(cup.path + "/bracket.svg?stage=1")).text

        await _explained(cup)
        standings = await cup.get("/standings")
        assert named(standings["standings"], "place", "entrant") == [(5, 5), (5, 6)]
        for number, winner, loser in ((7, 1, 3), (8, 2, 4), (10, 3, 4), (9, 1, 2)):
            await cup.won(number, winner, loser)
        await cup.watcher.saw("finished")
        standings = await cup.get("/standings")
        expected = [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (5, 6)]
        assert named(standings["standings"], "place", "entrant") == expected
        out = (await cup.get("/entrants/3/explain"))["out"]
        assert (out["place"], out["why"]) == (3, "last_won")


async def _explained(cup: Cup) -> None:
    """Groups, seeds of both stages and places are explained, to programs and to people."""
    seeds = await cup.pages("/seeding", "seeds", stage=1, limit=4)
    assert named(seeds, "seed", "entrant", "why", "group", "from_group") == [
        (seed, seed, "start", group, None) for seed, group in enumerate((1, 2, 2, 1, 1, 2), 1)
    ]
    assert seeds[2]["sentence"] == (
        "Entrant 3 has seed 3 by the seeding and the draw at the start. The snake deals seed 3 to group 2 of 2."
    )
    seeds = await cup.pages("/seeding", "seeds")
    assert named(seeds, "seed", "entrant", "why", "group", "from_group", "from_place", "exchanges") == [
        (1, 1, "went_on", None, 1, 1, []), (2, 2, "went_on", None, 2, 1, []),
        (3, 4, "went_on", None, 1, 2, []), (4, 3, "went_on", None, 2, 2, []),
    ]  # fmt: skip
    one = await cup.get("/entrants/4/explain", stage=1)
    assert (one["stage"], one["seed"]["seed"], one["out"]) == (1, 4, None)
    assert one["seed"]["sentence"].endswith("The snake deals seed 4 to group 1 of 2.")
    assert one["standing"]["sentence"] == (
        "Entrant 4 has place 2. Entrant 4 is behind entrant 1: entrant 1 has 2 points, entrant 4 1."
    )
    assert named([one["standing"]["below"]], "entrant", "place", "tiebreak", "value", "other_value") == [
        (5, 3, "points", 1, 0)
    ]
    again = await cup.get("/entrants/4/explain")
    assert (again["stage"], again["seed"]["from_place"], again["standing"], again["out"]) == (
        2,
        2,
        None,
        None,
    )
    problem(await cup.owner.http.get(cup.path + "/entrants/5/explain"), 404, "not_found", "entrant")
    problem(await cup.owner.http.get(cup.path + "/seeding?stage=3"), 409, "wrong_phase", "stage")
