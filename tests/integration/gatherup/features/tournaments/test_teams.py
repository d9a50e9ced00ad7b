"""Teams over HTTP: their rosters, and who plays instead of whom."""

from __future__ import annotations

import pytest

from tests.integration.gatherup.features.tournaments.cup import cup_of, named
from tests.integration.shared import SharedNode
from tests.integration.site import Site, problem

pytestmark = pytest.mark.real


async def test_teams_are_entered_joined_and_play(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, ready_s=600, team_min=2, team_max=2, substitutes=1) as cup:
        ann, ben, cleo, dan, eve = [await site.guest(name) for name in ("Ann", "Ben", "Cleo", "Dan", "Eve")]
        assert named([await cup.get()], "team_min", "team_max", "substitutes") == [(2, 2, 1)]
        await cup.done(cup.owner, "/open-registration")
        problem(await cup.do(ann, "POST", "/enter"), 422, "invalid", "name")
        await cup.done(ann, "/enter", name="Ravens")
        await cup.done(ann, "/invite-player", user=ben.user)
        (entrant,) = (await cup.get("/entrants"))["entrants"]
        assert named([entrant], "name", "user", "roster", "invited") == [
            ("Ravens", ann.user, [ann.user], [ben.user])
        ]
        assert (await cup.get("", ben))["own"] is None
        problem(await cup.do(cleo, "POST", "/entrants/1/join"), 403, "forbidden", "entrant")
        await cup.done(ben, "/entrants/1/join")
        assert (await cup.get("", ben))["own"]["entrant"] == 1
        team = {"user": cleo.user, "name": "Owls"}
        await cup.done(cup.owner, "/entrants", entrants=[team])
        await cup.done(cup.owner, "/entrants/2/add-player", user=dan.user)
        await cup.done(cup.owner, "/entrants/2/remove-player", user=cleo.user)
        await cup.done(dan, "/invite-player", user=cleo.user)
        await cup.done(cleo, "/entrants/2/join")
        await cup.done(cup.owner, "/seeds", "PUT", entrants=[1, 2])
        await cup.done(cup.owner, "/start")
        opened = await cup.opened(1)
        assert {*opened.marks["players"]} == {ann.user, ben.user, cleo.user, dan.user}  # type: ignore[misc]
        invited = (await ben.http.get("/v1/inbox")).json()["items"][-1]
        told = named([invited], "type", "tournament", "entrant", "by")
        assert told == [("inbox.team_invited", cup.stream, 1, ann.user)]
        (own,) = (await ben.http.get("/v1/me/matches")).json()["matches"]
        assert (own["entrant"], own["match"]["match"]) == (1, 1)
        await cup.done(ann, "/matches/1/substitute", player=ben.user, substitute=eve.user)
        match = await cup.get("/matches/1")
        assert match["substitutions"] == [{"entrant": 1, "player": ben.user, "substitute": eve.user}]
        assert (await ben.http.get("/v1/me/matches")).json()["matches"] == []
        problem(await cup.do(ben, "POST", "/matches/1/ready"), 403, "forbidden")
        for player in (eve, cleo):
            await cup.done(player, "/matches/1/ready")
        await cup.done(eve, "/matches/1/report", scores=[[1, 0]])
        await cup.done(dan, "/matches/1/confirm")
        await cup.watcher.saw("finished")
        found = (await cup.get("/entrants"))["entrants"]
        assert named(found, "name", "roster", "invited", "place") == [
            ("Ravens", [ann.user, eve.user], [], 1),
            ("Owls", [dan.user, cleo.user], [], 2),
        ]
