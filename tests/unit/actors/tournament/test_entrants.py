"""Who takes part: registration, approval, the waitlist, the check-in, staff, leaving."""

from __future__ import annotations

import pytest

from actors.kind import EVERYONE, Send
from actors.tournament.effects import effects
from protocol import limits
from protocol.codes import Code
from protocol.inbox import Promote, inbox_of
from protocol.tournament.commands import (
    AcceptEntrant,
    AddEntrants,
    CancelTournament,
    ChangeTournament,
    CheckIn,
    EnterTournament,
    LeaveTournament,
    NewEntrant,
    OpenRegistration,
    RemoveEntrant,
    SetSeeds,
    SetStaff,
    StartTournament,
)
from tests.unit.actors.tournament.cup import (
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
)


def test_entrants_are_numbered_in_their_order_and_get_their_number_back() -> None:
    cup = registering(3)
    cup.done(LeaveTournament, P[2])
    cup.enter(P[4], P[2])
    assert [entrant.user for entrant in cup.cup.entrants] == [P[1], P[2], P[3], P[4]]
    assert cup.statuses() == ["entered"] * 4
    assert cup.cup.entered == cup.row("tournament")["entrants"] == 4
    assert cup.row("tournament_player", P[2]) == {"entrant": 2, "role": "player"}


def test_beyond_the_cap_one_waits_and_moves_up_when_a_place_is_free() -> None:
    cup = registering(4, entrants_max=2)
    assert cup.statuses() == ["entered", "entered", "waiting", "waiting"]
    cup.done(LeaveTournament, P[1])
    cup.settle()
    assert cup.statuses() == ["left", "entered", "entered", "waiting"]
    header = cup.headers()[-1]
    assert header.marks == {"entrant": 3, "count": 2, "checked_in": 0, "user": P[3]}
    (told,) = effects(header)
    assert isinstance(told, Send) and isinstance(told.command, Promote)
    assert (told.command.stream, told.command.tournament) == (inbox_of(P[3]), cup.stream)
    cup.enter(P[1])
    assert cup.statuses()[0] == "waiting"  # behind those who wait already
    cup.done(ChangeTournament, entrants_max=4)
    cup.settle()
    assert cup.statuses() == ["entered"] * 4


def test_whoever_comes_before_the_waiting_have_moved_up_waits_behind_them() -> None:
    cup = registering(3, entrants_max=2)
    cup.done(LeaveTournament, P[1])
    cup.enter(P[4])
    cup.settle()
    assert cup.statuses() == ["left", "entered", "entered", "waiting"]


def test_hundreds_move_up_a_command_at_a_time() -> None:
    cup = registering(0, entrants_max=2, entry="listed")
    for _ in range(3):
        cup.done(
            AddEntrants, entrants=tuple(NewEntrant(name="x") for _ in range(limits.ENTRANTS_PER_COMMAND_MAX))
        )
    cup.done(ChangeTournament, entrants_max=4096)
    before = len(cup.log)
    cup.settle()
    assert len(cup.log) - before == 148
    assert cup.cup.entered == 150


def test_staff_accept_who_asks() -> None:
    cup = registering(3, entry="approval", entrants_max=2)
    assert (cup.statuses(), cup.cup.pending) == (["pending"] * 3, 3)
    for entrant in (3, 1, 2):
        cup.done(AcceptEntrant, ORGANISER, entrant=entrant)
    assert cup.statuses() == ["entered", "waiting", "entered"]
    refused(cup, cup.send(AcceptEntrant, ORGANISER, entrant=1), Code.ALREADY_EXISTS, "entrant")
    cup.done(RemoveEntrant, ORGANISER, entrant=2)
    assert (cup.statuses()[1], cup.cup.pending, len(cup.cup.waitlist)) == ("removed", 0, 0)


