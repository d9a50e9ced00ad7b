"""Real values of every message of tournaments, each with the map it must be on the wire."""

from __future__ import annotations

from typing import Any, cast

from msgspec import Struct

from protocol.tournament.commands import (
    AcceptEntrant,
    AcceptStart,
    AddEntrants,
    AddPlayer,
    CancelTournament,
    ChangeTournament,
    CheckIn,
    ConfirmResult,
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
    StartTournament,
    SubstitutePlayer,
    UndoResult,
)
from protocol.tournament.events import (
    CheckInOpened,
    EntrantAccepted,
    EntrantCheckedIn,
    EntrantEntered,
    EntrantLeft,
    EntrantPromoted,
    EntrantReinstated,
    MatchCorrected,
    MatchFinished,
    MatchOpened,
    MatchUndone,
    PersonErased,
    RegistrationOpened,
    ResultDisputed,
    ResultReported,
    SeedsSet,
    SideReady,
    StaffSet,
    TournamentCancelled,
    TournamentChanged,
    TournamentCreated,
    TournamentFinished,
    TournamentNotStarted,
    TournamentReopened,
    TournamentStarted,
)
from protocol.tournament.picking import (
    GamePicked,
    MatchHeld,
    MatchReleased,
    MatchScheduled,
    PicksBegun,
    StartProposed,
)
from protocol.tournament.rounds import PickBan, RoundRule
from protocol.tournament.stage import PointsRule, Stage
from protocol.tournament.stage_ends import StageFinished
from protocol.tournament.teams import InvitationEnded, PlayerInvited, RosterChanged
from protocol.tournament.view import MatchView, OwnEntry, StaffMember, TournamentView
from tests.unit.protocol.room_samples import ANN, AT, BOB, CLIENT_ID, TEXT, Map

TOURNAMENT = "tournament:5f0c1a52b4f24f2f9a0c6f1d2e3b4a59"
LINK = "https://example.org/final.png?at=1#x"
_ASK: Map = {"client_id": CLIENT_ID, "stream": TOURNAMENT}


def _plain(value: Any) -> Any:
    return [_plain(part) for part in cast("tuple[Any, ...]", value)] if isinstance(value, tuple) else value


def _of(command: type, **fields: Any) -> tuple[Struct, Map]:
    """A command of these fields, none of which has its default, and its map."""
    tag = str(command.__struct_config__.tag)  # type: ignore[attr-defined]
    return command(**_ASK, **fields), {"t": tag, **_ASK, **{name: _plain(v) for name, v in fields.items()}}


