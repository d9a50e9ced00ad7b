"""Series: what they are like, whose they are, which tournaments count in them, and who leaves them."""

from __future__ import annotations

from typing import Any

import pytest

from actors.kind import OWNED, FactKey
from protocol import limits
from protocol.codes import Code
from protocol.ids import SYSTEM
from protocol.series.commands import (
    AddTournament,
    CancelSeries,
    ChangeSeries,
    CreateSeries,
    DropTournament,
    EraseSeriesPerson,
    RemoveSeries,
    RestoreSeries,
    SetSeriesStaff,
    TransferSeries,
)
from protocol.tournament.definition import LastingSettings
from protocol.tournament.stage import Stage
from tests.unit.actors.series.weekly import (
    CUP,
    ID,
    KEY,
    ORGANISER,
    OTHER_CUP,
    OWNER,
    REFEREE,
    STRANGER,
    WEEKLY,
    Weekly,
    refused,
    weekly,
)


def test_a_series_is_its_creators() -> None:
    series = weekly(points=(10, 6, 4), best=3, description="Every week.")
    row = series.row("series")
    assert (row["owner"], row["points"], row["best"], row["name"]) == (OWNER, [10, 6, 4], 3, "Weekly")
    assert series.row("series_staff", OWNER)["role"] == "owner"
    view = series.view
    assert (view.owner, view.role, view.points, view.next_at) == (
        OWNER,
        "organiser",
        (10, 6, 4),
        row["next_at"],
    )
    assert refused(series.create(), Code.ALREADY_EXISTS) == ""


def test_an_operator_makes_one_that_nobody_owns() -> None:
    series = Weekly()
    series.create(KEY)
    assert series.series.owner is None
    series.done(TransferSeries, KEY, user=STRANGER)
    assert series.series.owner == STRANGER
    assert refused(Weekly().create("room:" + "1" * 32), Code.FORBIDDEN) == ""


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"settings": LastingSettings(visibility="invited", entry="listed")}, "settings.visibility"),
        ({"settings": LastingSettings(team_min=3, team_max=2)}, "settings.team_min"),
        ({"settings": LastingSettings(stages=(Stage(format="round_robin"), Stage()))}, "settings.stages"),
        ({"registration_s": 6 * 86_400}, "registration_s"),
        ({"check_in_s": 6 * 86_400}, "check_in_s"),
        ({"registration_s": 600, "check_in_s": 600}, "check_in_s"),
    ],
)
def test_what_no_series_can_be_like_is_refused(fields: dict[str, Any], field: str) -> None:
    series = Weekly()
    assert refused(series.create(**fields), Code.INVALID, field)
    assert series.log == []
    series = weekly()
    assert refused(series.change(**fields), Code.INVALID, field)
    assert len(series.log) == 1


def test_what_is_chosen_from_a_list_must_be_there() -> None:
    series, settings = Weekly(), LastingSettings(game="chess")
    assert refused(series.create(settings=settings), Code.NOT_FOUND, "settings.game")
    series.people[FactKey("lookup", "game chess")] = {}
    series.create(settings=settings)
    assert series.series.plan.settings.game == "chess"


def test_a_person_has_only_so_many() -> None:
    series = Weekly()
    series.owns(series=limits.SERIES_PER_USER_MAX)
    assert refused(series.create(), Code.TOO_MANY)


def test_nothing_to_change_is_refused() -> None:
    series = weekly()
    assert refused(series.change(), Code.INVALID)
    series.change(name="Monthly", best=1)
    assert (series.row("series")["name"], series.series.plan.best) == ("Monthly", 1)


def test_who_may_do_what() -> None:
    series = weekly()
    series.done(SetSeriesStaff, user=ORGANISER, role="organiser")
    series.done(SetSeriesStaff, user=REFEREE, role="referee")
    fields: dict[type, dict[str, Any]] = {
        ChangeSeries: {"best": 1},
        SetSeriesStaff: {"user": STRANGER, "role": "referee"},
        TransferSeries: {"user": ORGANISER},
        CancelSeries: {},
        RemoveSeries: {},
        AddTournament: {"tournament": CUP},
        DropTournament: {"tournament": CUP},
    }
    for command, given in fields.items():
        for by in (STRANGER, REFEREE):
            assert refused(series.send(command, by, **given), Code.FORBIDDEN) == ""
        if command is not ChangeSeries:
            assert refused(series.send(command, ORGANISER, **given), Code.FORBIDDEN) == ""
    series.done(ChangeSeries, ORGANISER, best=1)
    assert refused(Weekly().send(CancelSeries, OWNER), Code.NOT_FOUND) == ""


