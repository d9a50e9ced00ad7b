"""The tournament's methods: each command has one, and says what it was told."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from gatherup.client.tournament import Tournament, TournamentSettings
from protocol.frames import StreamCommand
from protocol.tournament import commands
from protocol.tournament.attempts import CorrectAttempt, SetWindow, SubmitAttempt
from protocol.tournament.commands import (
    AcceptEntrant,
    AcceptStart,
    AddEntrants,
    AddPlayer,
    CancelTournament,
    ChangeTournament,
    CheckIn,
    ConfirmResult,
    Consequences,
    CorrectResult,
    CreateTournament,
    DecideMatch,
    DisputeResult,
    EnterTournament,
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
    SetTags,
    StartTournament,
    SubstitutePlayer,
    UndoResult,
)
from protocol.tournament.ownership import RemoveTournament, RestoreTournament, TransferTournament
from tests.unit.gatherup.client.test_room import Speaker
from tests.unit.gatherup.client.world import USER, client_id

CUP = "tournament:" + "1" * 32
OTHER = "user:" + "2" * 32
ROB = NewEntrant(name="Rob")

CALLS: dict[type[StreamCommand], tuple[str, tuple[Any, ...], dict[str, Any], dict[str, Any]]] = {
    ChangeTournament: ("change", (), {"name": "Cup", "start_at": 0}, {"name": "Cup", "start_at": 0}),
    TransferTournament: ("transfer", (USER,), {}, {"user": USER}),
    RemoveTournament: ("remove", (), {}, {}),
    RestoreTournament: ("restore", (), {}, {}),
    SetStaff: ("set_staff", (USER, "referee"), {}, {"user": USER, "role": "referee"}),
    OpenRegistration: ("open_registration", (), {}, {}),
    OpenCheckIn: ("open_check_in", (), {}, {}),
    StartTournament: ("start", (), {}, {}),
    CancelTournament: ("cancel", (), {"reason": "rain"}, {"reason": "rain"}),
    EnterTournament: ("enter", (), {"name": "Ravens"}, {"name": "Ravens"}),
    InvitePlayer: ("invite_player", (USER,), {}, {"user": USER}),
    JoinTeam: ("join_team", (2,), {}, {"entrant": 2}),
    AddPlayer: ("add_player", (2, USER), {}, {"entrant": 2, "user": USER}),
    RemovePlayer: ("remove_player", (2, USER), {}, {"entrant": 2, "user": USER}),
    SubstitutePlayer: (
        "substitute",
        (3, USER, OTHER),
        {"entrant": 2},
        {"match": 3, "player": USER, "substitute": OTHER, "entrant": 2},
    ),
    LeaveTournament: ("leave", (), {}, {}),
    CheckIn: ("check_in", (), {"entrant": 2}, {"entrant": 2}),
    AddEntrants: ("add_entrants", ([ROB],), {}, {"entrants": (ROB,)}),
    AcceptEntrant: ("accept", (2,), {}, {"entrant": 2}),
    RemoveEntrant: (
        "remove_entrant",
        (2,),
        {"disqualify": True, "reason": "x"},
        {"entrant": 2, "disqualify": True, "reason": "x"},
    ),
    SetTags: ("set_tags", (2, ["eu"]), {}, {"entrant": 2, "tags": ("eu",)}),
    SetSeeds: ("set_seeds", ([2, 1],), {}, {"entrants": (2, 1)}),
    SayReady: ("ready", (3,), {"entrant": 2}, {"match": 3, "entrant": 2}),
    ReportResult: ("report", (3, [(2, 1)]), {}, {"match": 3, "scores": ((2, 1),)}),
    ConfirmResult: ("confirm", (3,), {}, {"match": 3}),
    DisputeResult: (
        "dispute",
        (3,),
        {"note": "no", "evidence": "https://e.org"},
        {"match": 3, "note": "no", "evidence": "https://e.org"},
    ),
    DecideMatch: (
        "decide",
        (3, 2),
        {"scores": [(0, 1)], "note": "x"},
        {"match": 3, "winner": 2, "scores": ((0, 1),), "note": "x"},
    ),
    PickGame: (
        "pick",
        (3, 2, "nuke"),
        {"entrant": 1},
        {"match": 3, "step": 2, "choice": "nuke", "entrant": 1},
    ),
    HoldMatch: ("hold", (3,), {}, {"match": 3}),
    ReleaseMatch: ("release", (3,), {}, {"match": 3}),
    ProposeStart: ("propose_start", (3, 99), {}, {"match": 3, "at": 99}),
    AcceptStart: ("accept_start", (3, 99), {}, {"match": 3, "at": 99}),
    SetWindow: ("set_window", (5,), {}, {"closes_at": 5}),
    SubmitAttempt: ("submit_attempt", (-5,), {"entrant": 2}, {"score": -5, "entrant": 2}),
}
_HOW = {"policy": "keep", "confirm": True, "preview": True}
MENDS: dict[type[StreamCommand], tuple[str, tuple[Any, ...], dict[str, Any], dict[str, Any]]] = {
    CorrectResult: (
        "correct",
        (3, 2),
        {"scores": [(0, 1)], "note": "x", **_HOW},
        {"match": 3, "winner": 2, "scores": ((0, 1),), "note": "x", **_HOW},
    ),
    UndoResult: ("undo", (3,), {"confirm": True}, {"match": 3, "confirm": True}),
    ReinstateEntrant: ("reinstate", (2,), _HOW, {"entrant": 2, **_HOW}),
    CorrectAttempt: (
        "correct_attempt",
        (2, 1, 7),
        {"stage": 1, "preview": True},
        {"entrant": 2, "attempt": 1, "score": 7, "stage": 1, "preview": True},
    ),
}
FOLLOWS = Consequences(policy="keep", fills=(3, 2, -1), void=(3,), kept=(), placed=(2, 0), phase="running")


@pytest.mark.parametrize("command", CALLS, ids=lambda command: command.__name__)
async def test_a_method_sends_its_command(command: type[StreamCommand]) -> None:
    name, args, named, fields = CALLS[command]
    speaker = Speaker()
    answer = await getattr(Tournament(speaker, CUP), name)(*args, **named)
    assert speaker.sent == [command(client_id=client_id(0), stream=CUP, **fields)]
    assert answer.seq == 4


@pytest.mark.parametrize("command", MENDS, ids=lambda command: command.__name__)
async def test_a_correction_tells_what_follows(command: type[StreamCommand]) -> None:
    name, args, named, fields = MENDS[command]
    speaker = Speaker(FOLLOWS)
    assert await getattr(Tournament(speaker, CUP), name)(*args, **named) == FOLLOWS
    assert speaker.sent == [command(client_id=client_id(0), stream=CUP, **fields)]


def test_every_command_has_a_method_and_every_method_a_command() -> None:
    every = {c for c in commands.COMMANDS if issubclass(c, StreamCommand)}
    assert every - {*CALLS, *MENDS} == set(), "give Tournament a method for it, and CALLS how it is called"
    assert {*CALLS, *MENDS} - every == set()
    public = {n for n, _ in inspect.getmembers(Tournament, inspect.isfunction) if not n.startswith("_")}
    assert public - {name for name, *_ in [*CALLS.values(), *MENDS.values()]} == {"subscribe"}


@pytest.mark.parametrize("command", [CreateTournament, ChangeTournament])
def test_every_setting_can_be_given(command: type) -> None:
    settings = set(command.__struct_fields__) - {"client_id", "resend", "stream", "name"}
    assert set(TournamentSettings.__annotations__) == settings
