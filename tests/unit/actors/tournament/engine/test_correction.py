"""Corrected results: the same as if they had always been so, and no more work than matches that depend on them."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.tournament.engine.correction import Correction, correct, take_back
from actors.tournament.engine.elimination import double, single
from tests.unit.actors.tournament.engine.playing import Board, dependents
from tests.unit.actors.tournament.engine.test_progress import COUNTS, FORMATS, SEEDS, Chance, bracket_of

UNDONE = "undone"


def part_of(format_: str, entrants: int, seed: int) -> tuple[Board, random.Random]:
    """A tournament that was played up to some point, and what comes next by lot."""
    chance = Chance(seed, forfeits=6)
    board = Board(bracket_of(format_, entrants), chance.random.sample(range(1, 4097), entrants))
    for _ in range(chance.random.randint(1, len(board.bracket))):
        if due := board.due:
            board.record(*chance(due))
    return board, chance.random


def adopt(board: Board, match: int, winner: int | str | None) -> Correction:
    """Correct a result of this board, or take it back."""
    if winner == UNDONE:
        found = take_back(board.bracket, board.sides, match)
        del board.results[match]
    else:
        assert winner is None or isinstance(winner, int)
        found = correct(board.bracket, board.sides, match, winner)
        board.results[match] = winner
    for number, a, b in found.changes:
        board.matches[number - 1] = (a, b)
        board.results.pop(number, None)
    for entrant in found.playing:
        board.places.pop(entrant, None)
    board.places.update(found.places)
    return found


def replayed(board: Board) -> Board:
    """The history that had always been so: these results alone, from the start."""
    again = Board(board.bracket, board.order)
    for number in sorted(board.results):
        again.record(number, board.results[number])
    return again


def same(one: Board, other: Board) -> bool:
    return (one.matches, one.results, one.places) == (other.matches, other.results, other.places)


@settings(deadline=None, max_examples=300)
@given(FORMATS, COUNTS, SEEDS, st.integers(1, 3))
def test_corrected_history_is_the_history_that_had_always_been_so(
    format_: str, entrants: int, seed: int, times: int
) -> None:
    board, chance = part_of(format_, entrants, seed)
    for _ in range(times):
        match = chance.choice(sorted(board.results))
        adopt(board, match, chance.choice([0, 1, None, UNDONE]))
        assert same(board, replayed(board))
        if not board.results:
            break


@settings(deadline=None)
@given(FORMATS, COUNTS, SEEDS)
def test_what_was_done_last_can_be_undone(format_: str, entrants: int, seed: int) -> None:
    board, chance = part_of(format_, entrants, seed)
    if not (due := board.due):
        return
    matches, results, places = [*board.matches], {**board.results}, {**board.places}
    match = chance.choice(due)
    board.record(match, chance.choice([0, 1, None]))
    adopt(board, match, UNDONE)
    assert (board.matches, board.results, board.places) == (matches, results, places)


@settings(deadline=None)
@given(FORMATS, COUNTS, SEEDS)
def test_the_same_winner_changes_nothing(format_: str, entrants: int, seed: int) -> None:
    board, chance = part_of(format_, entrants, seed)
    match = chance.choice(sorted(board.results))
    assert not correct(board.bracket, board.sides, match, board.results[match]).changes


@settings(deadline=None)
@given(FORMATS, COUNTS, SEEDS)
def test_only_dependents_are_looked_at_and_results_elsewhere_stay(
    format_: str, entrants: int, seed: int
) -> None:
    board, chance = part_of(format_, entrants, seed)
    match = chance.choice(sorted(board.results))
    before, board.looked_up = {**board.results}, 0
    found = adopt(board, match, UNDONE)
    depending = set(dependents(board.bracket, match))
    assert {change.match for change in found.changes} <= depending
    assert {n: r for n, r in before.items() if n not in depending | {match}} == {
        n: r for n, r in board.results.items() if n not in depending
    }
    # Each is looked up once for each side that may change, and for its entrants.
    assert board.looked_up <= 8 * (len(depending) + 1)


def test_in_the_largest_bracket_about_a_hundred_matches_are_changed() -> None:
    for bracket, most in ((single(4096, third_place=True), 12), (double(4096), 106)):
        # Everybody whose match has begun is on both its sides: where they come from doesn't matter here.
        changed = take_back(bracket, lambda number: (number, number), 1).changes
        assert [change.match for change in changed] == [*dependents(bracket, 1)][:most]
        assert len(changed) == most


def test_a_walkover_that_a_wrong_result_made_is_taken_back() -> None:
    board = Board(single(4), [1, 2, 3, 4])
    board.record(1, None)
    board.record(2, 0)
    assert board.finished and board.places == {1: 3, 4: 3, 2: 1, 3: 3}
    found = adopt(board, 1, 0)
    assert found.changes == ((3, 1, 2),)
    assert (board.places, board.due) == ({4: 3, 3: 3}, [3])