def test_it_is_given_to_an_organiser() -> None:
    series = weekly()
    refused(series.send(TransferSeries, OWNER, user=STRANGER), Code.INVALID, "user")
    series.done(SetSeriesStaff, user=ORGANISER, role="organiser")
    series.done(TransferSeries, user=ORGANISER)
    assert (series.series.owner, series.series.staff) == (ORGANISER, {OWNER: "organiser"})
    assert series.row("series_staff", OWNER)["role"] == "organiser"


def test_a_removed_one_is_there_for_its_owner_alone() -> None:
    series = weekly()
    series.done(RemoveSeries)
    for command in (CancelSeries, RemoveSeries):
        assert refused(series.send(command, OWNER), Code.NOT_FOUND) == ""
    assert refused(series.send(RestoreSeries, STRANGER), Code.NOT_FOUND) == ""
    series.done(RestoreSeries)
    assert refused(series.send(RestoreSeries, OWNER), Code.ALREADY_EXISTS) == ""


def test_a_cancelled_one_still_counts() -> None:
    series = weekly()
    series.done(CancelSeries)
    assert refused(series.send(CancelSeries, OWNER), Code.WRONG_PHASE)
    series.done(AddTournament, tournament=CUP)
    assert series.series.tournaments == 1


def test_an_owner_of_both_adds_a_tournament() -> None:
    series = weekly()
    series.done(AddTournament, tournament=CUP)
    assert series.row("series_tournament", CUP)["number"] is None
    refused(series.send(AddTournament, OWNER, tournament=CUP), Code.ALREADY_EXISTS, "tournament")
    refused(series.send(AddTournament, OWNER, tournament=OTHER_CUP), Code.NOT_FOUND, "tournament")
    series.people[FactKey(OWNED, OTHER_CUP)] = {"owner": STRANGER, "visibility": "public"}
    refused(series.send(AddTournament, OWNER, tournament=OTHER_CUP), Code.FORBIDDEN, "tournament")
    series.people[FactKey(OWNED, OTHER_CUP)] = {"owner": OWNER, "visibility": "invited"}
    refused(series.send(AddTournament, OWNER, tournament=OTHER_CUP), Code.INVALID, "tournament")
    series.done(DropTournament, tournament=CUP)
    assert FactKey("series_tournament", CUP) not in series.rows
    refused(series.send(DropTournament, OWNER, tournament=CUP), Code.NOT_FOUND, "tournament")
    assert series.row("series")["tournaments"] == 0


def test_it_has_only_so_many_tournaments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SERIES_TOURNAMENTS_MAX", 1)
    series = weekly()
    series.people[FactKey(OWNED, OTHER_CUP)] = {"owner": OWNER, "visibility": "public"}
    series.done(AddTournament, tournament=CUP)
    assert refused(series.send(AddTournament, OWNER, tournament=OTHER_CUP), Code.TOO_MANY)


def erase(series: Weekly, user: str) -> None:
    """As the server does it, until no row names the user."""
    seqs = tuple(
        int(key.key) for key, row in series.rows.items() if key.table == "authored" and row["author"] == user
    )
    command = EraseSeriesPerson(client_id=ID, stream=WEEKLY, user=user, events=seqs)
    series.do(command, SYSTEM)
    length = len(series.log)
    series.do(command, SYSTEM)
    assert len(series.log) == length
    assert not [key for key, row in series.rows.items() if user in (key.key, row.get("author"))]


def test_whoever_is_erased_leaves_it_to_an_organiser() -> None:
    series = weekly(description="By Ann.")
    series.done(SetSeriesStaff, user=ORGANISER, role="organiser")
    series.done(ChangeSeries, ORGANISER, name="Renamed")
    erase(series, OWNER)
    row = series.row("series")
    assert (row["owner"], row["name"], row["description"]) == (ORGANISER, "Renamed", None)
    assert series.log[0][1] is None
    assert series.kind.due(series.state) is not None
    erase(series, ORGANISER)
    row = series.row("series")
    assert (row["owner"], row["name"], row["phase"]) == (None, None, "cancelled")
    assert series.kind.due(series.state) is None
    assert series.refolded() == (series.state, series.rows)


def test_only_the_server_erases() -> None:
    series = weekly()
    assert refused(series.send(EraseSeriesPerson, OWNER, user=OWNER), Code.NOT_FOUND) == ""
    command = CreateSeries(client_id=ID, name="x")
    assert series.kind.stream_of(command, by=OWNER) != series.kind.stream_of(command, by=STRANGER)
