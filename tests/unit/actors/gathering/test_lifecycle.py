"""How a gathering is made, changed, staffed, goes from phase to phase, is cancelled, removed and left by the erased."""

from __future__ import annotations

from typing import Any

import pytest

from actors.creation import Creation
from actors.gathering.kind import GatheringKind
from actors.kind import Accept, FactKey, Refuse
from protocol import limits
from protocol.codes import Code
from protocol.gathering.commands import (
    AdvanceGathering,
    AttachCompetition,
    CancelGathering,
    ChangeGathering,
    CloseGathering,
    DetachCompetition,
    EraseGatheringPerson,
    OpenGatheringCheckIn,
    OpenGatheringRegistration,
    RegisterPlayer,
    RemoveGathering,
    RemoveGatheringPlayer,
    RestoreGathering,
    SetGatheringStaff,
    TransferGathering,
)
from protocol.ids import SYSTEM
from protocol.tournament.commands import (
    EnterTournament,
    OpenRegistration,
    SetStaff,
    StartTournament,
)
from protocol.tournament.ownership import RemoveTournament, RestoreTournament
from tests.unit.actors.gathering.fair import MISSING, Fair, draft, refused, registering
from tests.unit.actors.tournament.cup import KEY, ORGANISER, OWNER, STRANGER, P


def test_a_gathering_is_made_as_a_draft_with_what_was_chosen() -> None:
    fair = Fair()
    fair.people[FactKey("lookup", "game chess")] = {}
    made = fair.create(games=("chess",), players_max=9, visibility="unlisted", description="x")
    assert isinstance(made, Accept)
    shown = fair.view(OWNER)
    assert (shown.phase, shown.owner, shown.games, shown.players_max) == ("draft", OWNER, ("chess",), 9)
    assert (shown.role, fair.view().role) == ("organiser", None)
    row = fair.row("gathering")
    assert (row["name"], row["description"], row["games"], row["visibility"]) == (
        "Fair",
        "x",
        ["chess"],
        "unlisted",
    )
    refused(fair.create(), Code.ALREADY_EXISTS)


def test_what_does_not_fit_makes_no_gathering() -> None:
    fair = Fair()
    refused(fair.create(games=("chess",)), Code.NOT_FOUND, "games")
    fair.people[FactKey("lookup", "game chess")] = {}
    refused(fair.create(games=("chess", "chess")), Code.INVALID, "games")
    refused(fair.create(registration_at=9, check_in_at=8), Code.INVALID, "check_in_at")
    refused(fair.create(registration_at=9, closes_at=9), Code.INVALID, "closes_at")
    refused(fair.create("tournament:" + "1" * 32), Code.FORBIDDEN)
    refused(fair.send(ChangeGathering, OWNER, name="x"), Code.NOT_FOUND)
    assert not fair.log


def test_an_operator_makes_one_that_nobody_owns() -> None:
    fair = Fair()
    assert isinstance(fair.create(KEY), Accept)
    assert fair.fair.owner is None
    fair.done(TransferGathering, KEY, user=P[1])
    assert (fair.fair.owner, fair.row("gathering")["owner"]) == (P[1], P[1])


def test_who_may_create_tournaments_may_create_gatherings() -> None:
    fair = Fair()
    fair.kind = GatheringKind(Creation(creators="keys"))
    refused(fair.create(), Code.FORBIDDEN)
    fair.kind = GatheringKind(Creation(unfinished_max=1))
    fair.people[FactKey("organised", OWNER)] = {"verified": False, "unfinished": 1, "created": []}
    assert "gatherings" in refused(fair.create(), Code.TOO_MANY)


def test_settings_are_changed_and_times_taken_away() -> None:
    fair = draft(registration_at=5_000, closes_at=9_000)
    fair.done(ChangeGathering, ORGANISER, name="Other", players_max=3, closes_at=0)
    assert fair.kind.due(fair.state) == 5_000
    row = fair.row("gathering")
    assert (row["name"], row["players_max"], row["closes_at"]) == ("Other", 3, None)
    refused(fair.send(ChangeGathering, ORGANISER), Code.INVALID)
    refused(fair.send(ChangeGathering, P[1], name="x"), Code.FORBIDDEN)
    fair.done(OpenGatheringRegistration)
    refused(fair.send(ChangeGathering, OWNER, registration_at=0), Code.WRONG_PHASE, "registration_at")
    fair.register(P[1])
    fair.register(P[2])
    refused(fair.send(ChangeGathering, OWNER, players_max=1), Code.INVALID, "players_max")


def test_its_times_open_and_close_it() -> None:
    fair = draft(registration_at=5_000, check_in_at=6_000, closes_at=7_000)
    phases = []
    for at in (5_000, 6_000, 7_000):
        assert fair.kind.due(fair.state) == at
        fair.fire(at)
        phases.append(fair.fair.phase)
    assert phases == ["registration", "check_in", "closed"]
    assert fair.kind.due(fair.state) is None
    refused(fair.send(AdvanceGathering, SYSTEM), Code.FORBIDDEN)
    refused(fair.send(AdvanceGathering, OWNER), Code.NOT_FOUND)


