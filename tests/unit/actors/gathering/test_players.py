"""One registration becomes an entry in each chosen competition, and one check-in counts for all."""

from __future__ import annotations

import pytest

from actors.kind import Accept, Refuse
from protocol import limits
from protocol.codes import Code
from protocol.gathering.commands import (
    CheckInPlayer,
    ChooseCompetitions,
    CloseGathering,
    DetachCompetition,
    OpenGatheringRegistration,
    RegisterPlayer,
    RemoveGatheringPlayer,
    WithdrawPlayer,
)
from protocol.tournament.commands import (
    AddEntrants,
    CancelTournament,
    ChangeTournament,
    EnterTournament,
    NewEntrant,
    OpenCheckIn,
    OpenRegistration,
    RemoveEntrant,
    StartTournament,
)
from tests.unit.actors.gathering.fair import MISSING, draft, refused, registering
from tests.unit.actors.tournament.cup import KEY, ORGANISER, OWNER, P
from tests.unit.actors.tournament.cup import refused as refused_by_cup


def test_a_registration_is_an_entry_in_each_chosen_competition() -> None:
    fair, a, b = registering()
    c = fair.attached(3)
    fair.register(P[1], a, b)
    assert [fair.status(one, P[1]) for one in (a, b, c)] == ["entered", "entered", None]
    assert fair.view(P[1]).own is not None
    assert (fair.view().registered, fair.row("gathering")["registered"]) == (1, 1)
    assert fair.row("gathering_player", P[1])["tournaments"] == [a, b]


def test_what_is_chosen_later_is_entered_and_what_is_dropped_is_left() -> None:
    fair, a, b = registering()
    fair.register(P[1], a)
    fair.choose(P[1], b)
    assert [fair.status(one, P[1]) for one in (a, b)] == ["left", "entered"]
    fair.choose(P[1], b, a)
    assert [fair.status(one, P[1]) for one in (a, b)] == ["entered", "entered"]
    assert fair.cups[a].cup.entered == 1
    fair.choose(P[1])
    assert [fair.status(one, P[1]) for one in (a, b)] == ["left", "left"]


def test_commands_that_come_twice_change_nothing() -> None:
    fair, a, b = registering()
    fair.register(P[1], a, b)
    fair.open_check_in()
    fair.check_in(P[1])
    heads = {one: len(fair.cups[one].log) for one in (a, b)}
    for command in fair.effects():
        decision = fair.cups[command.stream].do(command, fair.stream)
        assert isinstance(decision, Accept) and not decision.events
    assert {one: len(fair.cups[one].log) for one in (a, b)} == heads
    fair.withdraw(P[1])
    last = fair.effects()[-1]
    again = fair.cups[last.stream].do(last, fair.stream)
    assert isinstance(again, Accept) and not again.events


def test_one_check_in_counts_in_all_competitions_also_in_those_that_come_later() -> None:
    fair, a, b = registering()
    fair.register(P[1], a)
    refused(fair.send(CheckInPlayer, P[1]), Code.WRONG_PHASE)
    fair.open_check_in()
    fair.check_in(P[1])
    refused(fair.send(CheckInPlayer, P[1]), Code.ALREADY_EXISTS)
    fair.done(OpenGatheringRegistration)
    fair.choose(P[1], a, b)
    for one in (a, b):
        entrant = fair.cups[one].cup.entrant_of(P[1])
        assert entrant is not None and entrant.checked_in
    assert (fair.view().checked_in, fair.row("gathering")["checked_in"]) == (1, 1)
    assert fair.row("gathering_player", P[1])["checked_in"]


def test_who_has_not_checked_in_is_dropped_by_the_competition() -> None:
    fair, a, _ = registering()
    for player in P[1:4]:
        fair.register(player, a)
    fair.open_check_in()
    fair.check_in(P[1], P[2])
    cup = fair.cups[a]
    cup.done(OpenCheckIn)
    cup.done(StartTournament)
    assert cup.statuses() == ["entered", "entered", "dropped"]


