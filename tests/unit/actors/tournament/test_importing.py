"""A tournament that began elsewhere does nothing by itself until all of its rounds are there."""

from __future__ import annotations

from typing import Any

import pytest

from actors.kind import Accept, Decision
from protocol.codes import Code
from protocol.ids import SYSTEM
from protocol.tournament.commands import AddEntrants, DecideMatch, NewEntrant, SetSeeds
from protocol.tournament.importing import (
    BeginImport,
    EndImport,
    ImportedResult,
    ImportResults,
    ImportRound,
)
from protocol.tournament.stage import Stage
from tests.unit.actors.tournament.cup import OWNER, Cup, draft, gathered, refused

ROUND = (1, 4, 5, 2, 6, 3, 7, 0)


def drafted(stage: Stage | None = None) -> Cup:
    cup = draft(stages=(stage or Stage(format="swiss", rounds=3, draws=True),), entrants_max=7, ready_s=60)
    cup.done(AddEntrants, entrants=tuple(NewEntrant(name=f"N{n}") for n in range(1, 8)))
    cup.done(SetSeeds, entrants=tuple(range(1, 8)))
    return cup


def say(cup: Cup, command: type, **fields: Any) -> Decision:
    return cup.send(command, SYSTEM, **fields)


def did(cup: Cup, command: type, **fields: Any) -> None:
    decision = say(cup, command, **fields)
    assert isinstance(decision, Accept), decision
    assert cup.kind.due(cup.state) is None or not cup.cup.importing
    assert cup.kind.work(cup.state) is None or not cup.cup.importing


def result(match: int, winner: int, kind: Any = "decided") -> ImportedResult:
    return ImportedResult(match=match, winner=winner, kind=kind)


def test_rounds_and_results_are_brought_and_the_next_round_is_paired_from_them() -> None:
    cup = drafted()
    did(cup, BeginImport)
    did(cup, ImportRound, pairs=ROUND)
    did(cup, ImportResults, results=(result(1, 1), result(2, 0)))
    refused(cup, say(cup, EndImport), Code.WRONG_PHASE)
    did(cup, ImportResults, results=(result(3, 3, "forfeit"),))
    did(cup, EndImport)
    assert "round_published" in cup.types() and cup.types()[-1] == "import_ended"
    assert cup.row("tournament_match", 3)["kind"] == "forfeit"
    cup.settle()
    stage = cup.cup.stages[0]
    assert len(stage.published) == 2 and not cup.cup.importing
    assert cup.marks("standings_moved")["round"] == 1
    pairs = [*zip(stage.published[1][::2], stage.published[1][1::2], strict=True)]
    met = {frozenset(pair) for pair in ((1, 4), (5, 2), (6, 3))}
    assert not met & {frozenset(pair) for pair in pairs} and (7, 0) not in pairs
    assert {frozenset((1, 7)), frozenset((3, 7))} & {frozenset(pair) for pair in pairs}  # with a point each
    assert cup.refolded() == (cup.cup, cup.rows)


def test_who_had_the_first_side_is_as_the_first_round_says() -> None:
    cup = drafted(Stage(format="swiss", rounds=3))
    did(cup, BeginImport)
    did(cup, ImportRound, pairs=(4, 1, 2, 5, 6, 3, 7, 0))  # the first seed is on side b
    did(cup, ImportResults, results=(result(1, 1), result(2, 2), result(3, 3)))
    did(cup, EndImport)
    cup.tell()
    work = cup.kind.work(cup.state)
    assert work is not None
    assert gathered(work)[0].first_side is False


@pytest.mark.parametrize(
    "pairs",
    [(), (1,), (1, 2, 3), (7, 0), (1, 1), (1, 2, 2, 3), (1, 8), (0, 1, 2, 3), (1, 2, 3, 0, 4, 5)],
)
def test_pairs_that_are_none_are_refused(pairs: tuple[int, ...]) -> None:
    cup = drafted()
    did(cup, BeginImport)
    refused(cup, say(cup, ImportRound, pairs=pairs), Code.INVALID, "pairs")


@pytest.mark.parametrize(
    "results",
    [
        (result(2, 5),),
        (result(1, 2),),
        (result(1, 0, "forfeit"),),
        (result(1, 1, "double_forfeit"),),
        (result(1, 1), result(1, 1)),
    ],
)
def test_results_that_do_not_fit_are_refused(results: tuple[ImportedResult, ...]) -> None:
    cup = drafted()
    did(cup, BeginImport)
    did(cup, ImportRound, pairs=ROUND)
    before = cup.cup
    refused(cup, say(cup, ImportResults, results=results), Code.INVALID, "results")
    assert cup.cup == before


def test_only_the_server_imports_and_only_into_a_swiss_tournament_that_has_not_started() -> None:
    cup = drafted()
    refused(cup, cup.send(BeginImport, OWNER), Code.NOT_FOUND)
    refused(cup, say(cup, ImportRound, pairs=ROUND), Code.WRONG_PHASE)
    did(cup, BeginImport)
    refused(cup, say(cup, BeginImport), Code.WRONG_PHASE)
    refused(cup, cup.send(DecideMatch, OWNER, match=1, winner=1), Code.NOT_FOUND, "match")
    refused(cup, say(drafted(Stage(format="round_robin")), BeginImport), Code.WRONG_PHASE)
    for _ in range(3):
        did(cup, ImportRound, pairs=(1, 2))
        first = len(cup.matches)
        did(cup, ImportResults, results=(result(first, 1),))
    refused(cup, say(cup, ImportRound, pairs=(1, 2)), Code.INVALID, "pairs")
