"""A leaderboard over HTTP: attempts by players, staff and the game's backend, live scores, and who goes on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.gatherup.features.tournaments.cup import cup_of, named
from tests.integration.shared import SharedNode
from tests.integration.site import Site, problem

pytestmark = pytest.mark.real
BOARD: dict[str, Any] = {
    "format": "leaderboard",
    "window_s": 86_400,
    "attempts": 2,
    "higher": False,
    "decimals": 3,
}


async def test_the_two_fastest_play_for_it(site: Site, node: SharedNode) -> None:
    stages = [{**BOARD, "tiebreaks": ["first_reached"], "advance": 2}, {"format": "single_elimination"}]
    async with cup_of(site, node, stages=stages, entrants_max=16, ready_s=0) as cup:
        await cup.started(4)
        await cup.watcher.saw("started")
        for entrant, score in ((1, 61_500), (2, 60_250), (1, 60_250), (3, 59_000)):
            await cup.done(entrant, "/attempts", score=score)
        problem(await cup.do(1, "POST", "/attempts", score=1), 409, "too_many", "entrant")
        problem(await cup.do(1, "POST", "/attempts", score=1, entrant=2), 403, "forbidden", "entrant")
        problem(await cup.do(4, "POST", "/attempts", score=2**60), 422, "invalid", "score")
        problem(
            await cup.do(cup.owner, "POST", "/entrants/4/attempts/1/correct"), 404, "not_found", "attempt"
        )
        problem(
            await cup.do(cup.owner, "POST", "/entrants/4/attempts/65/correct"), 404, "not_found", "attempt"
        )
        told = await cup.watcher.saw("attempt_submitted", entrant=1, attempt=2)
        assert (told.marks["counted"], told.marks["reached"]) == (60_250, told.seq)

        ranked = await cup.get("/standings", stage=1)
        assert named(ranked["standings"], "place", "entrant", "decided") == [
            (1, 3, None), (2, 2, "score"), (3, 1, "first_reached"), (4, 4, "score")
        ]  # fmt: skip
        assert ranked["standings"][0]["values"][0] == {"tiebreak": "score", "value": 59_000.0}
        assert not ranked["final"]
        explained = await cup.get("/entrants/1/explain", stage=1)
        assert explained["standing"]["sentence"] == (
            "Entrant 1 has place 3. Entrant 1 is behind entrant 2: with 60250 as the score that counts each, "
            f"entrant 2 has {told.seq - 1} as the event that brought it, entrant 1 {told.seq}."
        )
        picture = await cup.owner.http.get(cup.path + "/bracket.svg")
        assert picture.status_code == 200 and ">60.250<" in picture.text
        (exported,) = (await cup.get("/export.json"))["stages"]
        assert named(exported["scores"], "entrant", "best") == [(1, 60_250), (2, 60_250), (3, 59_000)]
        bracket = await cup.get("/bracket")
        assert (bracket["format"], bracket["matches"]) == ("leaderboard", [])
        assert named(bracket["scores"], "entrant", "counted") == [(1, 60_250), (2, 60_250), (3, 59_000)]
        before = await cup.get("/bracket", at=told.seq)
        assert named(before["scores"], "entrant", "counted") == [(1, 60_250), (2, 60_250)]
        attempts = await cup.pages("/attempts", "attempts", limit=3)
        assert named(attempts, "entrant", "attempt", "score") == [
            (3, 1, 59_000), (1, 2, 60_250), (2, 1, 60_250), (1, 1, 61_500)
        ]  # fmt: skip
        assert named(await cup.pages("/attempts", "attempts", entrant=2), "attempt") == [(1,)]
        assert (await cup.player(1).http.get("/v1/me/matches")).json()["matches"] == []

        preview = await cup.done(cup.owner, "/entrants/3/attempts/1/correct", preview=True)
        assert preview["answer"]["phase"] == "running"
        await cup.done(cup.owner, "/entrants/3/attempts/1/correct")
        void = await cup.get("/attempts", entrant=3)
        assert named(void["attempts"], "score") == [(None,)] and void["attempts"][0]["corrected_at"]
        await cup.done(cup.owner, "/attempts", score=70_000, entrant=4)
        await cup.done(cup.owner, "/window", "PUT", closes_at=1)
        await cup.won(1, 2, 1)
        await cup.watcher.saw("finished")
        places = (await cup.get("/standings"))["standings"]
        assert named(places, "place", "entrant") == [(1, 2), (2, 1), (3, 4), (4, 3)]
        ranked = await cup.get("/standings", stage=1)
        assert ranked["final"]
        assert named(ranked["standings"], "entrant") == [(2,), (1,), (4,), (3,)]