def test_staff_enter_users_and_names() -> None:
    cup = draft(entry="listed")
    cup.done(AddEntrants, ORGANISER, entrants=(NewEntrant(user=P[1]), NewEntrant(name="Zoé")))
    cup.done(OpenRegistration)
    refused(cup, cup.send(EnterTournament, P[2]), Code.FORBIDDEN)
    assert [(e.user, e.checked_in) for e in cup.cup.entrants] == [(P[1], False), (None, True)]
    assert cup.row("tournament_entrant", 2)["name"] == "Zoé"
    assert cup.row("authored", len(cup.log) - 1) == {"author": ORGANISER, "of": "names 2"}
    assert "Zoé" not in str(cup.headers())


def test_who_was_blocked_by_somebody_cant_give_them_a_role() -> None:
    cup = draft()
    cup.done(SetStaff, user=P[1], role="streamer")
    for user in P[1:3]:
        cup.people.block(user, OWNER)
    refused(cup, cup.send(SetStaff, OWNER, user=P[2], role="referee"), Code.BLOCKED, "user")
    cup.done(SetStaff, user=P[1], role=None)


def test_who_was_blocked_by_somebody_cant_enter_them() -> None:
    cup = draft()
    cup.people.block(P[1], ORGANISER)
    refused(
        cup, cup.send(AddEntrants, ORGANISER, entrants=(NewEntrant(user=P[1]),)), Code.BLOCKED, "entrants"
    )
    cup.done(AddEntrants, OWNER, entrants=(NewEntrant(user=P[1]),))


@pytest.mark.parametrize(
    ("entrants", "code"),
    [
        ((NewEntrant(),), Code.INVALID),
        ((NewEntrant(user=P[5], name="x"),), Code.INVALID),
        ((NewEntrant(user=P[1]),), Code.ALREADY_EXISTS),
        ((NewEntrant(user=P[5]), NewEntrant(user=P[5])), Code.ALREADY_EXISTS),
        ((NewEntrant(user="user:" + "0" * 32),), Code.NOT_FOUND),
    ],
)
def test_all_are_entered_or_none(entrants: tuple[NewEntrant, ...], code: Code) -> None:
    cup = registering(2)
    before = cup.cup
    assert refused(
        cup, cup.send(AddEntrants, OWNER, entrants=(NewEntrant(user=P[4]), *entrants)), code, "entrants"
    )
    assert cup.cup is before


def test_disqualified_people_come_back_by_staff_alone() -> None:
    cup = registering(2)
    cup.done(RemoveEntrant, ORGANISER, entrant=1, reason="late")
    cup.enter(P[1])
    cup.done(RemoveEntrant, ORGANISER, entrant=1, disqualify=True, reason="cheats")
    assert cup.row("tournament_entrant", 1)["reason"] == "cheats"
    assert "cheats" not in str(cup.headers())
    refused(cup, cup.send(EnterTournament, P[1]), Code.FORBIDDEN)
    cup.done(AddEntrants, entrants=(NewEntrant(user=P[1]),))
    assert cup.statuses() == ["entered", "entered"]


def test_who_hasnt_checked_in_is_dropped_and_who_waits_and_has_moves_up() -> None:
    cup = checking_in(6, entrants_max=4)
    cup.check_in(P[6], P[2], P[4], P[5])
    cup.done(CheckIn, ORGANISER, entrant=1)
    cup.done(StartTournament)
    assert cup.statuses() == ["entered", "entered", "dropped", "entered", "entered", "dropped"]
    assert sorted(cup.cup.seeds) == [1, 2, 4, 5]
    assert (cup.cup.entered, cup.cup.checked_in, len(cup.cup.waitlist)) == (4, 4, 0)
    assert cup.row("tournament")["seeds"] == [*cup.cup.seeds]


def test_without_a_check_in_everybody_plays_who_is_entered() -> None:
    cup = registering(5, entrants_max=4)
    cup.done(StartTournament)
    assert cup.statuses() == ["entered"] * 4 + ["dropped"]


