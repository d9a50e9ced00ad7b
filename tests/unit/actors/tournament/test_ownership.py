"""Whose a tournament is: given on, taken over, removed and restored."""

from __future__ import annotations

import pytest

from actors.kind import EVERYONE, LISTENERS, NOBODY, FactKey
from protocol.codes import Code
from protocol.ids import SYSTEM
from protocol.tournament.commands import (
    AddEntrants,
    CancelTournament,
    ErasePerson,
    NewEntrant,
    OpenRegistration,
    SetStaff,
)
from protocol.tournament.ownership import RemoveTournament, RestoreTournament, TransferTournament
from tests.unit.actors.tournament.cup import (
    ID,
    KEY,
    ORGANISER,
    OWNER,
    REFEREE,
    STRANGER,
    Cup,
    P,
    draft,
    playing,
    refused,
)


def roles(cup: Cup) -> dict[str, object]:
    """Of all on the staff, as rows say."""
    staff = (OWNER, ORGANISER, REFEREE, STRANGER)
    return {u: cup.row("tournament_staff", u)["role"] for u in staff if cup.has_row("tournament_staff", u)}


def test_an_owner_gives_it_to_an_organiser_and_is_one_then() -> None:
    cup = draft()
    cup.done(TransferTournament, user=ORGANISER)
    assert cup.cup.owner == ORGANISER == cup.row("tournament")["owner"] == cup.view().owner
    assert cup.cup.staff[OWNER] == "organiser" and ORGANISER not in cup.cup.staff
    assert roles(cup) == {OWNER: "organiser", ORGANISER: "owner", REFEREE: "referee"}
    refused(cup, cup.send(SetStaff, OWNER, user=STRANGER, role="referee"), Code.FORBIDDEN)
    cup.done(SetStaff, ORGANISER, user=OWNER, role=None)
    assert cup.refolded() == (cup.cup, cup.rows)


def test_it_is_given_to_nobody_else() -> None:
    cup = draft()
    for user in (REFEREE, STRANGER, "user:" + "0" * 32):
        refused(cup, cup.send(TransferTournament, OWNER, user=user), Code.INVALID, "user")
    refused(cup, cup.send(TransferTournament, OWNER, user=OWNER), Code.ALREADY_EXISTS, "user")
    refused(cup, cup.send(TransferTournament, ORGANISER, user=ORGANISER), Code.FORBIDDEN)
    cup.people.block(ORGANISER, OWNER)
    refused(cup, cup.send(TransferTournament, OWNER, user=ORGANISER), Code.BLOCKED, "user")


@pytest.mark.parametrize("by", [SYSTEM, KEY])
def test_an_operator_takes_it_over_for_anybody(by: str) -> None:
    cup = draft()
    refused(cup, cup.send(TransferTournament, by, user="user:" + "0" * 32), Code.NOT_FOUND, "user")
    cup.done(TransferTournament, by, user=STRANGER)
    assert roles(cup) == {ORGANISER: "organiser", REFEREE: "referee", STRANGER: "owner"}
    refused(cup, cup.send(OpenRegistration, OWNER), Code.FORBIDDEN)
    cup.done(OpenRegistration, STRANGER)


def test_a_tournament_whose_owner_is_erased_is_taken_over() -> None:
    cup = Cup()
    cup.create()
    cup.do(ErasePerson(client_id=ID, stream=cup.stream, user=OWNER), SYSTEM)
    assert cup.cup.owner is None
    cup.done(TransferTournament, SYSTEM, user=STRANGER)
    assert (cup.cup.owner, cup.marks("transferred").get("former")) == (STRANGER, None)
    cup.done(OpenRegistration, STRANGER)


def test_who_loses_one_for_invited_people_may_not_watch_it_any_more() -> None:
    cup = draft(visibility="invited", entry="listed")
    cup.done(TransferTournament, SYSTEM, user=STRANGER)
    assert cup.has_row(LISTENERS, STRANGER) and not cup.has_row(LISTENERS, OWNER)
    assert cup.headers()[-1].revokes == (OWNER,)
    cup.done(AddEntrants, STRANGER, entrants=(NewEntrant(user=STRANGER),))
    cup.done(TransferTournament, SYSTEM, user=P[1])
    assert cup.has_row(LISTENERS, STRANGER), "takes part in it"


def test_a_removed_tournament_is_there_for_nobody_but_who_may_restore_it() -> None:
    cup = draft()
    cup.done(RemoveTournament)
    header = cup.headers()[-1]
    assert header.revokes == (EVERYONE,) and cup.has_row(LISTENERS, NOBODY)
    assert cup.row("tournament")["deleted_at"] == header.at == cup.cup.removed_at
    for by in (OWNER, ORGANISER, STRANGER, SYSTEM, KEY):
        refused(cup, cup.send(OpenRegistration, by), Code.NOT_FOUND)
        refused(cup, cup.send(RemoveTournament, by), Code.NOT_FOUND)
    for by in (ORGANISER, STRANGER):
        refused(cup, cup.send(RestoreTournament, by), Code.NOT_FOUND)
    cup.done(RestoreTournament)
    assert not cup.has_row(LISTENERS, NOBODY) and cup.row("tournament")["deleted_at"] is None
    refused(cup, cup.send(RestoreTournament, OWNER), Code.ALREADY_EXISTS)
    cup.done(OpenRegistration, ORGANISER)
    assert cup.refolded() == (cup.cup, cup.rows)


def test_nothing_happens_in_a_removed_tournament_before_it_is_restored() -> None:
    cup = draft(registration_at=1_000_000)
    assert cup.kind.due(cup.cup) == 1_000_000
    cup.done(RemoveTournament)
    assert cup.kind.due(cup.cup) is None
    cup.later(10_000)
    cup.done(RestoreTournament, SYSTEM)
    cup.settle()
    assert cup.cup.phase == "registration"


def test_what_people_take_part_in_is_cancelled_first() -> None:
    cup = playing(2)
    assert refused(cup, cup.send(RemoveTournament, OWNER), Code.WRONG_PHASE)
    cup.done(CancelTournament)
    refused(cup, cup.send(RemoveTournament, ORGANISER), Code.FORBIDDEN)
    cup.done(RemoveTournament)
    cup.done(RestoreTournament)
    assert (cup.cup.phase, FactKey("tournament_match", "1") in cup.rows) == ("cancelled", True)


def test_a_person_is_erased_from_a_removed_tournament_too() -> None:
    cup = draft()
    cup.done(RemoveTournament)
    cup.do(ErasePerson(client_id=ID, stream=cup.stream, user=OWNER), SYSTEM)
    assert cup.cup.owner == ORGANISER
    cup.done(RestoreTournament, ORGANISER)
