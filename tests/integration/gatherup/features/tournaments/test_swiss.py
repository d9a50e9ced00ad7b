"""A Swiss stage over HTTP: rounds come by themselves, and each pairing is explained."""

from __future__ import annotations

import pytest

from tests.integration.gatherup.features.tournaments.cup import Cup, cup_of, named
from tests.integration.shared import SharedNode
from tests.integration.site import Site, problem

pytestmark = pytest.mark.real


async def round_of(cup: Cup, number: int) -> list[tuple[int, int, int]]:
    """The matches of a round, once it is published: each with its sides."""
    await cup.watcher.saw("round_published", round=number)
    matches = [match for match in (await cup.get("/bracket"))["matches"] if match["round"] == number]
    return named(matches, "match", "a", "b")


async def test_five_players_meet_in_three_rounds(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, stages=[{"format": "swiss"}]) as cup:
        assert (await cup.get())["format"] == "swiss"
        await cup.started(5)
        first = await round_of(cup, 1)
        assert first == [(1, 1, 3), (2, 4, 2)]
        assert {match["part"] for match in (await cup.get("/bracket"))["matches"]} == {"swiss"}
        published = await cup.watcher.saw("round_published", round=1)
        assert (published.marks["bye"], published.marks["pairs"]) == (5, (1, 3, 4, 2, 5, 0))

        explained = await cup.get("/matches/1/explain")
        assert (explained["part"], explained["round"]) == ("swiss", 1)
        assert [side["why"] for side in explained["sides"]] == ["paired", "paired"]
        assert explained["pairing"] == {
            "group": 0.0,
            "floats": None,
            "exchanged": False,
            "expected": None,
            "because": None,
            "rematch": False,
            "sentence": "Entrants 1 and 3 were paired in the group with 0 points.",
        }
        assert explained["sides"][0]["sentence"] == explained["pairing"]["sentence"]
        await cup.opened(1)
        mine = (await cup.player(3).http.get("/v1/me/matches")).json()["matches"]
        assert [(own["entrant"], own["match"]["match"], own["match"]["part"]) for own in mine] == [
            (3, 1, "swiss")
        ]
        assert (await cup.player(5).http.get("/v1/me/matches")).json()["matches"] == []

        met: set[frozenset[int]] = set()
        for number in (1, 2, 3):
            for match, a, b in await round_of(cup, number):
                assert frozenset({a, b}) not in met
                met.add(frozenset({a, b}))
                await cup.won(match, min(a, b), max(a, b))
                if match == 3:
                    await _while_it_runs(cup)
        await cup.watcher.saw("finished")
        for match in range(1, 7):
            explained = await cup.get(f"/matches/{match}/explain")
            assert not explained["pairing"]["rematch"]
        assert named((await cup.get("/matches", round=2))["matches"], "match") == [(3,), (4,)]
        assert (await cup.get("/matches", part="group"))["matches"] == []
        standings = await cup.get("/standings")
        assert standings["final"]
        assert named(standings["standings"], "place", "entrant")[0] == (1, 1)
        assert sorted(named(standings["standings"], "entrant")) == [(1,), (2,), (3,), (4,), (5,)]
        ended = await cup.get("/standings", stage=1)
        assert ended["final"]
        assert named(ended["standings"], "place", "entrant") == named(
            standings["standings"], "place", "entrant"
        )