def test_waitlists_are_those_of_the_competitions() -> None:
    fair = draft()
    a = fair.attached(1, entrants_max=2)
    fair.done(OpenGatheringRegistration)
    for player in P[1:4]:
        fair.register(player, a)
    assert fair.status(a, P[3]) == "waiting"
    fair.withdraw(P[1])
    fair.cups[a].settle()
    assert fair.status(a, P[3]) == "entered"


def test_withdrawing_leaves_whatever_is_not_over() -> None:
    fair, a, b = registering()
    fair.register(P[1], a, b)
    fair.register(P[2], a, b)
    fair.register(P[3], a, b)
    over, going = fair.cups[a], fair.cups[b]
    over.done(CancelTournament)
    going.done(StartTournament)
    going.settle()
    fair.done(CloseGathering)
    fair.withdraw(P[1])
    assert over.statuses()[0] == "entered"
    assert going.statuses()[0] == "left"
    assert next(m.kind for m in going.matches if 1 in (m.a, m.b)) in ("forfeit", "bye")
    assert (fair.fair.registered, fair.row("gathering_player", P[1])["status"]) == (2, "withdrawn")
    refused(fair.send(WithdrawPlayer, P[1]), Code.FORBIDDEN)


def test_who_comes_back_keeps_their_number_and_has_to_check_in_again() -> None:
    fair, a, _ = registering()
    fair.register(P[1], a)
    fair.register(P[2], a)
    fair.done(CheckInPlayer, ORGANISER, player=1)
    fair.withdraw(P[1])
    assert (fair.fair.registered, fair.fair.checked_in) == (1, 0)
    fair.register(P[1], a)
    own = fair.view(P[1]).own
    assert own is not None and (own.player, own.checked_in) == (1, False)
    assert fair.cups[a].statuses() == ["entered", "entered"]
    entrant = fair.cups[a].cup.entrant_of(P[1])
    assert entrant is not None and not entrant.checked_in


def test_a_competition_that_has_started_meanwhile_refuses_and_its_rows_say_so() -> None:
    fair, a, b = registering()
    for player in P[1:3]:
        fair.register(player, a)
    sent = fair.send(RegisterPlayer, P[3], tournaments=(a, b))
    assert isinstance(sent, Accept)
    fair.cups[a].done(StartTournament)
    late, entered = fair.settle()
    assert isinstance(late, Refuse) and late.code is Code.WRONG_PHASE
    assert isinstance(entered, Accept)
    assert (fair.status(a, P[3]), fair.status(b, P[3])) == (None, "entered")
    refused(fair.send(RegisterPlayer, P[4], tournaments=(a,)), Code.WRONG_PHASE, "tournaments")


def test_people_enter_a_competition_by_its_gathering_alone() -> None:
    fair, a, _ = registering()
    cup = fair.cups[a]
    cup.done(OpenRegistration)
    assert "gathering" in refused_by_cup(cup, cup.send(EnterTournament, P[1]), Code.FORBIDDEN)
    new = (NewEntrant(user=P[1]),)
    refused_by_cup(cup, cup.send(AddEntrants, OWNER, entrants=new), Code.FORBIDDEN)
    refused_by_cup(cup, cup.send(ChangeTournament, OWNER, entry="open"), Code.INVALID, "entry")
    refused_by_cup(cup, cup.send(ChangeTournament, OWNER, team_min=1, team_max=2), Code.INVALID, "team_max")
    assert (cup.view().entry, cup.view().gathering) == ("listed", fair.stream)


def test_only_its_gathering_moves_people_of_a_competition() -> None:
    fair, a, _ = registering()
    fair.register(P[1], a)
    stranger = "gathering:" + "2" * 32
    for command in fair.effects():
        refused_by_cup(fair.cups[a], fair.cups[a].do(command, KEY), Code.NOT_FOUND)
    for command in fair.effects()[2:]:
        refused_by_cup(fair.cups[a], fair.cups[a].do(command, stranger), Code.NOT_FOUND)


