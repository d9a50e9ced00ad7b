"""How tournaments come to be, change, pass from phase to phase by command or by time, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from actors.kind import LOOKUP, FactKey, Refuse
from protocol.codes import Code
from protocol.ids import SYSTEM
from protocol.tournament.attempts import CorrectAttempt, SetWindow, SubmitAttempt
from protocol.tournament.commands import (
    COMMANDS,
    AcceptEntrant,
    AcceptStart,
    AddEntrants,
    AddPlayer,
    Advance,
    CancelTournament,
    ChangeTournament,
    CheckIn,
    ConfirmResult,
    CorrectResult,
    CreateTournament,
    DecideMatch,
    DisputeResult,
    EnterTournament,
    ErasePerson,
    HoldMatch,
    InvitePlayer,
    JoinTeam,
    LeaveTournament,
    NewEntrant,
    OpenCheckIn,
    OpenRegistration,
    PickGame,
    ProposeStart,
    ReinstateEntrant,
    ReleaseMatch,
    RemoveEntrant,
    RemovePlayer,
    ReportResult,
    SayReady,
    SetSeeds,
    SetStaff,
    StartTournament,
    SubstitutePlayer,
    UndoResult,
)
from protocol.tournament.ownership import RemoveTournament, RestoreTournament, TransferTournament
from protocol.tournament.seeding import SetTags
from tests.unit.actors.tournament.cup import (
    ID,
    KEY,
    ORGANISER,
    OWNER,
    REFEREE,
    STRANGER,
    Cup,
    P,
    checking_in,
    draft,
    playing,
    refused,
    registering,
    running,
)

FIELDS: dict[type, dict[str, Any]] = {
    ChangeTournament: {"best_of": 3},
    SetStaff: {"user": P[1], "role": "referee"},
    TransferTournament: {"user": ORGANISER},
    RemoveTournament: {},
    RestoreTournament: {},
    OpenRegistration: {},
    OpenCheckIn: {},
    StartTournament: {},
    CancelTournament: {},
    EnterTournament: {},
    LeaveTournament: {},
    CheckIn: {},
    AddEntrants: {"entrants": (NewEntrant(name="x"),)},
    AcceptEntrant: {"entrant": 1},
    RemoveEntrant: {"entrant": 1},
    SetSeeds: {"entrants": (1,)},
    SetTags: {"entrant": 1, "tags": ("eu",)},
    SayReady: {"match": 1},
    ReportResult: {"match": 1, "scores": ((1, 0),)},
    ConfirmResult: {"match": 1},
    DisputeResult: {"match": 1},
    DecideMatch: {"match": 1, "winner": 1},
    InvitePlayer: {"user": P[1]},
    JoinTeam: {"entrant": 1},
    AddPlayer: {"entrant": 1, "user": P[1]},
    RemovePlayer: {"entrant": 1, "user": P[1]},
    SubstitutePlayer: {"match": 1, "player": P[1], "substitute": P[2]},
    PickGame: {"match": 1, "step": 1, "choice": "x"},
    HoldMatch: {"match": 1},
    ReleaseMatch: {"match": 1},
    ProposeStart: {"match": 1, "at": 1},
    AcceptStart: {"match": 1, "at": 1},
    CorrectResult: {"match": 1, "winner": 1},
    UndoResult: {"match": 1},
    ReinstateEntrant: {"entrant": 1},
    SubmitAttempt: {"score": 1},
    CorrectAttempt: {"entrant": 1, "attempt": 1, "score": 1},
    SetWindow: {"closes_at": 1},
}
"""What is sent to a tournament that is there."""
ON_MATCHES = (
    SayReady,
    ReportResult,
    ConfirmResult,
    DisputeResult,
    DecideMatch,
    SubstitutePlayer,
    PickGame,
    HoldMatch,
    ReleaseMatch,
    ProposeStart,
    AcceptStart,
)
ON_ROSTERS = (InvitePlayer, JoinTeam, AddPlayer, RemovePlayer)
CORRECTIONS = (CorrectResult, UndoResult, ReinstateEntrant)
BY_STAFF = FIELDS.keys() - {
    EnterTournament,
    LeaveTournament,
    CheckIn,
    SayReady,
    ReportResult,
    ConfirmResult,
    DisputeResult,
    PickGame,
    ProposeStart,
    AcceptStart,
    InvitePlayer,
    JoinTeam,
    RemovePlayer,
    SubstitutePlayer,
    SubmitAttempt,
}


def over(how: str) -> Cup:
    cup = playing(4)
    if how == "cancelled":
        cup.done(CancelTournament)
    for match in (1, 2, 3) if how == "finished" else ():
        cup.decide(match, cup.match(match).a or 0)
    assert cup.cup.phase == how
    return cup


IN_PHASE: dict[str, Any] = {
    "draft": draft,
    "registration": lambda: registering(2),
    "check_in": lambda: checking_in(2),
    "running": lambda: playing(4),
    "finished": lambda: over("finished"),
    "cancelled": lambda: over("cancelled"),
}
NEVER_IN: dict[type, set[str]] = {
    ChangeTournament: {"running", "finished", "cancelled"},
    SetStaff: {"finished", "cancelled"},
    TransferTournament: set(),
    RemoveTournament: {"registration", "check_in", "running"},
    RestoreTournament: set(),
    OpenRegistration: {"registration", "running", "finished", "cancelled"},
    OpenCheckIn: {"check_in", "running", "finished", "cancelled"},
    StartTournament: {"running", "finished", "cancelled"},
    CancelTournament: {"finished", "cancelled"},
    EnterTournament: {"draft", "check_in", "running", "finished", "cancelled"},
    LeaveTournament: {"finished", "cancelled"},
    CheckIn: {"draft", "registration", "running", "finished", "cancelled"},
    AddEntrants: {"running", "finished", "cancelled"},
    AcceptEntrant: {"running", "finished", "cancelled"},
    RemoveEntrant: {"finished", "cancelled"},
    SetSeeds: {"running", "finished", "cancelled"},
    SetTags: {"running", "finished", "cancelled"},
    SubmitAttempt: {*IN_PHASE},  # no leaderboard is being played
    CorrectAttempt: IN_PHASE.keys() - {"running", "finished"},
    SetWindow: {*IN_PHASE},
    **{command: {"running", "finished", "cancelled"} for command in ON_ROSTERS},
    **{command: IN_PHASE.keys() - {"running"} for command in ON_MATCHES},
    **{command: IN_PHASE.keys() - {"running", "finished"} for command in CORRECTIONS},
}


def test_every_command_is_tried() -> None:
    assert {*COMMANDS} == {CreateTournament, *FIELDS} == {CreateTournament, *NEVER_IN}


@pytest.mark.parametrize("phase", IN_PHASE)
@pytest.mark.parametrize("command", FIELDS, ids=lambda command: command.__name__)
def test_what_comes_in_the_wrong_phase_changes_nothing(command: type, phase: str) -> None:
    cup = IN_PHASE[phase]()
    by = OWNER if command in BY_STAFF else P[1]
    before, events = cup.cup, len(cup.log)
    decision = cup.send(command, by, **FIELDS[command])
    wrong = isinstance(decision, Refuse) and decision.code is Code.WRONG_PHASE and decision.field != "match"
    assert wrong == (phase in NEVER_IN[command])
    if isinstance(decision, Refuse):
        assert (cup.cup, len(cup.log)) == (before, events)
        assert decision.code is not Code.WRONG_PHASE or decision.message


@pytest.mark.parametrize("phase", IN_PHASE)
@pytest.mark.parametrize("command", FIELDS, ids=lambda command: command.__name__)
def test_strangers_change_nothing(command: type, phase: str) -> None:
    cup = IN_PHASE[phase]()
    if (command, phase) == (EnterTournament, "registration"):
        return
    before = cup.cup
    decision = cup.send(command, STRANGER, **FIELDS[command])
    assert isinstance(decision, Refuse)
    assert decision.code in ((Code.FORBIDDEN,) if command in BY_STAFF else (Code.FORBIDDEN, Code.WRONG_PHASE))
    assert cup.cup is before


@pytest.mark.parametrize("command", FIELDS, ids=lambda command: command.__name__)
def test_a_tournament_that_was_never_made_is_not_found(command: type) -> None:
    cup = Cup()
    for by in (OWNER, KEY, SYSTEM):
        assert cup.send(command, by, **FIELDS[command]) == Refuse(Code.NOT_FOUND)
    hidden = Cup()
    hidden.create(visibility="invited", entry="listed")
    assert hidden.send(command, STRANGER, **FIELDS[command]) == Refuse(Code.NOT_FOUND)


def test_the_servers_own_commands_are_its_own() -> None:
    cup = running(2)
    for by in (OWNER, P[1], KEY):
        assert cup.send(Advance, by) == Refuse(Code.NOT_FOUND)
        assert cup.send(ErasePerson, by, user=P[1]) == Refuse(Code.NOT_FOUND)
    assert refused(cup, cup.send(Advance, SYSTEM), Code.FORBIDDEN)  # nothing is due
    assert not cup.kind.admits(Advance(client_id=ID, stream=cup.stream), by=OWNER)


# --- creation and settings -----------------------------------------------------------------------------------


def test_a_tournament_is_made_once_and_by_somebody() -> None:
    cup = draft()
    assert cup.create() == Refuse(Code.ALREADY_EXISTS)
    assert Cup().create("room:" + "1" * 32) == Refuse(Code.FORBIDDEN)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"registration_at": 5000, "check_in_at": 4000}, "check_in_at"),
        ({"registration_at": 5000, "start_at": 5000}, "start_at"),
        ({"check_in_at": 5000, "start_at": 4000}, "start_at"),
        ({"visibility": "invited"}, "entry"),
        ({"visibility": "invited", "entry": "approval"}, "entry"),
    ],
)
def test_settings_fit_each_other(fields: dict[str, Any], field: str) -> None:
    cup = Cup()
    assert refused(cup, cup.create(**fields), Code.INVALID, field)
    assert cup.cup.phase is None
    other = draft()
    if "visibility" not in fields:
        assert refused(other, other.send(ChangeTournament, OWNER, **fields), Code.INVALID, field)


def test_settings_are_changed_and_stand_in_state_row_and_view() -> None:
    cup = draft(start_at=90_000)
    fields: dict[str, Any] = {
        "game": "go",
        "platform": "web",
        "region": "europe",
        "format": "double_elimination",
        "third_place": True,
        "reset": False,
        "best_of": 5,
        "entrants_max": 16,
        "visibility": "unlisted",
        "entry": "approval",
        "ready_s": 0,
        "confirm_s": 7,
        "registration_at": 50_000,
        "check_in_at": 60_000,
        "start_at": 70_000,
    }
    for table in ("game", "platform", "region"):
        cup.people[FactKey(LOOKUP, f"{table} {fields[table]}")] = {}
    cup.done(ChangeTournament, ORGANISER, name="Go", description="All of it.", **fields)
    row, view = cup.row("tournament"), cup.view()
    assert (row["name"], row["description"]) == ("Go", "All of it.")
    for name, value in fields.items():
        assert row[name] == getattr(view, name) == value
    assert dict(cup.cup.timers) == {"registration": 50_000, "check_in": 60_000, "start": 70_000}
    cup.done(ChangeTournament, check_in_at=0)
    assert dict(cup.cup.timers) == {"registration": 50_000, "start": 70_000}
    assert (cup.row("tournament")["check_in_at"], cup.view().check_in_at) == (None, None)
    assert refused(cup, cup.send(ChangeTournament, OWNER), Code.INVALID)
    assert "All of it" not in str(cup.headers())


def test_the_cap_isnt_lowered_below_who_is_entered() -> None:
    cup = registering(3)
    assert refused(cup, cup.send(ChangeTournament, OWNER, entrants_max=2), Code.INVALID, "entrants_max")
    cup.done(ChangeTournament, entrants_max=3)


@pytest.mark.parametrize(
    "fields",
    [
        {"format": "double_elimination"},
        {"third_place": True},
        {"reset": False},
        {"best_of": 3},
        {"entrants_max": 8},
        {"entry": "listed"},
        {"game": "go"},
        {"registration_at": 99},
        {"check_in_at": 99},
        {"start_at": 99},
    ],
)
def test_what_the_bracket_is_made_from_isnt_changed_after_the_start(fields: dict[str, Any]) -> None:
    cup = playing(4)
    before = cup.cup
    for more in ({}, {"name": "New"}):
        decision = cup.send(ChangeTournament, OWNER, **fields, **more)
        assert refused(cup, decision, Code.WRONG_PHASE, next(iter(fields)))
    assert cup.cup is before
    cup.done(ChangeTournament, name="New", ready_s=5, confirm_s=5, visibility="unlisted")


def test_a_time_that_has_come_isnt_changed() -> None:
    cup = registering(2)
    refused(
        cup, cup.send(ChangeTournament, OWNER, registration_at=99_000), Code.WRONG_PHASE, "registration_at"
    )
    cup.done(OpenCheckIn)
    refused(cup, cup.send(ChangeTournament, OWNER, check_in_at=99_000), Code.WRONG_PHASE, "check_in_at")
    cup.done(ChangeTournament, start_at=99_000)


# --- phases --------------------------------------------------------------------------------------------------


def test_phases_come_by_their_times() -> None:
    cup = draft(registration_at=10_000, check_in_at=20_000, start_at=30_000)
    cup.later(8)
    assert cup.cup.phase == "draft"
    cup.later(2)
    assert (cup.cup.phase, cup.headers()[-1].at, cup.headers()[-1].author) == ("registration", 10_000, SYSTEM)
    cup.enter(*P[1:5])
    cup.later(10)
    cup.check_in(*P[1:4])
    cup.later(10)
    assert cup.cup.phase == "running"
    assert sorted(cup.cup.seeds) == [1, 2, 3]
    assert cup.types().count("started") == 1
    assert [cup.row("tournament")[name] for name in ("phase", "started_at")] == ["running", 30_000]


def test_a_command_comes_before_the_time_which_then_does_nothing() -> None:
    cup = draft(registration_at=10_000, check_in_at=20_000, start_at=30_000)
    cup.done(OpenCheckIn)
    assert dict(cup.cup.timers) == {"start": 30_000}
    cup.done(OpenRegistration)
    cup.later(25)
    assert cup.cup.phase == "registration"


def test_what_was_missed_while_nobody_looked_is_done_in_its_order() -> None:
    cup = draft(registration_at=10_000, check_in_at=20_000, start_at=30_000)
    cup.done(AddEntrants, entrants=(NewEntrant(name="A"), NewEntrant(name="B")))
    before = len(cup.log)
    cup.now = 100_000
    cup.fire(100_000)
    assert cup.types(before) == ["registration_opened", "check_in_opened", "started"]
    cup.fire(100_000)
    assert cup.types()[-1] == "match_opened"


@pytest.mark.parametrize("players", [0, 1])
def test_too_few_dont_start(players: int) -> None:
    cup = registering(players)
    before = cup.cup
    assert refused(cup, cup.send(StartTournament, OWNER), Code.TOO_FEW)
    assert cup.cup is before


def test_a_time_at_which_too_few_are_there_is_taken_away() -> None:
    cup = registering(3, check_in_at=10_000, start_at=20_000)
    cup.later(10)
    cup.check_in(P[2])
    cup.later(10)
    assert (cup.cup.phase, cup.types()[-1], cup.marks()) == ("check_in", "not_started", {"count": 1})
    assert (cup.row("tournament")["start_at"], cup.view().start_at, cup.kind.due(cup.state)) == (
        None,
        None,
        None,
    )
    assert refused(cup, cup.send(StartTournament, OWNER), Code.TOO_FEW)
    cup.check_in(P[1])
    cup.done(ChangeTournament, start_at=cup.now + 1000)
    cup.later(1)
    assert cup.cup.phase == "running"


def test_everybody_who_left_doesnt_start() -> None:
    cup = registering(3)
    for user in P[1:4]:
        cup.done(LeaveTournament, user)
    assert refused(cup, cup.send(StartTournament, OWNER), Code.TOO_FEW)


def test_a_second_start_is_refused() -> None:
    cup = running(2)
    assert refused(cup, cup.send(StartTournament, OWNER), Code.WRONG_PHASE) == "The tournament has started."


def test_referees_decide_and_organise_nothing() -> None:
    cup = registering(2)
    refused(cup, cup.send(StartTournament, REFEREE), Code.FORBIDDEN)
    cup.done(StartTournament, ORGANISER)


def test_thousands_of_matches_are_opened_a_command_at_a_time() -> None:
    cup = registering(0, entry="listed")
    for _ in range(8):
        cup.done(AddEntrants, entrants=tuple(NewEntrant(name="x") for _ in range(50)))
    cup.done(StartTournament)
    before = len(cup.log)
    cup.settle()  # each command has at most 64 events
    byes = sum(match.kind == "bye" for match in cup.matches)
    assert (byes, cup.types(before)) == (112, ["match_opened"] * 144)
    assert len(cup.view().current) == 50


def test_a_time_whose_step_was_taken_before_it_does_not_bind_the_others() -> None:
    cup = draft(registration_at=5_000_000, check_in_at=9_000_000)
    refused(cup, cup.send(ChangeTournament, OWNER, check_in_at=4_000_000), Code.INVALID, "check_in_at")
    cup.done(OpenRegistration)
    cup.done(ChangeTournament, check_in_at=3_000_000)
    refused(cup, cup.send(ChangeTournament, OWNER, start_at=2_000_000), Code.INVALID, "start_at")
    cup.done(OpenCheckIn)
    cup.done(ChangeTournament, start_at=2_000_000)