_STAGE = Stage(
    format="round_robin",
    groups=2,
    legs=2,
    draws=True,
    points=PointsRule(win=3.0, draw=1.0),
    tiebreaks=("head_to_head", "game_difference"),
    withdrawals="annul",
    advance=2,
)
_STAGE_MAP: Map = {
    "format": "round_robin",
    "best_of": 1,
    "third_place": False,
    "reset": True,
    "groups": 2,
    "legs": 2,
    "draws": True,
    "points": {"win": 3.0, "draw": 1.0, "loss": 0.0},
    "tiebreaks": ["head_to_head", "game_difference"],
    "withdrawals": "annul",
    "advance": 2,
}
_RULES = (
    RoundRule(),
    RoundRule(
        part="losers",
        round=2,
        best_of=3,
        picks=PickBan(pool=("dust2", "Nuke-1"), steps=("ban a", "decider"), step_s=1),
        window_s=60,
    ),
)
_RULES_MAP: list[Map] = [
    {"part": None, "round": None, "best_of": None, "picks": None, "window_s": 0},
    {
        "part": "losers",
        "round": 2,
        "best_of": 3,
        "picks": {"pool": ["dust2", "Nuke-1"], "steps": ["ban a", "decider"], "step_s": 1},
        "window_s": 60,
    },
]
_CHOSEN: Map = {
    "name": TEXT,
    "description": TEXT,
    "game": "chess-960",
    "platform": "web",
    "region": "europe",
    "format": "double_elimination",
    "third_place": True,
    "reset": False,
    "best_of": 3,
    "entrants_max": 2,
    "visibility": "invited",
    "entry": "listed",
    "ready_s": 0,
    "confirm_s": 1,
    "team_min": 1,
    "team_max": 5,
    "substitutes": 2,
    "play_s": 2_592_000,
    "registration_at": AT,
    "check_in_at": AT + 1,
    "start_at": 2**53 - 1,
}
CLIENT: list[tuple[Struct, Map]] = [
    (
        CreateTournament(client_id=CLIENT_ID, name="Cup"),
        {"t": "tournament.create", "client_id": CLIENT_ID, "name": "Cup"},
    ),
    (
        CreateTournament(client_id=CLIENT_ID, **_CHOSEN),
        {"t": "tournament.create", "client_id": CLIENT_ID, **_CHOSEN},
    ),
    _of(ChangeTournament, **_CHOSEN),
    _of(ChangeTournament, start_at=0),
    _of(SetStaff, user=BOB, role="referee"),
    _of(SetStaff, user=BOB, role=None),
    _of(OpenRegistration),
    _of(OpenCheckIn),
    _of(StartTournament),
    _of(CancelTournament),
    _of(CancelTournament, reason=TEXT),
    _of(EnterTournament, resend=True),
    _of(LeaveTournament),
    _of(CheckIn),
    _of(CheckIn, entrant=8192),
    (
        AddEntrants(**_ASK, entrants=(NewEntrant(user=BOB), NewEntrant(name=TEXT))),
        {
            "t": "tournament.add_entrants",
            **_ASK,
            "entrants": [
                {"user": BOB, "name": None, "roster": []},
                {"user": None, "name": TEXT, "roster": []},
            ],
        },
    ),
    _of(AcceptEntrant, entrant=1),
    _of(RemoveEntrant, entrant=1),
    _of(RemoveEntrant, entrant=1, disqualify=True, reason=TEXT),
    _of(SetSeeds, entrants=(2, 1)),
    _of(SayReady, match=1),
    _of(SayReady, match=2**53 - 1, entrant=2),
    _of(ReportResult, match=1, scores=((16, 3), (0, 1_000_000))),
    _of(ConfirmResult, match=1),
    _of(DisputeResult, match=1),
    _of(DisputeResult, match=1, note=TEXT, evidence=LINK),
    _of(DecideMatch, match=1, winner=0),
    _of(DecideMatch, match=1, winner=2, scores=((1, 2),), note=TEXT),
    _of(CorrectResult, match=1, winner=0),
    _of(
        CorrectResult,
        match=1,
        winner=2,
        scores=((1, 2),),
        note=TEXT,
        policy="keep",
        confirm=True,
        preview=True,
    ),
    _of(EnterTournament, name=TEXT),
    _of(InvitePlayer, user=BOB),
    _of(JoinTeam, entrant=1),
    _of(AddPlayer, entrant=1, user=BOB),
    _of(RemovePlayer, entrant=1, user=BOB),
    _of(SubstitutePlayer, match=1, player=BOB, substitute=ANN),
    _of(SubstitutePlayer, match=1, player=BOB, substitute=ANN, entrant=2),
    _of(PickGame, match=1, step=1, choice="dust2"),
    _of(PickGame, match=1, step=32, choice="first", entrant=2),
    _of(HoldMatch, match=1),
    _of(ReleaseMatch, match=1),
    _of(ProposeStart, match=1, at=AT),
    _of(AcceptStart, match=1, at=AT),
    (
        ChangeTournament(**_ASK, rounds=_RULES),
        {"t": "tournament.change", **_ASK, "rounds": _RULES_MAP},
    ),
    _of(ChangeTournament, rounds=()),
    (
        ChangeTournament(**_ASK, stages=(_STAGE,)),
        {"t": "tournament.change", **_ASK, "stages": [_STAGE_MAP]},
    ),
    _of(ChangeTournament, stages=()),
    _of(DecideMatch, match=1, winner=0, draw=True),
    _of(UndoResult, match=1),
    _of(UndoResult, match=1, confirm=True, preview=True),
    _of(ReinstateEntrant, entrant=1),
    _of(ReinstateEntrant, entrant=1, policy="reset", confirm=True, preview=True),
]


def _event(kind: str, payload: Struct, **fields: Any) -> tuple[str, Struct, Map]:
    """An event whose payload is built from these fields, all it has."""
    return f"tournament.{kind}", payload, {name: _plain(value) for name, value in fields.items()}


