"""Tournaments as CSV files, and whole ones in JSON."""

from __future__ import annotations

import csv
from io import StringIO

import msgspec
import pytest

from protocol.http.tournaments.exports import TournamentExport
from tests.integration.gatherup.features.tournaments.cup import Cup, cup_of, named
from tests.integration.shared import SharedNode
from tests.integration.site import Site, problem

pytestmark = pytest.mark.real


async def table(cup: Cup, part: str) -> list[dict[str, str]]:
    """A file, by its columns."""
    answer = await cup.owner.http.get(cup.path + part)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "\r\n" in answer.text
    return list(csv.DictReader(StringIO(answer.text, newline="")))


async def test_what_a_tournament_came_to_is_exported(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, third_place=True) as cup:
        problem(await cup.owner.http.get(cup.path + "/matches.csv"), 409, "wrong_phase")
        assert await table(cup, "/standings.csv") == []
        await cup.done(cup.owner, "/open-registration")
        await cup.enter(2)
        names = ["=cmd|' /C calc'!A0", '"Quoted", with a comma']
        await cup.done(cup.owner, "/entrants", entrants=[{"name": name} for name in names])
        await cup.done(cup.owner, "/seeds", "PUT", entrants=[1, 2, 3, 4])
        await cup.done(cup.owner, "/start")
        await cup.opened(1)
        await cup.done(cup.owner, "/matches/1/decide", winner=1, scores=[[3, 1]])
        await cup.opened(2)
        await cup.done(cup.owner, "/matches/2/decide", winner=3)
        for number, winner in ((3, 1), (4, 2)):
            header = await cup.opened(number)
            best = winner if winner in (header.marks["a"], header.marks["b"]) else header.marks["b"]
            await cup.done(cup.owner, f"/matches/{number}/decide", winner=best)
        await cup.watcher.saw("finished")

        entrants = await table(cup, "/entrants.csv")
        assert [one["name"] for one in entrants] == ["Player 1", "Player 2", "'" + names[0], names[1]]
        assert [one["user"] for one in entrants] == [cup.player(1).user, cup.player(2).user, "", ""]
        assert [(one["seed"], one["status"]) for one in entrants] == [
            (str(n), "entered") for n in range(1, 5)
        ]
        matches = await table(cup, "/matches.csv")
        assert [(one["match"], one["stage"]) for one in matches] == [(str(n), "1") for n in range(1, 5)]
        assert {"3-1", ""} == {one["scores"] for one in matches}
        assert matches[0]["name_a"] == "Player 1"
        assert await table(cup, "/matches.csv?stage=1") == matches
        problem(await cup.owner.http.get(cup.path + "/matches.csv?stage=2"), 409, "wrong_phase", "stage")
        standings = await table(cup, "/standings.csv")
        assert [one["place"] for one in standings] == ["1", "2", "3", "4"]

        answer = await cup.owner.http.get(cup.path + "/export.json")
        whole = msgspec.json.decode(answer.content, type=TournamentExport, strict=False)
        assert answer.json()["tournament"]["name"] == "Cup"
        assert answer.json()["entrants"] == (await cup.get("/entrants"))["entrants"]
        assert answer.json()["stages"][0]["matches"] == (await cup.get("/bracket"))["matches"]
        assert [(one.place, one.entrant) for one in whole.standings] == named(
            (await cup.get("/standings"))["standings"], "place", "entrant"
        )


async def test_who_may_not_watch_gets_no_file(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, visibility="invited", entry="listed") as cup:
        stranger = await site.guest()
        for part in ("/entrants.csv", "/matches.csv", "/standings.csv", "/export.json"):
            problem(await stranger.http.get(cup.path + part), 404, "not_found")
        draft = (await cup.owner.http.get(cup.path + "/export.json")).json()
        assert (draft["entrants"], draft["stages"], draft["standings"]) == ([], [], [])


async def test_a_file_has_more_than_a_page_of_entrants(
    site: Site, node: SharedNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gatherup.features.tournaments.files.PAGE_ROWS", 2)
    async with cup_of(site, node) as cup:
        await cup.done(cup.owner, "/entrants", entrants=[{"name": f"N{n}"} for n in range(5)])
        assert [one["name"] for one in await table(cup, "/entrants.csv")] == [f"N{n}" for n in range(5)]
        whole = (await cup.owner.http.get(cup.path + "/export.json")).json()
        assert [one["name"] for one in whole["entrants"]] == [f"N{n}" for n in range(5)]
