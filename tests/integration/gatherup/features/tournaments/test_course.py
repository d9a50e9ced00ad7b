"""The whole course of tournaments over HTTP: from the draft to the places."""

from __future__ import annotations

import pytest

from tests.integration.gatherup.features.tournaments.cup import cup_of, named
from tests.integration.shared import SharedNode
from tests.integration.site import Site, problem

pytestmark = pytest.mark.real


async def test_single_elimination_of_five_with_check_in(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, third_place=True, ready_s=600) as cup:
        assert (await cup.get())["phase"] == "draft"
        problem(await cup.do(cup.owner, "POST", "/enter"), 409, "wrong_phase")
        await cup.done(cup.owner, "/open-registration")
        await cup.enter(6)
        await cup.done(cup.owner, "/seeds", "PUT", entrants=[1, 2, 3, 4, 5])
        await cup.done(cup.owner, "/open-check-in")
        for number in (1, 2, 3):
            await cup.done(number, "/check-in")
        for number in (4, 5):
            await cup.done(cup.owner, "/check-in", entrant=number)
        await cup.done(cup.owner, "/start")
        shown = await cup.get()
        assert (shown["phase"], shown["entered"]) == ("running", 5)
        statuses = named((await cup.get("/entrants"))["entrants"], "entrant", "status", "seed")
        assert statuses == [*((n, "entered", n) for n in range(1, 6)), (6, "dropped", None)]

        # Of eight places, seeds 1 to 3 have byes; 4 meets 5.
        await cup.won(2, 4, 5)
        await cup.won(6, 2, 3)
        await cup.won(5, 1, 4)
        assert not (await cup.get("/standings"))["final"]
        await cup.won(8, 3, 4)
        await cup.won(7, 2, 1)
        await cup.watcher.saw("finished")
        standings = await cup.get("/standings")
        assert standings["final"]
        assert named(standings["standings"], "place", "entrant") == [(1, 2), (2, 1), (3, 3), (4, 4), (5, 5)]
        assert (await cup.get())["phase"] == "finished"


async def test_a_dispute_is_decided_by_a_referee(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, best_of=3) as cup:
        await cup.started(2)
        await cup.opened(1)
        referee, streamer = await site.guest("Referee"), await site.guest("Streamer")
        await cup.done(cup.owner, "/staff", user=referee.user, role="referee")
        await cup.done(cup.owner, "/staff", user=streamer.user, role="streamer")
        await cup.done(1, "/matches/1/report", scores=[[1, 0], [1, 0]])
        said = {"note": "They left.", "evidence": "https://example.org/1.png"}
        await cup.done(2, "/matches/1/dispute", **said)
        match = await cup.get("/matches/1")
        assert (match["phase"], match["reported_by"], match["disputed_by"]) == ("disputed", 1, 2)
        assert {name: match[name] for name in said} == said
        for other in (cup.player(1), streamer):
            problem(await cup.do(other, "POST", "/matches/1/decide", winner=2), 403, "forbidden")
        problem(await cup.do(referee, "POST", "/matches/1/decide", winner=3), 422, "invalid", "winner")
        await cup.done(referee, "/matches/1/decide", winner=2, scores=[[1, 0], [0, 1], [0, 1]], note="Seen.")
        match = await cup.get("/matches/1")
        assert named([match], "phase", "winner", "kind", "decision", "scores") == [
            ("done", 2, "decided", "Seen.", [[1, 0], [0, 1], [0, 1]])
        ]
        await cup.watcher.saw("finished")


async def test_who_is_absent_forfeits_when_the_time_is_over(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, ready_s=1) as cup:
        # Somebody without an account is ready at once, so that nobody needs to be quick here.
        await cup.done(cup.owner, "/open-registration")
        await cup.done(cup.owner, "/entrants", entrants=[{"name": "Ann of the chess club"}])
        await cup.enter(3)
        await cup.done(cup.owner, "/seeds", "PUT", entrants=[1, 2, 3, 4])
        await cup.done(cup.owner, "/start")
        await cup.watcher.saw("match_finished", match=1)
        await cup.watcher.saw("match_finished", match=2)
        one, two = await cup.get("/matches/1"), await cup.get("/matches/2")
        assert named([one, two], "winner", "kind", "scores") == [
            (1, "forfeit", []),
            (0, "double_forfeit", []),
        ]
        # Nobody comes from the other match: the final is a bye.
        await cup.watcher.saw("finished", entrants=(1, 2, 3, 4), places=(1, 3, 3, 3))
        assert named([await cup.get("/matches/3")], "phase", "kind", "winner") == [("done", "bye", 1)]


async def test_what_nobody_disputes_counts_when_the_time_is_over(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, confirm_s=1) as cup:
        await cup.started(2)
        await cup.opened(1)
        await cup.done(2, "/matches/1/report", scores=[[0, 1]])
        await cup.watcher.saw("match_finished", match=1, kind="played", winner=2)
        assert named([await cup.get("/matches/1")], "phase", "scores", "until") == [("done", [[0, 1]], None)]


async def test_reports_that_differ_are_a_dispute_and_equal_ones_a_result(
    site: Site, node: SharedNode
) -> None:
    async with cup_of(site, node) as cup:
        await cup.started(4)
        for match in (1, 2):
            await cup.opened(match)
        await cup.done(1, "/matches/1/report", scores=[[2, 1]])
        await cup.done(4, "/matches/1/report", scores=[[2, 1]])
        await cup.done(2, "/matches/2/report", scores=[[2, 1]])
        await cup.done(3, "/matches/2/report", scores=[[1, 2]])
        one, two = await cup.get("/matches/1"), await cup.get("/matches/2")
        assert named([one, two], "phase", "kind", "scores", "disputed_scores") == [
            ("done", "played", [[2, 1]], []),
            ("disputed", None, [[2, 1]], [[1, 2]]),
        ]


async def test_who_is_disqualified_forfeits_what_is_open_and_what_comes(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node) as cup:
        await cup.started(3)
        await cup.opened(2)
        await cup.done(cup.owner, "/entrants/2/remove", disqualify=True, reason="Cheats.")
        await cup.watcher.saw("match_finished", match=2, kind="forfeit", winner=3)
        entrant = (await cup.get("/entrants", status="disqualified"))["entrants"]
        assert named(entrant, "entrant", "status", "reason", "place") == [(2, "disqualified", "Cheats.", 3)]
        await cup.done(1, "/leave")
        await cup.watcher.saw("finished", entrants=(3, 1, 2))