_NO_SETTINGS: Map = {**dict.fromkeys(_CHOSEN), "rounds": None, "stages": None}
_OPENED: Map = {
    "match": 1,
    "part": "losers",
    "round": 2,
    "group": 1,
    "a": 3,
    "b": 4,
    "ready_a": False,
    "ready_b": True,
    "until": AT,
    "latest": AT + 1,
    "play_until": AT,
}
_FINISHED: Map = {
    "match": 1,
    "winner": 3,
    "loser": 4,
    "kind": "played",
    "scores": [[2, 1]],
    "note": TEXT,
    "fills": [2, 3, -1],
    "later": [2],
    "placed": [4, 5],
}
_CORRECTED: Map = {
    "match": 1,
    "winner": 4,
    "loser": 3,
    "kind": "decided",
    "policy": "reset",
    "done": 2,
    "scores": [[1, 2]],
    "note": TEXT,
    "fills": [2, 4, -1],
    "placed": [4, 0, 3, 5],
}
EVENTS: list[tuple[str, Struct, Map]] = [
    (
        "tournament.created",
        TournamentCreated(**_CHOSEN, stages=(_STAGE,), rounds=_RULES),
        {**_CHOSEN, "stages": [_STAGE_MAP], "rounds": _RULES_MAP},
    ),
    _event("stage_finished", StageFinished(stage=1, advance=2), stage=1, advance=2),
    ("tournament.changed", TournamentChanged(best_of=5), {**_NO_SETTINGS, "best_of": 5}),
    _event("staff_set", StaffSet(user=BOB, role="streamer"), user=BOB, role="streamer"),
    _event("registration_opened", RegistrationOpened()),
    _event("check_in_opened", CheckInOpened()),
    _event(
        "started",
        TournamentStarted(engine=1, draw="9", count=2, checked_in=1),
        engine=1,
        draw="9",
        count=2,
        checked_in=1,
    ),
    _event("not_started", TournamentNotStarted(count=1), count=1),
    _event("cancelled", TournamentCancelled(reason=TEXT), reason=TEXT),
    _event("finished", TournamentFinished(entrants=(2, 1), places=(1, 2)), entrants=(2, 1), places=(1, 2)),
    _event(
        "entered",
        EntrantEntered(entrant=1, status="entered", count=1, checked_in=0, user=ANN),
        entrant=1,
        status="entered",
        count=1,
        checked_in=0,
        user=ANN,
        name=None,
        roster=(),
    ),
    _event(
        "accepted",
        EntrantAccepted(entrant=1, status="waiting", count=2),
        entrant=1,
        status="waiting",
        count=2,
    ),
    _event(
        "promoted",
        EntrantPromoted(entrant=1, count=2, checked_in=1, user=ANN),
        entrant=1,
        count=2,
        checked_in=1,
        user=ANN,
    ),
    _event(
        "left",
        EntrantLeft(
            entrant=1,
            status="removed",
            was="waiting",
            count=2,
            checked_in=1,
            stage=2,
            forfeits_from=9,
            reason=TEXT,
        ),
        entrant=1,
        status="removed",
        was="waiting",
        count=2,
        checked_in=1,
        stage=2,
        forfeits_from=9,
        reason=TEXT,
    ),
    _event("checked_in", EntrantCheckedIn(entrant=1, checked_in=1), entrant=1, checked_in=1),
    _event("seeded", SeedsSet(entrants=(2, 1)), entrants=(2, 1)),
    ("tournament.match_opened", MatchOpened(**_OPENED), _OPENED),
    _event(
        "side_ready",
        SideReady(match=1, entrant=3, ready_a=True, ready_b=True, play_until=AT),
        match=1,
        entrant=3,
        ready_a=True,
        ready_b=True,
        play_until=AT,
    ),
    _event(
        "reported",
        ResultReported(match=1, entrant=3, winner=3, scores=((2, 1), (2, 0)), until=AT),
        match=1,
        entrant=3,
        winner=3,
        scores=((2, 1), (2, 0)),
        until=AT,
    ),
    _event(
        "disputed",
        ResultDisputed(match=1, entrant=4, note=TEXT, evidence=LINK),
        match=1,
        entrant=4,
        scores=(),
        note=TEXT,
        evidence=LINK,
    ),
    (
        "tournament.match_finished",
        MatchFinished(
            match=1,
            winner=3,
            loser=4,
            kind="played",
            scores=((2, 1),),
            note=TEXT,
            fills=(2, 3, -1),
            later=(2,),
            placed=(4, 5),
        ),
        _FINISHED,
    ),
    (
        "tournament.match_corrected",
        MatchCorrected(
            match=1,
            winner=4,
            loser=3,
            kind="decided",
            policy="reset",
            done=2,
            scores=((1, 2),),
            note=TEXT,
            fills=(2, 4, -1),
            placed=(4, 0, 3, 5),
        ),
        _CORRECTED,
    ),
    _event(
        "match_undone",
        MatchUndone(match=1, done=1, fills=(1, 3, 4, 2, -1, -1), placed=(4, 0)),
        match=1,
        done=1,
        fills=(1, 3, 4, 2, -1, -1),
        placed=(4, 0),
    ),
    _event("reinstated", EntrantReinstated(entrant=1, was="left"), entrant=1, was="left"),
    _event("reopened", TournamentReopened()),
    _event(
        "player_invited",
        PlayerInvited(entrant=1, user=BOB, invited=(ANN, BOB)),
        entrant=1,
        user=BOB,
        invited=(ANN, BOB),
    ),
    _event("invitation_ended", InvitationEnded(entrant=1, user=BOB), entrant=1, user=BOB, invited=()),
    _event(
        "roster_changed",
        RosterChanged(entrant=1, roster=(ANN,), joined=ANN, left=BOB, match=1, until=AT),
        entrant=1,
        roster=(ANN,),
        invited=(),
        joined=ANN,
        left=BOB,
        match=1,
        until=AT,
    ),
    _event("picks_begun", PicksBegun(match=1, until=AT), match=1, until=AT),
    _event(
        "picked",
        GamePicked(match=1, entrant=2, picks=(3, 1), until=AT, play_until=AT),
        match=1,
        entrant=2,
        picks=(3, 1),
        until=AT,
        play_until=AT,
    ),
    _event("held", MatchHeld(match=1, left=500), match=1, left=500),
    _event("released", MatchReleased(match=1, until=AT), match=1, until=AT),
    _event("start_proposed", StartProposed(match=1, entrant=2, start=AT), match=1, entrant=2, start=AT),
    _event("scheduled", MatchScheduled(match=1, until=AT), match=1, until=AT),
    _event("person_erased", PersonErased(user=BOB), user=BOB),
]