async def _while_it_runs(cup: Cup) -> None:
    """The first match of round 2 is done, and the second one isn't."""
    picture = (await cup.owner.http.get(cup.path + "/bracket.svg")).text
    assert "Standings" in picture and "Round 2" in picture and "Player 5" in picture
    live = await cup.pages("/standings", "standings", stage=1, limit=2)
    settled = await cup.get("/standings", stage=1, read="settled")
    assert not settled["final"] and len(live) == len(settled["standings"]) == 5
    for rows, counted in ((live, 5), (settled["standings"], 3)):
        values = [{value["tiebreak"]: value["value"] for value in row["values"]} for row in rows]
        assert list(values[0]) == ["points", "buchholz_cut_1", "buchholz", "sonneborn_berger", "seed"]
        assert (
            sum(row["points"] for row in values) == counted
        )  # two matches and a bye, then a match and a bye
    assert max(value["value"] for row in live for value in row["values"] if value["tiebreak"] == "buchholz")
    first = (await cup.get(f"/entrants/{live[0]['entrant']}/explain"))["standing"]
    assert (first["place"], first["above"], first["values"]) == (1, None, live[0]["values"])
    second = (await cup.get(f"/entrants/{live[1]['entrant']}/explain"))["standing"]
    assert (second["above"]["entrant"], second["above"]["tiebreak"]) == (
        live[0]["entrant"],
        live[1]["decided"],
    )
    sums = [one["value"] for one in second["rounds"] if one["tiebreak"] == "buchholz" and one["counts"]]
    assert {"tiebreak": "buchholz", "value": sum(sums)} in second["values"]


async def test_a_published_round_stands_though_a_result_is_corrected(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, stages=[{"format": "swiss", "rounds": 2}]) as cup:
        await cup.started(4)
        for match, a, b in await round_of(cup, 1):
            await cup.won(match, min(a, b), max(a, b))
        second = await round_of(cup, 2)
        before = (await cup.get("/bracket"))["position"]["seq"]
        await cup.done(cup.owner, "/matches/1/correct", winner=3)
        assert await round_of(cup, 2) == second
        then = await cup.get("/bracket", at=before)
        assert named([match for match in then["matches"] if match["round"] == 2], "match", "a", "b") == second
        for match, a, b in second:
            await cup.won(match, min(a, b), max(a, b))
        await cup.watcher.saw("finished")
        assert (await cup.get("/standings"))["final"]


async def test_somebody_comes_late_and_reads_what_they_have_missed(site: Site, node: SharedNode) -> None:
    stage = {"format": "swiss", "rounds": 3, "late_rounds": 1, "late_byes": "half"}
    async with cup_of(site, node, stages=[stage]) as cup:
        await cup.started(4)
        first = await round_of(cup, 1)
        await cup.enter(1)
        entered = await cup.watcher.saw("entered", entrant=5)
        assert (entered.marks["seed"], entered.marks["missed"], entered.marks["half_byes"]) == (5, 1, 1)
        (*_, late) = (await cup.get("/entrants"))["entrants"]
        assert (late["seed"], late["status"], late["half_byes"]) == (5, "entered", 1)
        assert (await cup.get())["entered"] == 5
        assert (await cup.player(5).http.get("/v1/me/matches")).json()["matches"] == []
        for match, a, b in first:
            await cup.won(match, min(a, b), max(a, b))
        second = await round_of(cup, 2)
        (match,) = (match for match, *sides in second if 5 in sides)
        mine = (await cup.player(5).http.get("/v1/me/matches")).json()["matches"]
        assert [(own["entrant"], own["match"]["match"]) for own in mine] == [(5, match)]
        read = (await cup.get("/standings", stage=1))["standings"]
        (row,) = (row for row in read if row["entrant"] == 5)
        assert row["values"][0] == {"tiebreak": "points", "value": 0.5}
        file = (await cup.owner.http.get(cup.path + "/trf16")).text
        (line,) = (line for line in file.splitlines() if line.startswith("001    5"))
        assert line[91:99].split() == ["0000", "-", "H"]
        too_late = await site.guest("Late")
        problem(await too_late.send("POST", cup.path + "/enter"), 409, "wrong_phase")


@pytest.mark.parametrize(
    "stage", [{"wins": 3}, {"groups": 2}, {"wins": 2, "losses": 2, "draws": True}, {"rounds": 33}]
)
async def test_settings_that_make_no_sense_are_refused(
    site: Site, node: SharedNode, stage: dict[str, object]
) -> None:
    owner = await site.guest("Owner")
    body = {"name": "Cup", "stages": [{"format": "swiss", **stage}], "entrants_max": 16}
    answer = await owner.send("POST", "/v1/tournaments", **body)
    problem(answer, 422, "invalid", "stages" if "rounds" not in stage else "stages[0].rounds")
