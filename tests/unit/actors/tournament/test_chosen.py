"""What a tournament is about is chosen from lookup tables, over HTTP as on a socket."""

from __future__ import annotations

from typing import Any

import pytest

from actors.kind import LOOKUP, Accept, FactKey, Refuse
from actors.tournament.kind import TournamentKind
from protocol.codes import Code
from protocol.tournament.commands import ChangeTournament, CreateTournament
from tests.fold import Folded

ANN = "user:" + "a" * 32
CUP = "tournament:" + "1" * 32
ID = "00000000-0000-0000-0000-000000000001"


def cup(*usable: str) -> Folded:
    """A tournament yet to be created, with these keys in the lookup tables."""
    folded = Folded(TournamentKind(b"k" * 16), CUP)
    for key in usable:
        folded.people[FactKey(LOOKUP, key)] = {}
    return folded


@pytest.mark.parametrize("field", ["game", "platform", "region"])
def test_a_key_must_be_in_its_table(field: str) -> None:
    given: dict[str, Any] = {"game": "chess", "platform": "web", "region": "europe"}
    create = CreateTournament(client_id=ID, name="Cup", **given)
    entries = {f"{table} {key}" for table, key in given.items()}
    others = entries - {f"{field} {given[field]}"} | {f"badge {given[field]}"}
    refused = cup(*others).do(create, ANN)
    assert isinstance(refused, Refuse)
    assert (refused.code, refused.field) == (Code.NOT_FOUND, field)
    made = cup(*entries)
    assert isinstance(made.do(create, ANN), Accept)
    none: dict[str, Any] = {field: "none"}
    refused = made.do(ChangeTournament(client_id=ID, stream=CUP, **none), ANN)
    assert isinstance(refused, Refuse)
    assert (refused.code, refused.field) == (Code.NOT_FOUND, field)
    made.people[FactKey(LOOKUP, f"{field} other")] = {}
    other: dict[str, Any] = {field: "other"}
    assert isinstance(made.do(ChangeTournament(client_id=ID, stream=CUP, **other), ANN), Accept)
    row = made.rows[FactKey("tournament", "")]
    assert {table: row[table] for table in given} == {**given, **other}


def test_without_keys_nothing_is_asked() -> None:
    folded = cup()
    assert isinstance(folded.do(CreateTournament(client_id=ID, name="Cup"), ANN), Accept)
    assert isinstance(folded.do(ChangeTournament(client_id=ID, stream=CUP, name="Other"), ANN), Accept)
