"""Files in TRF16: those of other programs are paired."""

from __future__ import annotations

from base64 import b64encode
from typing import Any, cast

import pytest
import trio

from actors.tournament.trf.model import Entry
from actors.tournament.trf.reading import read
from gatherup.client import LiveBracket, connect
from protocol import limits
from tests.integration.gatherup.features.tournaments.cup import HANG_S, cup_of
from tests.integration.shared import SharedNode
from tests.integration.site import Person, Site, problem
from tests.unit.actors.tournament.trf.reports import SAMPLES

pytestmark = pytest.mark.real


async def _pair(person: Person, file: bytes) -> Any:
    body = {"file": b64encode(file).decode()}
    return await person.http.post("/v1/tournaments/trf16", json=body)


async def test_a_file_of_another_program_is_paired_for_its_next_round(site: Site) -> None:
    ann = await site.guest()
    answer = await _pair(ann, (SAMPLES / "bbp_c5.trf").read_bytes())
    assert answer.status_code == 200
    paired = answer.json()
    assert [(pair["white"], pair["black"]) for pair in paired["pairs"]] == [(1, 5), (3, 2)]
    assert (paired["round"], paired["bye"]) == (3, 6)
    first, second = paired["pairs"]
    assert (second["group"], second["floats"]) == (1.0, 3)
    assert first["group"] == 1.0
    again = await _pair(ann, paired["file"].encode())
    document = problem(again, 409, "wrong_phase")
    assert document["detail"] == "Round 3 isn't over: there is no result of 1, 2, 3, 5."


async def test_what_is_wrong_with_a_file_is_told_with_its_place(site: Site) -> None:
    ann = await site.guest()
    file = (SAMPLES / "bbp_c5.trf").read_bytes().replace(b"     3 w 0", b"     7 w 0")
    document = problem(await _pair(ann, file), 422, "invalid", "file")
    assert document["detail"].startswith("Line 4, column 102: Player 4 has another opponent in this round. ")
    assert "Line 5, column 102: There is no player 7." in document["detail"]
    problem(await _pair(ann, b"0" * (limits.TRF_BYTES_MAX + 1)), 422, "invalid", "file")
    garbled = await ann.http.post("/v1/tournaments/trf16", json={"file": "§"})
    problem(garbled, 422, "invalid", "file")


async def test_a_tournament_is_exported_while_it_runs_and_when_it_has_finished(
    site: Site, node: SharedNode
) -> None:
    async with cup_of(site, node, name="Spring cup", ready_s=0) as cup:
        path = cup.path + "/trf16"
        problem(await cup.owner.http.get(path), 409, "wrong_phase")
        await cup.started(3)
        await cup.opened(2)
        stranger = await site.guest()
        running = await stranger.http.get(path)
        assert (running.status_code, running.headers["content-type"]) == (200, "text/plain; charset=utf-8")
        report = read(running.content)
        assert report.other[0] == "012 Spring cup" and "062 3" in report.other
        first, second, third = report.players
        assert (first.name, first.entries) == ("Player 1", (Entry(result="U"),))
        assert (second.entries, third.entries) == ((Entry(3, "w", " "),), (Entry(2, "b", " "),))
        kept = {"If-None-Match": running.headers["etag"]}
        assert (await stranger.http.get(path, headers=kept)).status_code == 304
        await cup.won(2, 3, 2)
        await cup.won(3, 3, 1)
        await cup.watcher.saw("finished")
        ended = await stranger.http.get(path, headers=kept)
        assert ended.status_code == 200
        first, second, third = read(ended.content).players
        assert [player.rank for player in (first, second, third)] == [2, 3, 1]
        assert (first.entries, third.entries) == (
            (Entry(result="U"), Entry(3, "w", "0")),
            (Entry(2, "b", "1"), Entry(1, "b", "1")),
        )
        assert second.entries == (Entry(3, "w", "0"),)


async def test_a_hidden_tournament_isnt_exported(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, visibility="invited", entry="listed") as cup:
        await cup.done(cup.owner, "/entrants", entrants=[{"name": "Ann"}, {"name": "Ben"}])
        await cup.done(cup.owner, "/start")
        assert (await cup.owner.http.get(cup.path + "/trf16")).status_code == 200
        problem(await (await site.guest()).http.get(cup.path + "/trf16"), 404, "not_found")


async def test_a_large_tournament_is_exported_in_a_process(site: Site, node: SharedNode) -> None:
    async with cup_of(site, node, format="double_elimination") as cup:
        names = [{"name": f"Ann {number}"} for number in range(1, 66)]
        for first in range(0, 65, 50):
            await cup.done(cup.owner, "/entrants", entrants=names[first : first + 50])
        await cup.done(cup.owner, "/start")
        exported = await cup.owner.http.get(cup.path + "/trf16")
        report = read(exported.content)
        assert len(report.players) == 65
        assert {player.name for player in report.players} == {name["name"] for name in names}