def test_times_that_passed_together_are_done_together() -> None:
    fair = draft(registration_at=5_000, check_in_at=6_000, closes_at=7_000)
    fair.fire(9_000)
    assert fair.fair.phase == "closed"


@pytest.mark.parametrize(
    ("command", "phases"),
    [
        (OpenGatheringRegistration, ["draft", "check_in", "closed"]),
        (OpenGatheringCheckIn, ["draft", "registration", "closed"]),
        (CloseGathering, ["registration", "check_in"]),
        (CancelGathering, ["draft", "registration", "check_in", "closed"]),
        (RemoveGathering, ["draft", "closed", "cancelled"]),
    ],
)
def test_phases_allow_what_they_allow(command: type, phases: list[str]) -> None:
    ways: dict[str, tuple[type, ...]] = {
        "draft": (),
        "registration": (OpenGatheringRegistration,),
        "check_in": (OpenGatheringCheckIn,),
        "closed": (OpenGatheringRegistration, CloseGathering),
        "cancelled": (CancelGathering,),
    }
    allowed = []
    for phase, way in ways.items():
        fair = draft()
        for step in way:
            fair.done(step)
        assert fair.fair.phase == phase
        decision = fair.send(command, OWNER)
        if isinstance(decision, Accept):
            allowed.append(phase)
        else:
            assert isinstance(decision, Refuse) and decision.code is Code.WRONG_PHASE
    assert allowed == phases


def test_cancelling_cancels_what_has_not_started_and_nothing_else() -> None:
    fair, a, b = registering()
    for player in P[1:3]:
        fair.register(player, a)
    fair.cups[a].done(StartTournament)
    fair.done(CancelGathering, ORGANISER, reason="rain")
    assert [fair.cups[one].cup.phase for one in (a, b)] == ["running", "cancelled"]
    assert (fair.row("gathering")["reason"], fair.kind.due(fair.state)) == ("rain", None)
    fair.withdraw(P[1])
    assert fair.status(a, P[1]) == "left"


# --- competitions ------------------------------------------------------------------------------------------


def test_a_tournament_knows_its_gathering() -> None:
    fair = draft()
    a = fair.attached(1)
    cup = fair.cups[a]
    assert (cup.cup.gathering, cup.row("tournament")["gathering"]) == (fair.stream, fair.stream)
    assert fair.view().tournaments == (a,)
    refused(fair.send(AttachCompetition, OWNER, tournament=a), Code.ALREADY_EXISTS, "tournament")
    fair.done(DetachCompetition, tournament=a)
    assert (cup.cup.gathering, cup.row("tournament")["gathering"]) == (None, None)
    assert not fair.has_row("gathering_competition", a)
    refused(fair.send(DetachCompetition, OWNER, tournament=a), Code.NOT_FOUND, "tournament")
    fair.done(AttachCompetition, tournament=a)
    assert (cup.cup.gathering, len(fair.fair.competitions)) == (fair.stream, 1)


def test_what_cannot_be_a_competition_is_refused() -> None:
    fair = draft()
    head = len(fair.log)
    strange = fair.cup_of(1, owner=STRANGER)
    refused(fair.send(AttachCompetition, OWNER, tournament=strange), Code.FORBIDDEN, "tournament")
    refused(fair.send(AttachCompetition, STRANGER, tournament=strange), Code.FORBIDDEN)
    refused(fair.send(AttachCompetition, OWNER, tournament=MISSING), Code.NOT_FOUND, "tournament")
    refused(fair.send(AttachCompetition, KEY, tournament=strange), Code.FORBIDDEN)
    teams = fair.cup_of(2, team_min=1, team_max=2)
    invited = fair.cup_of(3, visibility="invited", entry="listed")
    entered = fair.cup_of(4)
    fair.cups[entered].done(OpenRegistration)
    fair.cups[entered].done(EnterTournament, P[1])
    for one in (teams, invited, entered):
        refused(fair.send(AttachCompetition, OWNER, tournament=one), Code.INVALID, "tournament")
    assert len(fair.log) == head


def test_the_tournament_has_the_last_word() -> None:
    """What storage told may be of a moment before."""
    fair = draft()
    a = fair.cup_of(1)
    assert isinstance(fair.send(AttachCompetition, OWNER, tournament=a), Accept)
    other = "gathering:" + "2" * 32
    join = fair.effects()[-1]
    assert isinstance(fair.cups[a].do(join, other), Accept)
    (decision,) = fair.settle()
    assert isinstance(decision, Refuse) and decision.code is Code.ALREADY_EXISTS
    fair.done(OpenGatheringRegistration)
    refused(fair.send(RegisterPlayer, P[1], tournaments=(a,)), Code.NOT_FOUND, "tournaments")


