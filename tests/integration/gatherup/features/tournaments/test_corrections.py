"""Results that are corrected and taken back over HTTP, and what is read of the tournament then."""

from __future__ import annotations

import pytest

from tests.integration.gatherup.features.tournaments.cup import cup_of, named
from tests.integration.shared import SharedNode
from tests.integration.site import Site, problem

pytestmark = pytest.mark.real


async def test_a_correction_is_seen_by_all(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        await cup.started(4)
        await cup.won(1, 1, 4)
        await cup.won(2, 2, 3)
        await cup.won(3, 2, 1)
        await cup.watcher.saw("finished")
        correction = {"winner": 4, "scores": [[0, 2]], "note": "typo"}
        refused = await cup.do(cup.owner, "POST", "/matches/1/correct", **correction)
        problem(refused, 409, "confirm_needed")
        told = await cup.done(cup.owner, "/matches/1/correct", preview=True, **correction)
        assert told["events"] == 0
        assert told["answer"] == {
            "policy": "reset",
            "fills": [3, 4, 2],
            "void": [3],
            "kept": [],
            "placed": [1, 3, 2, 0, 4, 0],
            "phase": "running",
            "stages": [],
        }
        assert (await cup.get())["phase"] == "finished"
        done = await cup.done(cup.owner, "/matches/1/correct", confirm=True, **correction)
        assert (done["answer"], done["events"]) == (told["answer"], 2)
        await cup.watcher.saw("reopened")
        await cup.watcher.saw("match_opened", match=3, a=4)
        match = await cup.get("/matches/1")
        assert (match["winner"], match["scores"], match["kind"], match["decision"]) == (
            4,
            [[0, 2]],
            "decided",
            "typo",
        )
        final = await cup.get("/matches/3")
        assert (final["a"], final["b"], final["phase"], final["scores"]) == (4, 2, "playing", [])
        places = named((await cup.get("/standings"))["standings"], "place", "entrant")
        assert places == [(3, 1), (3, 3)]
        await cup.done(cup.player(4), "/matches/3/report", scores=[[1, 0]])
        await cup.done(cup.player(2), "/matches/3/confirm")
        await cup.watcher.saw("finished", entrants=(4, 2, 1, 3))


async def test_results_and_removals_are_taken_back(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        await cup.started(2)
        await cup.won(1, 1, 2)
        undone = await cup.done(cup.owner, "/matches/1/undo")
        assert undone["answer"]["fills"] == [1, 1, 2]
        twice = await cup.do(cup.owner, "POST", "/matches/1/undo")
        problem(twice, 409, "wrong_phase", "match")
        await cup.watcher.saw("reopened")
        await cup.done(cup.owner, "/entrants/1/remove", disqualify=True, reason="late")
        assert (await cup.get("/entrants"))["entrants"][0]["status"] == "disqualified"
        back = await cup.done(cup.owner, "/entrants/1/reinstate")
        assert back["answer"]["phase"] == "running"
        entrant = (await cup.get("/entrants"))["entrants"][0]
        assert (entrant["status"], entrant["reason"], entrant["place"]) == ("entered", None, None)


async def test_who_may_correct_what(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        await cup.started(2)
        await cup.won(1, 1, 2)
        for path, body in (("/matches/1/correct", {"winner": 2}), ("/matches/1/undo", {})):
            problem(await cup.do(2, "POST", path, **body), 403, "forbidden")
        problem(await cup.do(2, "POST", "/entrants/1/reinstate"), 403, "forbidden")
        for path, field in (
            ("/matches/2/undo", "match"),
            ("/matches/x/undo", "match"),
            ("/entrants/3/reinstate", "entrant"),
        ):
            problem(await cup.do(cup.owner, "POST", path), 404, "not_found", field)
        wrong = await cup.do(cup.owner, "POST", "/matches/1/correct", winner=3)
        problem(wrong, 422, "invalid", "winner")


async def test_why_a_match_is_as_it_is(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        problem(await cup.do(cup.owner, "GET", "/matches/1/explain"), 404, "not_found", "match")
        await cup.started(3)
        await cup.won(2, 3, 2)
        await cup.opened(3)
        final = await cup.get("/matches/3/explain")
        assert named(final["sides"], "entrant", "why", "seed", "match") == [
            (1, "bye", None, 1),
            (3, "won", None, 2),
        ]
        assert final["sides"][1]["sentence"] == "Entrant 3 has won match 2 against entrant 2."
        assert (final["part"], final["round"], final["places"]) == ("final", 1, [])
        first = await cup.get("/matches/1/explain")
        assert named(first["sides"], "entrant", "why", "seed", "match") == [
            (1, "seed", 1, None),
            (0, "no_seed", 4, None),
        ]
        out = (await cup.get("/matches/2/explain"))["places"]
        assert named(out, "entrant", "place", "why") == [(2, 3, "out")]
        problem(await cup.do(cup.owner, "GET", "/matches/4/explain"), 404, "not_found", "match")


async def test_the_bracket_as_it_was(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, format="double_elimination") as cup:
        early = await cup.do(cup.owner, "GET", "/bracket?at=1")
        problem(early, 409, "wrong_phase")
        await cup.started(4)
        seen = []
        for match, winner, loser in ((1, 1, 4), (2, 2, 3), (3, 1, 2)):
            await cup.won(match, winner, loser)
            seen.append(await cup.get("/bracket"))
        await cup.done(cup.owner, "/matches/1/correct", winner=4, confirm=True)
        await cup.watcher.saw("match_opened", match=3, a=4)
        seen.append(await cup.get("/bracket"))
        await cup.done(cup.owner, "/matches/2/undo", confirm=True)
        now = await cup.get("/bracket")
        for before in seen:
            assert await cup.get("/bracket", at=before["position"]["seq"]) == before
        head = now["position"]["seq"]
        for at in (head + 100, 2**53 - 1):
            beyond = await cup.do(cup.owner, "GET", f"/bracket?at={at}")
            assert problem(beyond, 422, "invalid", "at")["detail"].startswith(
                "The log of the tournament ends"
            )
        for at in ("0", "x"):
            problem(await cup.do(cup.owner, "GET", f"/bracket?at={at}"), 422, "invalid", "at")


async def test_a_bracket_as_it_was_is_sent_once(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        await cup.started(2)
        header = await cup.opened(1)
        path = f"{cup.path}/bracket?at={header.seq}"
        first = await cup.owner.http.get(path)
        again = await cup.owner.http.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