async def test_a_round_robin_is_exported_with_draws_byes_and_its_points(site: Site, node: SharedNode) -> None:
    stage = {"format": "round_robin", "draws": True, "points": {"win": 3, "draw": 1, "loss": 0}}
    async with cup_of(site, node, stages=[stage], ready_s=0, entrants_max=16) as cup:
        await cup.started(3)
        first = await cup.opened(1)
        a, b = cast(int, first.marks["a"]), cast(int, first.marks["b"])
        await cup.done(a, "/matches/1/report", scores=[[1, 1]])
        await cup.done(b, "/matches/1/confirm")
        second = await cup.opened(2)
        winner, loser = cast(int, second.marks["a"]), cast(int, second.marks["b"])
        await cup.won(2, winner, loser)
        await cup.opened(3)
        report = read((await cup.owner.http.get(cup.path + "/trf16")).content)
        assert (report.points.win, report.points.draw, report.rounds) == (6, 2, 3)
        entries = {player.number: player.entries for player in report.players}
        assert (entries[a][0], entries[b][0]) == (Entry(b, "w", "="), Entry(a, "b", "="))
        assert (entries[winner][1], entries[loser][1]) == (Entry(loser, "w", "1"), Entry(winner, "b", "0"))
        (free,) = {1, 2, 3} - {a, b}
        assert entries[free][0] == Entry()
        assert sum(player.points or 0 for player in report.players) == 2 + 2 + 6
        playing = {
            player.number for player in report.players if player.entries[2:] and player.entries[2].opponent
        }
        assert len(playing) == 2


async def test_a_swiss_round_is_exported_with_its_bye(site: Site, node: SharedNode) -> None:
    stage = {"format": "swiss", "rounds": 2, "points": {"win": 1, "draw": 0.5, "loss": 0, "bye": 0.5}}
    async with cup_of(site, node, stages=[stage], ready_s=0) as cup:
        await cup.started(3)
        opened = await cup.opened(1)
        white, black = cast(int, opened.marks["a"]), cast(int, opened.marks["b"])
        report = read((await cup.owner.http.get(cup.path + "/trf16")).content)
        entries = {player.number: player.entries for player in report.players}
        (free,) = {1, 2, 3} - {white, black}
        assert entries[white] == (Entry(black, "w", " "),)
        assert entries[free] == (Entry(result="U"),)
        assert (report.rounds, report.points.bye, report.players[free - 1].points) == (2, 1, 1)


async def _import(person: Person, file: bytes, **body: Any) -> Any:
    return await person.send("POST", "/v1/tournaments/import", file=b64encode(file).decode(), **body)


async def test_a_file_of_a_foreign_program_is_imported_paired_for_the_next_round_and_exported(
    site: Site, node: SharedNode
) -> None:
    file = (SAMPLES / "bbp_c5.trf").read_bytes()
    ann = await site.guest()
    made = await _import(ann, file)
    assert made.status_code == 201, made.text
    path = made.headers["Location"]
    with trio.fail_after(HANG_S):
        async with connect(node.addresses.stream, token=ann.signed_in["access_token"]) as client:
            live = LiveBracket()
            async for item in await client.subscribe(made.json()["stream"]):
                live.take(item)
                if live.stage.round == 3:
                    break
    detail = (await ann.http.get(path)).json()
    assert (detail["name"], detail["phase"], detail["role"]) == ("Dutch 2025 C5 test", "running", "organiser")
    entrants = (await ann.http.get(path + "/entrants")).json()["entrants"]
    assert [(row["entrant"], row["seed"], row["name"], row["status"]) for row in entrants[2:4]] == [
        (3, 3, "Test0003 Player0003", "entered"), (4, 4, "Test0004 Player0004", "removed")
    ]  # fmt: skip
    matches = (await ann.http.get(path + "/matches", params={"round": 3})).json()["matches"]
    assert [(match["a"], match["b"]) for match in matches] == [(1, 5), (3, 2)]
    explained = (await ann.http.get(f"{path}/matches/{matches[1]['match']}/explain")).json()
    assert explained["pairing"]["floats"] == 3
    before = (await ann.http.get(path + "/matches/1/explain")).json()
    assert (before["pairing"], before["sides"][0]["why"]) == (None, "imported")
    standings = (await ann.http.get(path + "/standings", params={"stage": 1})).json()["standings"]
    assert [(row["entrant"], row["values"][0]["value"]) for row in standings[:2]] == [(1, 2), (3, 2)]

    exported = read((await ann.http.get(path + "/trf16")).content)
    foreign = read(file)
    assert [player.name for player in exported.players] == [player.name for player in foreign.players]
    assert [player.entries[:2] for player in exported.players] == [
        player.entries[:2] for player in foreign.players
    ]
    third = [player.entries[2:] for player in exported.players]
    assert third == [
        (Entry(5, "w", " "),), (Entry(3, "b", " "),), (Entry(2, "w", " "),), (), (Entry(1, "b", " "),),
        (Entry(result="U"),),
    ]  # fmt: skip
    assert exported.rounds == 3

    again = await _import(ann, file, client_id=made.json()["client_id"])
    assert again.json()["stream"] == made.json()["stream"]


async def test_a_file_that_no_tournament_can_hold_is_refused(site: Site) -> None:
    ann = await site.guest()
    file = (SAMPLES / "bbp_c5.trf").read_bytes()
    wrong = file.replace(b"     3 w 0", b"     7 w 0")
    assert problem(await _import(ann, wrong), 422, "invalid", "file")["detail"].startswith(
        "Line 4, column 102"
    )
    without = file.replace(b"XXR 3", b"")
    problem(await _import(ann, without), 422, "invalid", "rounds")
    problem(await _import(ann, file, rounds=1), 422, "invalid", "rounds")
    half = file.replace(b"0000 - Z", b"0000 - H").replace(b" 0.0    5", b" 0.5    5")
    problem(await _import(ann, half), 422, "invalid", "file")