def test_a_registration_that_is_opened_again_keeps_who_has_checked_in() -> None:
    cup = checking_in(2)
    cup.check_in(P[1])
    cup.done(OpenRegistration)
    cup.enter(P[3])
    assert [entrant.checked_in for entrant in cup.cup.entrants] == [True, False, False]


def test_seeds_are_those_set_then_a_draw_that_anybody_can_repeat() -> None:
    cup, again = (registering(9) for _ in range(2))
    for one in (cup, again):
        one.done(SetSeeds, ORGANISER, entrants=(7, 3, 9))
    again.done(LeaveTournament, P[3])
    cup.done(StartTournament)
    again.done(StartTournament)
    assert cup.cup.seeds[:3] == (7, 3, 9)
    assert again.cup.seeds[:2] == (7, 9)
    assert cup.cup.stages[0].draw == again.cup.stages[0].draw != ""
    assert cup.cup.seeds[3:] != tuple(sorted(cup.cup.seeds[3:]))
    other = Cup("tournament:" + "2" * 32)
    other.create()
    other.done(AddEntrants, entrants=tuple(NewEntrant(user=user) for user in P[1:10]))
    other.done(StartTournament)
    assert other.cup.stages[0].draw != cup.cup.stages[0].draw


@pytest.mark.parametrize(
    ("entrants", "code"), [((1, 1), Code.INVALID), ((1, 9), Code.NOT_FOUND), ((2,), Code.NOT_FOUND)]
)
def test_seeds_name_entrants_once(entrants: tuple[int, ...], code: Code) -> None:
    cup = registering(3)
    cup.done(LeaveTournament, P[2])
    assert refused(cup, cup.send(SetSeeds, OWNER, entrants=entrants), code, "entrants")