_MATCH: Map = {
    "match": 7,
    "part": "winners",
    "round": 1,
    "group": 1,
    "phase": "reported",
    "a": 1,
    "b": 2,
    "user_a": ANN,
    "user_b": None,
    "ready_a": True,
    "ready_b": True,
    "until": AT,
    "reported_by": 1,
    "winner": 0,
    "kind": None,
    "held": True,
    "latest": AT,
    "proposed_by": 2,
    "proposed_at": AT,
}
_SETTINGS: Map = {name: value for name, value in _CHOSEN.items() if name not in ("name", "description")}
_STATE: Map = {
    "tournament": TOURNAMENT,
    "phase": "running",
    "owner": ANN,
    **_SETTINGS,
    "entered": 4,
    "checked_in": 3,
    "waiting": 2,
    "pending": 1,
    "matches": 3,
    "matches_done": 1,
    "entrants": [],
    "places": [],
    "role": "organiser",
}
_SHOWN = MatchView(**_MATCH, scores=((2, 1),), picks=(1, 2))
VIEW = TournamentView(
    **_STATE,
    stages=(_STAGE,),
    rounds=_RULES,
    staff=[StaffMember(user=BOB, role="referee")],
    current=[_SHOWN],
    own=OwnEntry(
        entrant=1, status="entered", checked_in=True, match=_SHOWN, roster=(ANN, BOB), invited=(BOB,)
    ),
)
VIEW_MAP: Map = {
    **_STATE,
    "stages": [_STAGE_MAP],
    "rounds": _RULES_MAP,
    "staff": [{"user": BOB, "role": "referee"}],
    "current": [{**_MATCH, "scores": [[2, 1]], "picks": [1, 2]}],
    "own": {
        "entrant": 1,
        "status": "entered",
        "checked_in": True,
        "match": {**_MATCH, "scores": [[2, 1]], "picks": [1, 2]},
        "roster": [ANN, BOB],
        "invited": [BOB],
    },
}
