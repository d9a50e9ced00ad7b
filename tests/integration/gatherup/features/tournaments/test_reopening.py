"""A stage that is played again, over HTTP: every reader tells void matches from those that count."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from tests.integration.gatherup.features.tournaments.cup import Cup, cup_of, named
from tests.integration.gatherup.features.tournaments.test_chats import made
from tests.integration.gatherup.features.tournaments.test_matches import own
from tests.integration.shared import SharedNode
from tests.integration.site import HANG_S, Person, Site, problem

pytestmark = pytest.mark.real
STAGES: list[dict[str, Any]] = [
    {"format": "round_robin", "advance": 2},
    {"format": "single_elimination"},
]


async def _group(cup: Cup) -> int:
    """The better seed wins all matches of the group; the number of that of 2 and 3."""
    matches = named((await cup.get("/bracket"))["matches"], "match", "a", "b")
    for number, a, b in matches:
        await cup.won(number, min(a, b), max(a, b))
    return next(number for number, *sides in matches if {*sides} == {2, 3})


async def _rated(person: Person, matches: int) -> None:
    """They have a rating by so many matches, as soon as it was worked out."""
    path = f"/v1/users/{person.user}/ratings"
    with trio.fail_after(HANG_S):
        while [own["matches"] for own in (await person.http.get(path)).json()["ratings"]] != [matches]:
            await trio.lowlevel.checkpoint()


async def _told(person: Person, type_: str, match: int) -> None:
    """Their inbox says so of this match, as soon as it has come."""
    with trio.fail_after(HANG_S):
        while True:
            items = (await person.http.get("/v1/inbox")).json()["items"]
            if any(item["type"] == type_ and item["match"] == match for item in items):
                return
            await trio.lowlevel.checkpoint()


async def test_readers_tell_void_matches_from_those_that_count(site: Site, node: SharedNode) -> None:
    async with (
        cup_of(site, node, stages=STAGES, entrants_max=16, rooms=True, game="go") as cup,
        cup_of(site, node) as other,
    ):
        await cup.started(4)
        corrected = await _group(cup)
        opened = await cup.opened(7)
        ben, cleo = cup.player(2), cup.player(3)
        await other.done(other.owner, "/open-registration")
        await other.done(ben, "/enter")
        await other.enter(1)
        await other.done(other.owner, "/start")
        await other.opened(1)
        assert {match["tournament"]: match["collides"] for match in await own(ben)} == {
            cup.stream: [other.stream],
            other.stream: [cup.stream],
        }
        # The final is going.
        score = {"winner": 3, "scores": [[0, 1]] if await _side_of(cup, corrected, 3) else [[1, 0]]}
        await _corrected(cup, corrected, **score)
        again = await cup.opened(8)
        assert {again.marks["a"], again.marks["b"]} == {1, 3}
        await _told(ben, "inbox.match_called_off", 7)
        await made(cup.player(1), str(opened.marks["room"]), archived=True)
        (plays,) = await own(ben)
        assert (plays["tournament"], plays["collides"]) == (other.stream, [])
        (plays,) = await own(cleo)
        assert named([plays["match"]], "match", "stage", "phase") == [(8, 2, "playing")]
        # It is over, and so is the tournament.
        await cup.won(8, 1, 3)
        await cup.watcher.saw("finished")
        await _rated(cleo, 4)
        standings = (await cup.get("/standings"))["standings"]
        assert named(standings, "place", "entrant") == [(1, 1), (2, 3), (3, 2), (4, 4)]
        before = (await cup.get("/bracket", stage=2))["position"]["seq"]
        await _corrected(cup, corrected, winner=2)
        await cup.opened(9)
        await _rated(cleo, 3)
        await _read(cup, corrected, before)


async def _side_of(cup: Cup, match: int, entrant: int) -> bool:
    return (await cup.get(f"/matches/{match}"))["b"] == entrant


async def _corrected(cup: Cup, match: int, **result: Any) -> None:
    """After a preview, and only if it is confirmed."""
    part, result = f"/matches/{match}/correct", {"policy": "reset", **result}
    preview = await cup.done(cup.owner, part, preview=True, **result)
    final = (await cup.get("/bracket", stage=2))["matches"][0]["match"]
    assert preview["answer"]["stages"] == [2, final, final]
    problem(await cup.do(cup.owner, "POST", part, **result), 409, "confirm_needed")
    done = await cup.done(cup.owner, part, confirm=True, **result)
    assert done["answer"] == preview["answer"]


async def _read(cup: Cup, corrected: int, before: int) -> None:
    """The finals 7 and 8 are void, and 9 is being played by 1 and 2."""
    bracket = await cup.get("/bracket")
    assert (bracket["stage"], named(bracket["matches"], "match", "a", "b")) == (2, [(9, 1, 2)])
    assert named((await cup.get("/bracket", at=before))["matches"], "match", "winner") == [(8, 1)]
    assert [number for (number,) in named(await cup.pages("/matches", "matches"), "match")] == [
        *range(1, 7),
        9,
    ]
    void = named(await cup.pages("/matches", "matches", phase="void"), "match", "stage", "part", "winner")
    assert void == [(7, 2, "final", None), (8, 2, "final", 1)]
    shown = await cup.get("/matches/7")
    assert named([shown], "phase", "stage", "until", "a", "b") == [("void", 2, None, 1, 2)]
    problem(await cup.owner.http.get(cup.path + "/matches/8/explain"), 404, "not_found", "match")
    problem(await cup.do(cup.owner, "POST", "/matches/8/undo"), 409, "wrong_phase", "match")
    standings = await cup.get("/standings")
    assert (standings["final"], named(standings["standings"], "place", "entrant")) == (
        False,
        [(3, 3), (4, 4)],
    )
    ranked = await cup.get("/standings", stage=1, group=1)
    assert named(ranked["standings"], "entrant", "wins") == [(1, 3), (2, 2), (3, 1), (4, 0)]
    entrants = (await cup.get("/entrants"))["entrants"]
    assert named(entrants, "entrant", "place") == [(1, None), (2, None), (3, 3), (4, 4)]
    for reader, there in ((cup.owner, True), (cup.player(2), True), (cup.player(3), False)):
        calendar = (await reader.http.get(cup.path + "/calendar.ics")).text
        assert ("-match-9@" in calendar, "-match-7@" in calendar, "-match-8@" in calendar) == (
            there,
            False,
            False,
        )
    text = (await cup.owner.http.get(cup.path + "/bracket.svg")).text
    assert "Player 2" in text and "Player 3" not in text
    file = (await cup.owner.http.get(cup.path + "/trf16")).text
    assert "Player 2" in file and "Player 3" not in file
    assert await own(cup.player(3)) == []
    assert (await cup.get(f"/matches/{corrected}"))["winner"] == 2


async def test_who_comes_back_later_changes_no_standings_of_a_stage_that_is_over(
    site: Site, node: SharedNode
) -> None:
    first = {**STAGES[0], "withdrawals": "annul"}
    async with cup_of(site, node, stages=[first, STAGES[1]], entrants_max=16) as cup:
        await cup.started(4)
        matches = named((await cup.get("/bracket"))["matches"], "match", "a", "b")
        for number, a, b in matches[:4]:
            await cup.won(number, min(a, b), max(a, b))
        await cup.done(3, "/leave")
        left = await cup.watcher.saw("left", entrant=3)
        for number, a, b in matches[4:]:
            if 3 not in (a, b):
                await cup.won(number, min(a, b), max(a, b))
        await cup.watcher.saw("stage_started", after=left.seq)
        was = (await cup.get("/standings", stage=1, group=1))["standings"]
        assert sum(row["wins"] for row in was) == 3
        await cup.done(cup.owner, "/entrants/3/reinstate", policy="keep")
        assert (await cup.get("/standings", stage=1, group=1))["standings"] == was
