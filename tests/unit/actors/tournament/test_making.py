"""Tournaments that a series makes: named after it, its people's, and made once."""

from __future__ import annotations

from typing import Any, cast

from actors.kind import TEXTS_OF_SERIES, Accept, FactKey
from protocol.codes import Code
from protocol.ids import SYSTEM
from protocol.tournament.commands import ErasePerson
from protocol.tournament.definition import LastingSettings
from protocol.tournament.making import MakeTournament, made_tournament
from protocol.tournament.stage import Stage
from protocol.tournament.view import StaffMember
from tests.unit.actors.tournament.cup import CUP, ID, ORGANISER, OWNER, REFEREE, STRANGER, Cup, refused

WEEKLY = "series:" + "3" * 32
START = 1_000_000
GONE = "user:" + "9" * 32


def made(**fields: Any) -> tuple[Cup, MakeTournament]:
    cup = Cup()
    texts = {"name": "Weekly", "named_by": OWNER, "description": "By Ann.", "described_by": STRANGER}
    cup.people[FactKey(TEXTS_OF_SERIES, WEEKLY)] = texts
    given = {"number": 12, "settings": LastingSettings(), "owner": OWNER, "start_at": START, **fields}
    return cup, MakeTournament(client_id=ID, **given)


def test_it_is_named_after_its_series_and_belongs_to_its_people() -> None:
    stages = (Stage(format="round_robin", advance=2), Stage())
    staff = tuple(StaffMember(user=user, role="referee") for user in (REFEREE, GONE))
    cup, command = made(settings=LastingSettings(stages=stages), staff=staff, check_in_at=START - 1)
    assert cup.kind.stream_of(command, by=WEEKLY) == made_tournament(WEEKLY, START)
    assert isinstance(cup.do(command, WEEKLY), Accept)
    row = cup.row("tournament")
    assert (row["name"], row["description"], row["owner"]) == ("Weekly #12", "By Ann.", OWNER)
    assert (row["created_by"], row["format"], row["start_at"]) == (WEEKLY, "round_robin", START)
    assert cup.row("tournament_staff", OWNER)["role"] == "owner"
    assert cup.cup.staff == {REFEREE: "referee"}
    assert not cup.has_row("tournament_staff", GONE)
    assert cup.refolded() == (cup.state, cup.rows)
    refused(cup, cup.do(command, WEEKLY), Code.ALREADY_EXISTS)


def test_nobody_but_a_series_makes_one() -> None:
    for by in (OWNER, SYSTEM, CUP):
        cup, command = made()
        refused(cup, cup.do(command, by), Code.NOT_FOUND)


def test_texts_go_with_those_who_have_written_them() -> None:
    cup, command = made()
    cup.do(command, WEEKLY)
    for user, left in ((STRANGER, ("Weekly #12", None)), (OWNER, (None, None))):
        seqs = tuple(
            int(key.key) for key, row in cup.rows.items() if key.table == "authored" and row["author"] == user
        )
        cup.do(ErasePerson(client_id=ID, stream=CUP, user=user, events=seqs), SYSTEM)
        row = cup.row("tournament")
        assert (row["name"], row["description"]) == left
    assert not [row for key, row in cup.rows.items() if key.table == "authored"]


def test_one_whose_series_has_lost_its_people_and_its_name_is_made_all_the_same() -> None:
    cup, command = made(owner=GONE, staff=(StaffMember(user=ORGANISER, role="organiser"),))
    cup.people[FactKey(TEXTS_OF_SERIES, WEEKLY)] = dict.fromkeys(
        ("name", "named_by", "description", "described_by")
    )
    assert isinstance(cup.do(command, WEEKLY), Accept)
    row = cup.row("tournament")
    assert (row["name"], row["owner"]) == (None, None)
    assert cast(str, cup.headers()[0].type) == "tournament.created"
