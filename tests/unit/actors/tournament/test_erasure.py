"""A person whose account is gone leaves a tournament, and what they wrote is gone from it."""

from __future__ import annotations

from typing import Any

import pytest

from actors.kind import Accept
from protocol import limits
from protocol.ids import SYSTEM
from protocol.tournament.commands import (
    AddEntrants,
    CancelTournament,
    ChangeTournament,
    DecideMatch,
    DisputeResult,
    EnterTournament,
    ErasePerson,
    NewEntrant,
    RemoveEntrant,
    SetStaff,
)
from tests.unit.actors.tournament.cup import ORGANISER, OWNER, REFEREE, Cup, P, draft, playing, registering

SECRET = "hush"


def erase(cup: Cup, user: str) -> None:
    """As the server does: it names the events that rows say are theirs, until no row names them."""
    while True:
        found = [
            int(key.key) for key, row in cup.rows.items() if key.table == "authored" and row["author"] == user
        ][: limits.ERASE_SEQS_MAX]
        before = len(cup.log)
        assert isinstance(cup.send(ErasePerson, SYSTEM, user=user, events=tuple(found)), Accept)
        if not found:
            break
    assert not any(
        cup.has_row(table, user) for table in ("tournament_player", "tournament_staff", "listener")
    )
    again = len(cup.log)
    assert isinstance(cup.send(ErasePerson, SYSTEM, user=user), Accept)
    assert len(cup.log) == again >= before


def whole(cup: Cup) -> str:
    """All that is kept of it."""
    return str([payload for _, payload in cup.log]) + str(cup.rows) + str(cup.cup)


def test_all_their_texts_are_gone() -> None:
    cup = draft()
    cup.done(ChangeTournament, ORGANISER, name=SECRET, description=SECRET)
    cup.done(
        AddEntrants,
        ORGANISER,
        entrants=(NewEntrant(name=SECRET), *[NewEntrant(user=user) for user in P[1:4]]),
    )
    cup.done(RemoveEntrant, ORGANISER, entrant=4, reason=SECRET)
    cup.done(CancelTournament, ORGANISER, reason=SECRET)
    assert whole(cup).count(SECRET) > 8
    erase(cup, ORGANISER)
    assert SECRET not in whole(cup)
    assert cup.row("tournament") | {"name": None, "description": None, "reason": None} == cup.row(
        "tournament"
    )
    assert cup.cup.staff == {user: role for user, role in cup.cup.staff.items() if user != ORGANISER}


def test_a_newer_name_of_somebody_else_stays() -> None:
    cup = draft(description=SECRET)
    cup.done(ChangeTournament, ORGANISER, name="New")
    erase(cup, OWNER)
    assert (cup.row("tournament")["name"], cup.row("tournament")["description"]) == ("New", None)


def test_notes_on_matches_are_gone_and_results_stay() -> None:
    cup = playing(4)
    cup.done(DisputeResult, P[1], match=1, note=SECRET, evidence=f"https://example.org/{SECRET}")
    cup.done(DecideMatch, REFEREE, match=1, winner=1, note=SECRET)
    erase(cup, P[1])
    assert cup.row("tournament_match", 1)["note"] is cup.row("tournament_match", 1)["evidence"] is None
    assert cup.row("tournament_match", 1)["decision"] == SECRET
    erase(cup, REFEREE)
    assert SECRET not in whole(cup)
    assert (cup.match(1).winner, cup.match(1).kind) == (1, "decided")


def test_an_entrant_leaves_and_stays_as_a_number() -> None:
    cup = registering(2)
    erase(cup, P[1])
    assert (cup.statuses(), cup.cup.entered) == (["left", "entered"], 1)
    cup = playing(4)
    erase(cup, P[1])
    assert (cup.match(1).kind, cup.match(1).winner, cup.cup.entrants[1].user) == ("forfeit", 4, P[1])


def test_who_plays_no_more_only_loses_their_rows() -> None:
    cup = playing(2)
    cup.decide(1, 1)
    before = cup.types()
    erase(cup, P[1])
    assert cup.types()[len(before) :] == ["person_erased"]
    assert cup.statuses() == ["entered", "entered"]


@pytest.mark.parametrize("heir", [ORGANISER, ""])
def test_the_first_organiser_owns_it_then(heir: str) -> None:
    cup = draft()
    if not heir:
        cup.done(SetStaff, user=ORGANISER, role=None)
    erase(cup, OWNER)
    assert cup.cup.owner == cup.row("tournament")["owner"] == (heir or None)
    if heir:
        assert cup.row("tournament_staff", heir)["role"] == "owner"
        assert heir not in cup.cup.staff
        cup.done(SetStaff, heir, user=P[1], role="organiser")


def test_somebody_unknown_changes_nothing() -> None:
    cup = registering(2)
    before: Any = cup.cup
    assert isinstance(cup.send(ErasePerson, SYSTEM, user=P[9], events=(1, 5, 99)), Accept)
    assert cup.cup is before
    cup.enter(P[9])
    assert isinstance(cup.send(EnterTournament, P[8]), Accept)


def test_a_watcher_by_name_loses_the_right() -> None:
    cup = Cup()
    cup.create(visibility="invited", entry="listed")
    cup.done(AddEntrants, entrants=tuple(NewEntrant(user=user) for user in P[1:4]))
    erase(cup, P[1])
    assert cup.headers()[-1].revokes == (P[1],) or cup.headers()[-2].revokes == (P[1],)
    erase(cup, OWNER)
    assert not cup.has_row("listener", OWNER)
