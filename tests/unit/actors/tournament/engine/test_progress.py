"""Tournaments that are played out: everybody loses as often as the format says, and everybody gets their place."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.tournament.engine.elimination import Bracket, double, single
from actors.tournament.engine.progress import NOBODY, Fill, Placed
from tests.unit.actors.tournament.engine.playing import (
    Board,
    Chosen,
    all_of,
    better_seed_wins,
    dependents,
    play,
)

FORMATS = st.sampled_from(["single", "third", "double", "reset"])
COUNTS = st.integers(2, 64)
SEEDS = st.integers(0, 2**32)


def bracket_of(format_: str, entrants: int) -> Bracket:
    if format_ in ("single", "third"):
        return single(entrants, third_place=format_ == "third")
    return double(entrants, reset=format_ == "reset")


class Chance:
    """Results by lot, in an order by lot; one of ``forfeits`` matches is forfeited by both."""

    def __init__(self, seed: int, *, forfeits: int = 0) -> None:
        self.random = random.Random(seed)
        self._forfeits = forfeits

    def __call__(self, due: list[int]) -> Chosen:
        both = self._forfeits and self.random.randrange(self._forfeits) == 0
        return self.random.choice(due), None if both else self.random.randrange(2)


def by_lot(format_: str, entrants: int, seed: int, *, forfeits: int = 0) -> Board:
    """A tournament of numbers far from their seeds."""
    chance = Chance(seed, forfeits=forfeits)
    order = chance.random.sample(range(1, 4097), entrants)
    return play(bracket_of(format_, entrants), order, chance)


def losses(board: Board) -> Counter[int | None]:
    """How often each lost, with forfeits; the match for the third place ends nothing."""
    lost: Counter[int | None] = Counter()
    for _, match, sides, winner in board.played():
        if match.part != "third":
            lost.update(sides if winner is None else [sides[1 - winner]])
    return lost


def moment(bracket: Bracket, number: int, *, forfeited: bool) -> float:
    """When a loser is out, the same for all matches of a round; the third place is decided just before the final.

    Who forfeits with the other goes out as if in the match that losers go to.
    """
    match = bracket[number]
    to = bracket[match.loser_to.match] if match.loser_to else match
    last = to if forfeited or to.part == "third" else match
    if last.part == "third":
        return bracket.last[0] - 0.5
    rounds = [(other.part, other.round) for other in all_of(bracket)]
    return rounds.index((last.part, last.round)) + 1


def forfeited(board: Board) -> set[int | None]:
    """Who forfeited together with the other."""
    return {entrant for _, _, sides, winner in board.played() if winner is None for entrant in sides}


@settings(deadline=None)
@given(FORMATS, COUNTS, SEEDS, st.sampled_from([0, 1, 2, 8]))
def test_everything_is_known_and_everybody_placed_at_the_end(
    format_: str, entrants: int, seed: int, forfeits: int
) -> None:
    board = by_lot(format_, entrants, seed, forfeits=forfeits)
    assert not any(None in sides for sides in board.matches)
    assert sorted(board.places) == sorted(board.order)
    places = Counter(board.places.values())
    assert places[1] == 1 or forfeited(board)
    assert all(sum(places[better] for better in range(1, place)) < place for place in places)


@settings(deadline=None)
@given(FORMATS, COUNTS, SEEDS, st.sampled_from([0, 2, 8]))
def test_everybody_but_the_champion_loses_as_often_as_the_format_says(
    format_: str, entrants: int, seed: int, forfeits: int
) -> None:
    board = by_lot(format_, entrants, seed, forfeits=forfeits)
    allowed = 1 if format_ in ("single", "third") else 2
    lost, both = losses(board), forfeited(board)
    for entrant, place in board.places.items():
        if place == 1:
            assert lost[entrant] < allowed
        elif entrant in both:
            assert 1 <= lost[entrant] <= allowed
        elif format_ == "double" and place == 2:
            assert lost[entrant] in (1, 2)  # who never lost before loses the only final
        else:
            assert lost[entrant] == allowed


@settings(deadline=None)
@given(FORMATS, COUNTS, SEEDS, st.sampled_from([0, 2, 8]))
def test_who_went_out_later_has_the_better_place(
    format_: str, entrants: int, seed: int, forfeits: int
) -> None:
    board = by_lot(format_, entrants, seed, forfeits=forfeits)
    went_out: dict[int | None, float] = {}
    for number, _, sides, winner in board.played():
        out = sides if winner is None else sides[1 - winner : 2 - winner]
        went_out |= dict.fromkeys(out, moment(board.bracket, number, forfeited=winner is None))
    in_order = sorted(
        (entrant for entrant, place in board.places.items() if place != 1),
        key=lambda entrant: (board.places[entrant], -went_out[entrant]),
    )
    moments = [went_out[entrant] for entrant in in_order]
    assert moments == sorted(moments, reverse=True)


@settings(deadline=None)
@given(FORMATS, COUNTS, SEEDS)
def test_places_have_no_gaps_when_all_play(format_: str, entrants: int, seed: int) -> None:
    board = by_lot(format_, entrants, seed)
    places = sorted(board.places.values())
    assert all(place == 1 + sum(other < place for other in places) for place in places)


@given(FORMATS, COUNTS)
def test_byes_are_the_best_seeds_and_in_the_first_round(format_: str, entrants: int) -> None:
    bracket = bracket_of(format_, entrants)
    seated = Board(bracket, range(1, entrants + 1)).matches
    byes = [
        (match.round, max(side or NOBODY for side in sides))
        for match, sides in zip(all_of(bracket), seated, strict=True)
        if match.part == "winners" and NOBODY in sides
    ]
    assert sorted(byes) == [(1, seed) for seed in range(1, bracket.size - entrants + 1)]


@settings(deadline=None)
@given(FORMATS, COUNTS, SEEDS)
def test_who_plays_is_let_through_at_most_once_in_each_bracket(
    format_: str, entrants: int, seed: int
) -> None:
    board = by_lot(format_, entrants, seed)
    through = Counter(
        (match.part, max(side or NOBODY for side in sides))
        for match, sides in zip(all_of(board.bracket), board.matches, strict=True)
        if match.part in ("winners", "losers") and NOBODY in sides and sides != (NOBODY, NOBODY)
    )
    assert all(count == 1 for count in through.values())


@settings(deadline=None)
@given(FORMATS, COUNTS, SEEDS)
def test_entrants_renamed_give_the_same_pairings(format_: str, entrants: int, seed: int) -> None:
    board = by_lot(format_, entrants, seed, forfeits=8)
    names = {entrant: place for place, entrant in enumerate(board.order, 1)} | {NOBODY: NOBODY}
    renamed = play(board.bracket, range(1, entrants + 1), lambda due: (due[0], board.results[due[0]]))
    assert renamed.matches == [(names[first or 0], names[second or 0]) for first, second in board.matches]
    assert renamed.places == {names[entrant]: place for entrant, place in board.places.items()}


@settings(deadline=None)
@given(FORMATS, COUNTS, SEEDS, st.data())
def test_a_result_matters_to_its_dependents_alone(
    format_: str, entrants: int, seed: int, data: st.DataObject
) -> None:
    board = by_lot(format_, entrants, seed, forfeits=8)
    changed = data.draw(st.sampled_from(sorted(board.results)))
    other = data.draw(
        st.sampled_from([winner for winner in (0, 1, None) if winner != board.results[changed]])
    )
    results = dict.fromkeys(range(1, len(board.matches) + 1), 0) | board.results | {changed: other}
    again = play(board.bracket, board.order, lambda due: (due[0], results[due[0]]))
    numbers = range(1, len(board.matches) + 1)
    differing = [number for number in numbers if board.sides(number) != again.sides(number)]
    assert set(differing) <= set(dependents(board.bracket, changed))


def test_dependents_are_all_that_it_leads_to_in_their_order() -> None:
    assert dependents(double(8), 1) == (5, 7, 9, 10, 11, 12, 13, 14, 15)
    assert dependents(double(8), 13) == (14, 15)
    assert dependents(double(8), 15) == ()
    assert dependents(single(8, third_place=True), 6) == (7, 8)


def test_a_result_asks_for_few_matches_whatever_the_size() -> None:
    board = Board(double(4096), range(1, 4097))
    chance = Chance(7)
    for number in range(1, len(board.matches) + 1):
        if board.is_due(number):
            board.looked_up = 0
            board.record(number, chance([number])[1])
            assert board.looked_up <= 5
    assert board.finished


@pytest.mark.slow
@settings(deadline=None, max_examples=30)
@given(st.sampled_from([64, 256, 1024]), SEEDS)
def test_forfeits_lead_to_no_more_than_what_depends_on_them(entrants: int, seed: int) -> None:
    chance = Chance(seed, forfeits=2)
    board = Board(double(entrants), range(1, entrants + 1))
    rounds = entrants.bit_length() - 1
    for number in range(1, len(board.matches) + 1):
        if board.is_due(number):
            board.looked_up = 0
            board.record(number, chance([number])[1])
            assert board.looked_up <= 1 + 2 * len(dependents(board.bracket, number)) <= 1 + 2 * rounds**2


# ------------------------------------------------------------------------- known tournaments


def test_eight_whose_better_seeds_win() -> None:
    board = Board(double(8), range(1, 9))
    while due := board.due:
        board.record(due[0], better_seed_wins(board, due[0]))
    assert board.matches[:4] == [(1, 8), (4, 5), (2, 7), (3, 6)]
    assert board.places == {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 5, 7: 7, 8: 7}
    assert board.matches[-1] == (NOBODY, NOBODY)


@pytest.mark.parametrize(
    ("third_place", "places"), [(False, [1, 2, 3, 3, 5, 5, 5, 5]), (True, [1, 2, 3, 4, 5, 5, 5, 5])]
)
def test_eight_in_single_elimination(third_place: bool, places: list[int]) -> None:
    board = Board(single(8, third_place=third_place), range(1, 9))
    while due := board.due:
        board.record(due[0], better_seed_wins(board, due[0]))
    assert [board.places[seed] for seed in range(1, 9)] == places


def test_semifinalists_who_lose_play_for_the_third_place() -> None:
    board = Board(single(4, third_place=True), [10, 20, 30, 40])
    assert board.record(1, 1) == ((Fill(3, 0, 40), Fill(4, 0, 10)), ())
    assert board.record(2, 0) == ((Fill(3, 1, 20), Fill(4, 1, 30)), ())
    assert board.record(3, 0) == ((), (Placed(40, 1), Placed(20, 2)))
    assert not board.finished
    assert board.record(4, 1) == ((), (Placed(30, 3), Placed(10, 4)))


def test_the_reset_opens_when_the_losers_finalist_wins() -> None:
    board = Board(double(2), [10, 20])
    board.record(1, 0)
    assert board.record(2, 1) == ((Fill(3, 1, 20), Fill(3, 0, 10)), ())
    assert board.due == [3]
    assert not board.finished
    assert board.record(3, 0) == ((), (Placed(10, 1), Placed(20, 2)))


@pytest.mark.parametrize(("winner", "places"), [(0, {10: 1, 20: 2}), (None, {10: 2, 20: 2})])
def test_nobody_comes_to_the_reset_otherwise(winner: int | None, places: dict[int, int]) -> None:
    board = Board(double(2), [10, 20])
    board.record(1, 0)
    board.record(2, winner)
    assert board.matches[2] == (NOBODY, NOBODY)
    assert board.places == places
    assert board.finished


def test_without_a_reset_the_final_decides() -> None:
    board = Board(double(2, reset=False), [10, 20])
    board.record(1, 0)
    assert board.record(2, 1) == ((), (Placed(20, 1), Placed(10, 2)))


def test_two_in_single_elimination() -> None:
    board = Board(single(2), [10, 20])
    assert board.record(1, 1) == ((), (Placed(20, 1), Placed(10, 2)))


def test_three_in_single_elimination() -> None:
    board = Board(single(3, third_place=True), [10, 20, 30])
    assert board.matches == [(10, NOBODY), (20, 30), (10, None), (NOBODY, None)]
    # Nobody is there to play for the third place against.
    assert board.record(2, 1) == ((Fill(3, 1, 30), Fill(4, 1, 20)), (Placed(20, 3),))
    board.record(3, 0)
    assert board.places == {10: 1, 30: 2, 20: 3}


def test_three_in_double_elimination() -> None:
    board = Board(double(3), [10, 20, 30])
    assert board.due == [2]
    # The loser's first match would be against the loser of a bye.
    assert board.record(2, 0).fills == (Fill(3, 1, 20), Fill(4, 1, 30), Fill(5, 1, 30))
    assert board.record(3, 1).fills == (Fill(6, 0, 20), Fill(5, 0, 10))
    assert board.record(5, 1) == ((Fill(6, 1, 30),), (Placed(10, 3),))
    assert board.due == [6]


def test_who_meets_two_who_forfeited_goes_on() -> None:
    board = Board(double(4), [10, 20, 30, 40])
    assert board.record(1, None) == ((Fill(3, 0, NOBODY), Fill(4, 0, NOBODY)), (Placed(10, 4), Placed(40, 4)))
    fills, places = board.record(2, 0)
    # The winner has won the winners' bracket, the loser has lost to nobody else and meets nobody until the final.
    assert Fill(6, 0, 20) in fills
    assert Fill(6, 1, 30) in fills
    assert places == ()
    assert board.due == [6]


def test_who_forfeits_a_semifinal_with_the_other_is_fourth() -> None:
    board = Board(single(4, third_place=True), [10, 20, 30, 40])
    assert board.record(1, None).places == (Placed(10, 4), Placed(40, 4))
    assert board.record(2, 0).places == (Placed(20, 1), Placed(30, 3))
    assert board.finished


def test_all_forfeit() -> None:
    for format_ in ("single", "third", "double", "reset"):
        board = play(bracket_of(format_, 8), range(1, 9), lambda due: (due[0], None))
        assert len(board.results) == 4
        assert board.places == dict.fromkeys(range(1, 9), 7 if format_ in ("double", "reset") else 5)
