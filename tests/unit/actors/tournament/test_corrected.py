"""Whole tournaments that are corrected again and again: each is as if what counts now had always been so."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.kind import Accept
from actors.tournament.stages import sides_of
from actors.tournament.state import Tournament
from protocol.tournament.commands import (
    CorrectResult,
    DecideMatch,
    OpenRegistration,
    ReinstateEntrant,
    StartTournament,
    UndoResult,
)
from tests.checkpoints import decoded, encoded
from tests.unit.actors.tournament.cup import ORGANISER, OWNER, REFEREE, Cup, P, draft
from tests.unit.actors.tournament.engine.playing import Board
from tests.unit.actors.tournament.test_properties import (
    FORMATS,
    Chance,
    check_rows,
    check_sides,
    end,
)

STEPS_MAX = 60


def started(chance: random.Random, fields: dict[str, Any]) -> Cup:
    """A tournament that runs."""
    cup = draft(**{**fields, "entry": "open"})
    cup.done(OpenRegistration)
    cup.enter(*P[1 : chance.randint(2, fields["entrants_max"]) + 1])
    cup.done(StartTournament)
    cup.settle()
    return cup


def mend(cup: Cup, chance: random.Random, policies: list[str]) -> None:
    """Correct something, if anything can be."""
    number = chance.randint(1, len(cup.matches))
    match, policy = cup.match(number), chance.choice(policies)
    entrant = chance.randint(1, len(cup.cup.entrants))
    winner = chance.choice([match.a, match.b, 0]) or 0
    command, by, fields = chance.choice(
        [
            (CorrectResult, REFEREE, {"match": number, "winner": winner, "policy": policy}),
            (CorrectResult, REFEREE, {"match": number, "winner": winner, "policy": policy}),
            (UndoResult, REFEREE, {"match": number}),
            (ReinstateEntrant, ORGANISER, {"entrant": entrant, "policy": policy}),
        ]
    )
    told = cup.send(command, by, preview=True, **fields)
    events = len(cup.log)
    decision = cup.send(command, by, confirm=True, **fields)
    assert isinstance(told, Accept) == isinstance(decision, Accept)
    if isinstance(decision, Accept) and isinstance(told, Accept):
        assert decision.answer == told.answer and len(cup.log) == events + len(decision.events)


def check_history(cup: Cup) -> None:
    """Matches and places are those of the results that count now, played from the start."""
    bracket = cup.bracket
    board = Board(bracket, cup.cup.seeds)
    for number, match in enumerate(cup.matches, 1):
        if match.phase == "done" and match.known:
            board.record(number, sides_of(match).index(match.winner) if match.winner else None)
    assert [sides_of(match) for match in cup.matches] == board.matches
    shown = {n: cup.row("tournament_entrant", n)["place"] for n in cup.cup.seeds}
    assert {n: place for n, place in shown.items() if place is not None} == board.places
    first = dict(zip(cup.cup.first, cup.cup.places, strict=True))
    assert first == {n: place for n, place in board.places.items() if place <= 8}
    assert cup.cup.matches_done == sum(match.phase == "done" for match in cup.matches)


@pytest.mark.slow
@given(st.integers(0, 2**32), FORMATS)
@settings(max_examples=100, deadline=None)
def test_corrected_history_is_the_history_that_had_always_been_so(seed: int, fields: dict[str, Any]) -> None:
    chance = random.Random(seed)
    cup = started(chance, fields)
    acting = Chance(cup, chance)
    for _ in range(STEPS_MAX):
        if cup.cup.phase == "cancelled":
            break
        if chance.random() < 0.3 or cup.cup.phase == "finished":
            mend(cup, chance, ["reset"])
            check_sides(cup)
            check_history(cup)
            cup.settle()
        else:
            acting.act()
    check_whole(cup)


@pytest.mark.slow
@given(st.integers(0, 2**32), FORMATS)
@settings(max_examples=100, deadline=None)
def test_whatever_is_kept_the_tournament_comes_to_its_end(seed: int, fields: dict[str, Any]) -> None:
    chance = random.Random(seed)
    cup = started(chance, fields)
    acting = Chance(cup, chance)
    for _ in range(STEPS_MAX):
        if cup.cup.phase == "cancelled":
            break
        if chance.random() < 0.3 or cup.cup.phase == "finished":
            mend(cup, chance, ["keep", "keep", "reset"])
            check_sides(cup)
            cup.settle()
        else:
            acting.act()
    check_whole(cup)


def check_whole(cup: Cup) -> None:
    """The log says all, and everything has an end."""
    end(cup)
    assert cup.refolded() == (cup.cup, cup.rows)
    assert cup.refolded(erased=lambda _: True)[0] == cup.cup
    assert decoded(encoded(cup.cup), Tournament) == cup.cup
    check_sides(cup)
    check_rows(cup)
    if cup.cup.phase == "finished":
        places = [cup.row("tournament_entrant", number)["place"] for number in cup.cup.seeds]
        assert None not in places and cup.cup.matches_done == len(cup.matches)


@given(st.integers(0, 2**32), FORMATS)
@settings(max_examples=100, deadline=None)
def test_what_is_undone_leaves_nothing(seed: int, fields: dict[str, Any]) -> None:
    chance = random.Random(seed)
    cup = started(chance, {**fields, "ready_s": 0})
    for _ in range(chance.randint(0, 6)):
        if (number := cup.cup.going.least) is not None:
            match = cup.match(int(number))
            cup.decide(int(number), chance.choice([match.a, match.b]) or 0)
    if cup.cup.phase == "finished":
        return
    matches, view = cup.matches, cup.view()
    places = [cup.row("tournament_entrant", n)["place"] for n in cup.cup.seeds]
    number = int(chance.choice([*cup.cup.going]))
    match = cup.match(number)
    cup.done(DecideMatch, OWNER, match=number, winner=chance.choice([match.a, match.b, 0]) or 0)
    if chance.random() < 0.5:
        cup.settle()
    cup.done(UndoResult, OWNER, match=number, confirm=True)
    cup.settle()
    assert (cup.matches, cup.view()) == (matches, view)
    assert [cup.row("tournament_entrant", n)["place"] for n in cup.cup.seeds] == places
