"""Picks and bans, other starts and holds over HTTP."""

from __future__ import annotations

import pytest

from tests.integration.gatherup.features.tournaments.cup import cup_of, named
from tests.integration.shared import SharedNode
from tests.integration.site import Site, problem

pytestmark = pytest.mark.real
RULES = [{"part": "final", "picks": {"pool": ["dust2", "mirage", "nuke"], "step_s": 60}, "window_s": 3600}]


async def test_a_match_is_put_off_held_and_its_game_is_picked(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, ready_s=600, rounds=RULES) as cup:
        (rule,) = (await cup.get())["rounds"]
        assert (rule["part"], rule["picks"]["pool"], rule["picks"]["steps"]) == (
            "final",
            RULES[0]["picks"]["pool"],
            [],
        )  # type: ignore[index]
        await cup.started(2)
        opened = await cup.opened(1)
        match = await cup.get("/matches/1")
        assert match["latest"] == opened.at + 3_600_000
        # Another start, a moment from now.
        start = {"at": opened.at + 3_000}
        problem(await cup.do(cup.owner, "POST", "/matches/1/propose-start", **start), 403, "forbidden")
        await cup.done(1, "/matches/1/propose-start", **start)
        (shown,) = (await cup.get("/matches"))["matches"]
        assert (shown["proposed_by"], shown["proposed_at"]) == (1, start["at"])
        problem(await cup.do(1, "POST", "/matches/1/accept-start", **start), 403, "forbidden")
        await cup.done(2, "/matches/1/accept-start", **start)
        assert (await cup.get("/matches/1"))["phase"] == "scheduled"
        again = await cup.watcher.saw("match_opened", after=opened.seq)
        assert again.at >= start["at"]
        # Held, and released.
        problem(await cup.do(1, "POST", "/matches/1/hold"), 403, "forbidden")
        await cup.done(cup.owner, "/matches/1/hold")
        for number in (1, 2):
            await cup.done(number, "/matches/1/ready")
        shown = await cup.get("/matches/1")
        assert (shown["phase"], shown["held"], shown["until"]) == ("playing", True, None)
        await cup.done(cup.owner, "/matches/1/release")
        # Picks and bans.
        problem(await cup.do(1, "POST", "/matches/1/pick", step=1, choice="train"), 422, "invalid", "choice")
        problem(await cup.do(2, "POST", "/matches/1/pick", step=1, choice="nuke"), 403, "forbidden", "step")
        await cup.done(1, "/matches/1/pick", step=1, choice="nuke")
        problem(
            await cup.do(2, "POST", "/matches/1/pick", step=1, choice="dust2"), 409, "wrong_phase", "step"
        )
        await cup.done(2, "/matches/1/pick", step=2, choice="dust2")
        await cup.done(1, "/matches/1/pick", step=4, choice="second")
        shown = await cup.get("/matches/1")
        assert named([shown], "phase", "picks", "held", "until") == [("playing", [3, 1, 2, 2], False, None)]
        await cup.done(2, "/matches/1/report", scores=[[0, 1]])
        await cup.done(1, "/matches/1/confirm")
        await cup.watcher.saw("finished")


async def test_senseless_rules_make_no_tournament(site: Site, node: SharedNode) -> None:
    owner = await site.guest("Owner")
    pool = {"pool": ["dust2", "dust2"]}
    problem(
        await owner.send("POST", "/v1/tournaments", name="Cup", rounds=[{"picks": pool}]),
        422,
        "invalid",
        "rounds",
    )