def test_a_tournament_takes_a_bounded_number_of_entrants(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TOURNAMENT_ENTRIES_MAX", 3)
    cup = registering(3)
    refused(cup, cup.send(EnterTournament, P[4]), Code.TOO_MANY)
    cup.done(LeaveTournament, P[1])
    cup.enter(P[1])


def test_staff_are_bounded_known_and_chosen_by_the_owner() -> None:
    cup = draft()
    for by in (ORGANISER, REFEREE, P[1]):
        refused(cup, cup.send(SetStaff, by, user=P[1], role="organiser"), Code.FORBIDDEN)
    refused(cup, cup.send(SetStaff, OWNER, user=OWNER, role=None), Code.INVALID, "user")
    refused(cup, cup.send(SetStaff, OWNER, user=ORGANISER, role="organiser"), Code.ALREADY_EXISTS, "role")
    refused(cup, cup.send(SetStaff, OWNER, user=P[1], role=None), Code.ALREADY_EXISTS, "role")
    refused(cup, cup.send(SetStaff, OWNER, user="user:" + "0" * 32, role="referee"), Code.NOT_FOUND, "user")
    for number in range(limits.TOURNAMENT_STAFF_MAX - 3):
        user = f"user:{number + 100:032x}"
        cup.people.add(user, f"helper_{number}")
        cup.done(SetStaff, KEY, user=user, role="referee")
    refused(cup, cup.send(SetStaff, OWNER, user=P[1], role="referee"), Code.TOO_MANY)
    cup.done(SetStaff, user=REFEREE, role=None)
    assert not cup.has_row("tournament_staff", REFEREE)
    assert cup.row("tournament_staff", OWNER)["role"] == "owner"


def test_only_staff_and_entrants_watch_what_is_for_invited_people() -> None:
    cup = Cup()
    refused(cup, cup.create(visibility="invited"), Code.INVALID, "entry")
    cup.create(visibility="invited", entry="listed")
    assert not cup.has_row("listener", EVERYONE) and cup.has_row("listener", OWNER)
    refused(cup, cup.send(LeaveTournament, P[1]), Code.NOT_FOUND)
    cup.done(AddEntrants, entrants=tuple(NewEntrant(user=user) for user in P[1:5]))
    cup.done(SetStaff, user=P[4], role="referee")
    cup.done(SetStaff, user=REFEREE, role="referee")
    assert all(cup.has_row("listener", user) for user in (*P[1:5], REFEREE))
    cup.done(LeaveTournament, P[1])
    cup.done(LeaveTournament, P[4])
    assert (cup.headers()[-2].revokes, cup.headers()[-1].revokes) == ((P[1],), ())
    assert (cup.has_row("listener", P[1]), cup.has_row("listener", P[4])) == (False, True)
    cup.done(SetStaff, user=P[4], role=None)
    assert not cup.has_row("listener", P[4])
    refused(cup, cup.send(LeaveTournament, P[1]), Code.NOT_FOUND)
    cup.done(StartTournament)
    cup.done(LeaveTournament, P[2])
    assert cup.has_row("listener", P[2])  # it was theirs, too
    for visibility in ("public", "unlisted"):
        refused(cup, cup.send(ChangeTournament, OWNER, visibility=visibility), Code.INVALID, "visibility")


def test_who_was_out_before_the_start_does_not_watch_afterwards() -> None:
    cup = draft(visibility="invited", entry="listed")
    cup.done(AddEntrants, entrants=tuple(NewEntrant(user=user) for user in P[1:6]))
    for number in (4, 5):
        cup.done(RemoveEntrant, entrant=number)
    cup.done(SetStaff, user=P[4], role="streamer")
    cup.done(StartTournament)
    refused(cup, cup.send(LeaveTournament, P[5]), Code.NOT_FOUND)
    cup.done(SetStaff, user=P[4], role=None)
    assert cup.headers()[-1].revokes == (P[4],)
    assert not cup.has_row("listener", P[4])
    refused(cup, cup.send(LeaveTournament, P[4]), Code.NOT_FOUND)
    hidden = draft(visibility="invited", entry="listed")
    hidden.done(AddEntrants, entrants=(NewEntrant(user=P[1]),))
    hidden.done(LeaveTournament, P[1])
    hidden.done(CancelTournament)
    refused(hidden, hidden.send(LeaveTournament, P[1]), Code.NOT_FOUND)


def test_everybody_watches_the_others() -> None:
    cup = draft(visibility="unlisted")
    assert cup.has_row("listener", EVERYONE) and not cup.has_row("listener", OWNER)
    cup.done(ChangeTournament, visibility="public")
    refused(
        cup,
        cup.send(ChangeTournament, OWNER, visibility="invited", entry="listed"),
        Code.INVALID,
        "visibility",
    )


def test_who_has_lost_or_left_cant_leave_again() -> None:
    cup = playing(2)
    cup.decide(1, 1)
    cup = playing(4)
    cup.decide(1, cup.match(1).a or 0)
    loser = cup.match(1).b or 0
    refused(cup, cup.send(LeaveTournament, P[loser]), Code.WRONG_PHASE, "entrant")
    refused(cup, cup.send(RemoveEntrant, OWNER, entrant=loser), Code.WRONG_PHASE, "entrant")
    winner = cup.match(1).a or 0
    cup.done(LeaveTournament, P[winner])
    refused(cup, cup.send(LeaveTournament, P[winner]), Code.WRONG_PHASE, "entrant")


def test_a_key_makes_a_tournament_that_nobody_owns() -> None:
    cup = Cup()
    cup.create(KEY)
    assert (cup.cup.owner, cup.row("tournament")["owner"]) == (None, None)
    refused(cup, cup.send(OpenRegistration, OWNER), Code.FORBIDDEN)
    cup.done(OpenRegistration, KEY)
    refused(cup, cup.send(EnterTournament, KEY), Code.FORBIDDEN)
    cup.enter(STRANGER)