@pytest.mark.parametrize(
    "fields", [{"team_min": 1, "team_max": 2}, {"visibility": "invited", "entry": "listed"}]
)
def test_a_tournament_that_does_not_fit_does_not_join(fields: dict[str, Any]) -> None:
    fair = draft()
    a, teams = fair.cup_of(1), fair.cup_of(2, **fields)
    fair.done(AttachCompetition, tournament=a)
    decision = fair.cups[teams].do(fair.effects()[-1], fair.stream)
    assert isinstance(decision, Refuse) and decision.code is Code.INVALID


def test_an_organiser_who_is_none_any_more_brings_no_tournament() -> None:
    fair = draft()
    a = fair.cup_of(1, owner=STRANGER)
    fair.cups[a].done(SetStaff, STRANGER, user=OWNER, role="organiser")
    assert isinstance(fair.send(AttachCompetition, OWNER, tournament=a), Accept)
    fair.cups[a].done(SetStaff, STRANGER, user=OWNER, role=None)
    (decision,) = fair.settle()
    assert isinstance(decision, Refuse) and decision.code is Code.FORBIDDEN


def test_competitions_are_limited() -> None:
    fair = draft()
    for number in range(1, limits.GATHERING_COMPETITIONS_MAX + 1):
        fair.attached(number)
    one_more = fair.cup_of(99)
    refused(fair.send(AttachCompetition, OWNER, tournament=one_more), Code.TOO_MANY)


def test_a_competition_that_was_removed_is_moved_all_the_same() -> None:
    fair, a, _ = registering()
    fair.register(P[1], a)
    fair.cups[a].done(RemoveTournament)
    refused(fair.send(RegisterPlayer, P[2], tournaments=(a,)), Code.NOT_FOUND, "tournaments")
    fair.withdraw(P[1])
    fair.cups[a].done(RestoreTournament)
    assert fair.status(a, P[1]) == "left"


# --- whose it is -------------------------------------------------------------------------------------------


def test_the_owner_gives_it_to_an_organiser() -> None:
    fair = draft()
    refused(fair.send(TransferGathering, OWNER, user=P[1]), Code.INVALID, "user")
    refused(fair.send(TransferGathering, ORGANISER, user=ORGANISER), Code.FORBIDDEN)
    fair.done(TransferGathering, user=ORGANISER)
    assert (fair.fair.owner, fair.fair.staff) == (ORGANISER, {OWNER: "organiser"})
    assert fair.row("gathering_staff", OWNER)["role"] == "organiser"
    fair.done(SetGatheringStaff, ORGANISER, user=OWNER, role=None)
    assert not fair.has_row("gathering_staff", OWNER)


def test_a_removed_gathering_is_none_until_its_owner_restores_it() -> None:
    fair = draft(registration_at=5_000)
    fair.done(RemoveGathering)
    assert fair.headers()[-1].revokes == ("*",) and fair.has_row("listener", "!")
    refused(fair.send(ChangeGathering, OWNER, name="x"), Code.NOT_FOUND)
    refused(fair.send(RestoreGathering, ORGANISER), Code.NOT_FOUND)
    assert fair.kind.due(fair.state) is None
    fair.done(RestoreGathering)
    assert not fair.has_row("listener", "!") and fair.kind.due(fair.state) == 5_000
    refused(fair.send(RestoreGathering, OWNER), Code.ALREADY_EXISTS)


# --- who is erased -----------------------------------------------------------------------------------------


def test_whoever_is_erased_withdraws_and_leaves_no_text() -> None:
    fair, a, b = registering(description="x")
    fair.register(P[1], a, b)
    fair.register(P[2], a)
    fair.done(RemoveGatheringPlayer, OWNER, player=2, reason="late")
    fair.done(EraseGatheringPerson, SYSTEM, user=P[1])
    assert [fair.status(one, P[1]) for one in (a, b)] == ["left", "left"]
    fair.done(CancelGathering, OWNER, reason="rain")
    texts = tuple(
        int(key.key) for key, row in fair.rows.items() if key.table == "authored" and row["author"] == OWNER
    )
    assert len(texts) == 3
    fair.done(EraseGatheringPerson, SYSTEM, user=OWNER, events=texts)
    row = fair.row("gathering")
    assert (row["name"], row["description"], row["reason"]) == (None, None, None)
    assert fair.row("gathering_player", P[2])["reason"] is None
    assert (fair.fair.owner, row["owner"], fair.row("gathering_staff", ORGANISER)["role"]) == (
        ORGANISER,
        ORGANISER,
        "owner",
    )
    assert not any(P[1] in key.key for key in fair.rows)
    assert (fair.fair.registered, P[1] in fair.fair.users) == (0, False)
    head = len(fair.log)
    fair.done(EraseGatheringPerson, SYSTEM, user=P[1])
    assert len(fair.log) == head
    assert fair.refolded() == (fair.state, fair.rows)
    refused(fair.send(EraseGatheringPerson, P[2], user=P[1]), Code.NOT_FOUND)