def test_whom_a_tournament_has_disqualified_does_not_come_back() -> None:
    fair, a, b = registering()
    fair.register(P[1], a, b)
    fair.cups[a].done(RemoveEntrant, entrant=1, disqualify=True)
    fair.choose(P[1], b)
    fair.choose(P[1], a, b)
    assert (fair.status(a, P[1]), fair.status(b, P[1])) == ("disqualified", "entered")


def test_staff_remove_and_bar_players() -> None:
    fair, a, _ = registering()
    fair.register(P[1], a)
    fair.done(RemoveGatheringPlayer, ORGANISER, player=1, reason="late")
    assert (fair.status(a, P[1]), fair.row("gathering_player", P[1])["reason"]) == ("left", "late")
    refused(fair.send(RemoveGatheringPlayer, ORGANISER, player=1), Code.ALREADY_EXISTS, "player")
    fair.register(P[1], a)
    fair.done(RemoveGatheringPlayer, ORGANISER, player=1, bar=True)
    refused(fair.send(RegisterPlayer, P[1]), Code.FORBIDDEN)
    refused(fair.send(RemoveGatheringPlayer, P[2], player=1), Code.FORBIDDEN)
    refused(fair.send(RemoveGatheringPlayer, ORGANISER, player=2), Code.NOT_FOUND, "player")


def test_a_full_gathering_takes_nobody() -> None:
    fair, a, _ = registering(players_max=1)
    fair.register(P[1], a)
    refused(fair.send(RegisterPlayer, P[2], tournaments=(a,)), Code.TOO_MANY)
    fair.withdraw(P[1])
    fair.register(P[2], a)


def test_what_cannot_be_chosen_is_refused_and_changes_nothing() -> None:
    fair, a, b = registering()
    head = len(fair.log)
    refused(fair.send(RegisterPlayer, P[1], tournaments=(a, a)), Code.INVALID, "tournaments")
    refused(fair.send(RegisterPlayer, P[1], tournaments=(MISSING,)), Code.NOT_FOUND, "tournaments")
    refused(fair.send(RegisterPlayer, KEY, tournaments=(a,)), Code.FORBIDDEN)
    refused(fair.send(ChooseCompetitions, P[1], tournaments=(a,)), Code.FORBIDDEN)
    refused(fair.send(CheckInPlayer, P[1], player=1), Code.FORBIDDEN)
    refused(
        fair.send(CheckInPlayer, ORGANISER, player=limits.GATHERING_ENTRIES_MAX), Code.NOT_FOUND, "player"
    )
    assert len(fair.log) == head
    fair.register(P[1], a)
    refused(fair.send(RegisterPlayer, P[1], tournaments=(a,)), Code.ALREADY_EXISTS)
    refused(fair.send(ChooseCompetitions, P[1], tournaments=(a,)), Code.ALREADY_EXISTS, "tournaments")
    fair.open_check_in()
    refused(fair.send(ChooseCompetitions, P[1], tournaments=(b,)), Code.WRONG_PHASE)
    refused(fair.send(RegisterPlayer, P[2], tournaments=(b,)), Code.WRONG_PHASE)


def test_what_was_taken_out_is_nobodys_choice_any_more() -> None:
    fair, a, b = registering()
    fair.register(P[1], a, b)
    fair.done(DetachCompetition, tournament=a)
    own = fair.view(P[1]).own
    assert own is not None and own.tournaments == (b,)
    fair.withdraw(P[1])
    assert [fair.status(one, P[1]) for one in (a, b)] == ["entered", "left"]


@pytest.mark.parametrize("at", ["registered", "chosen", "withdrawn"])
def test_the_log_gives_the_same_gathering_again(at: str) -> None:
    fair, a, b = registering()
    fair.register(P[1], a)
    if at != "registered":
        fair.choose(P[1], b, a)
    if at == "withdrawn":
        fair.withdraw(P[1])
    assert fair.refolded() == (fair.state, fair.rows)
