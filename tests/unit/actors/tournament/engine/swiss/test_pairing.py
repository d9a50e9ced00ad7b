"""Rounds whose pairs follow from the rules by hand, and cases in which programs differ."""

from __future__ import annotations

import random

import pytest

from actors.tournament.engine.swiss import pairing
from actors.tournament.engine.swiss.model import Game, Impossible, Options, Round, Why
from actors.tournament.engine.swiss.pairing import pair
from tests.unit.actors.tournament.engine.swiss.swisses import played, rates


def paired(
    entrants: int, rounds: list[list[Game]], options: Options | None = None, absent: set[int] | None = None
) -> Round:
    result = pair(range(1, entrants + 1), rounds, options or Options(), absent or set())
    assert isinstance(result, Round)
    return result


def bye(entrant: int, points: int = 2) -> Game:
    return Game(entrant, 0, points, 0, played=False)


def test_the_first_round_sets_the_upper_half_against_the_lower_with_sides_in_turn() -> None:
    assert paired(8, []).pairs == ((1, 5), (6, 2), (3, 7), (8, 4))
    assert paired(8, [], Options(first_side=False)).pairs == ((5, 1), (2, 6), (7, 3), (4, 8))
    assert paired(7, [])[:2] == (((1, 4), (5, 2), (3, 6)), 7)


def test_nobody_and_one_alone() -> None:
    assert pair([], [], Options()) == Round((), 0, ())
    assert paired(1, []).bye == 1
    assert pair([1], [[bye(1)]], Options()) == Impossible((1,))


def test_a_pab_goes_to_the_lowest_score_though_a_higher_bracket_is_broken_up() -> None:
    """C5, as in bbpPairings' test dutch_2025_C5."""
    rounds = [
        [Game(1, 4, 2, 0), Game(5, 2, 0, 2), Game(3, 6, 2, 0)],
        [Game(2, 1, 0, 2), Game(4, 3, 0, 2), Game(6, 5, 0, 2)],
    ]
    result = paired(6, rounds, Options(rounds=3), {4})
    assert result[:2] == (((1, 5), (3, 2)), 6)


def test_a_pab_goes_to_who_has_played_most() -> None:
    """C9, as in bbpPairings' test dutch_2025_C9."""
    result = paired(5, [[Game(1, 3, 2, 0), Game(4, 2, 0, 2)]], Options(rounds=3))
    assert result[:2] == (((2, 1), (3, 5)), 4)
    assert (result.reasons[-1].expected, result.reasons[-1].because) == (5, "others")


def test_who_has_met_does_not_meet_again_and_the_reason_says_so() -> None:
    rounds = [[Game(1, 3, 1, 1), Game(4, 2, 1, 1)]]
    result = paired(4, rounds)
    assert {frozenset(pair) for pair in result.pairs} == {frozenset({1, 2}), frozenset({3, 4})}
    assert result.reasons[0] == Why(1, 0, exchanged=True, expected=3, because="met", rematch=False)


def test_who_comes_down_is_told() -> None:
    rounds = [[Game(1, 2, 2, 0), bye(3)], [Game(3, 1, 1, 1), bye(2)]]
    result = paired(3, rounds)
    assert (result.pairs, result.bye) == (((2, 3),), 1)
    assert (result.reasons[0].floats, result.reasons[0].group) == (3, 2)


def test_two_who_must_have_the_same_side_do_not_meet() -> None:
    both_bound = [
        [Game(1, 3, 1, 1), Game(2, 4, 1, 1)],
        [Game(1, 4, 1, 1), Game(2, 3, 1, 1)],
    ]
    assert isinstance(pair(range(1, 5), both_bound, Options(), {3, 4}), Impossible)
    assert isinstance(pair(range(1, 5), both_bound, Options(sides=False), {3, 4}), Round)


def test_topscorers_who_must_have_the_same_side_meet_in_the_last_round() -> None:
    rounds = [
        [Game(1, 3, 2, 0), Game(2, 4, 2, 0)],
        [Game(1, 4, 2, 0), Game(2, 3, 2, 0)],
    ]
    assert isinstance(pair(range(1, 5), rounds, Options(rounds=4), {3, 4}), Impossible)
    assert paired(4, rounds, Options(rounds=3), {3, 4}).pairs == ((2, 1),)


def test_a_rematch_is_allowed_only_if_it_is_forced() -> None:
    rounds = [[Game(1, 2, 2, 0)]]
    assert isinstance(pair([1, 2], rounds, Options()), Impossible)
    again = pair([1, 2], rounds, Options(rematch=True))
    assert isinstance(again, Round)
    assert again.pairs == ((2, 1),)
    assert again.reasons[0].rematch
    assert not any(why.rematch for why in paired(4, rounds, Options(rematch=True)).reasons)


def test_as_few_meet_again_as_must_and_those_of_nearest_scores() -> None:
    rounds = [
        [Game(1, 2, 2, 0), Game(3, 4, 2, 0)],
        [Game(1, 3, 2, 0), Game(4, 2, 0, 2)],
        [Game(4, 1, 0, 2), Game(2, 3, 2, 0)],
    ]
    result = paired(4, rounds, Options(rematch=True, sides=False))
    assert {frozenset(pair) for pair in result.pairs} == {frozenset({1, 2}), frozenset({3, 4})}
    assert [why.rematch for why in result.reasons] == [True, True]


def test_a_second_bye_is_given_only_if_it_is_forced() -> None:
    rounds = [[Game(1, 2, 2, 0), bye(3)], [Game(1, 3, 2, 0), bye(2)], [Game(3, 2, 2, 0), bye(1)]]
    assert isinstance(pair([1, 2, 3], rounds, Options(sides=False)), Impossible)
    result = paired(3, rounds, Options(rematch=True, sides=False))
    assert result.bye
    assert result.reasons[-1].rematch


def test_who_has_won_or_lost_enough_plays_no_more() -> None:
    options = Options(exit=(2, 2), sides=False)
    rounds = [[Game(1, 3, 2, 0), Game(2, 4, 2, 0)]]
    assert {frozenset(pair) for pair in paired(4, rounds, options).pairs} == {
        frozenset({1, 2}),
        frozenset({3, 4}),
    }
    rounds.append([Game(1, 2, 2, 0), Game(3, 4, 2, 0)])
    assert paired(4, rounds, options).pairs == ((2, 3),)
    rounds.append([Game(2, 3, 2, 0)])
    assert pair(range(1, 5), rounds, options) == Round((), 0, ())


def test_who_is_alone_with_its_record_has_the_bye() -> None:
    options = Options(exit=(3, 3), sides=False)
    assert paired(5, [[Game(1, 2, 2, 0), Game(3, 4, 2, 0), bye(5)]], options).bye == 4
    first = [Game(1, 2, 2, 0), Game(3, 4, 2, 0), Game(5, 6, 2, 0)]
    # 1 has won twice; 3 has won and lost, and 5 has won: of the lone ones 5 ranks lowest.
    assert paired(6, [first, [Game(1, 3, 2, 0)]], options, {6}).bye == 5
    assert paired(6, [first, [Game(1, 3, 2, 0)]], Options(sides=False), {6}).bye == 4
    assert paired(3, [[Game(1, 2, 2, 0)], [bye(1)]], options, {2, 3}).bye == 1


@pytest.mark.slow
def test_a_bracket_is_paired_quickly_as_it_is_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [0, 0]
    quickly = pairing.pair_quickly

    def counted(*arguments: object) -> object:
        result = quickly(*arguments)  # pyright: ignore[reportArgumentType]
        found[result is not None] += 1
        return result

    for seed in range(40):
        lot = random.Random(seed)
        count = lot.randint(2, 70)
        monkeypatch.setattr(pairing, "pair_quickly", counted)
        rounds = list(played(lot, range(1, count + 1), Options(rounds=min(9, count)), rates(lot)))
        monkeypatch.setattr(pairing, "pair_quickly", lambda *_: None)
        for one in rounds:
            assert pair(one.entrants, one.rounds, one.options, one.absent) == one.result
    assert min(found) > 100


def test_dozens_of_scores_that_come_together_are_paired() -> None:
    """In a round robin's last round each has one opponent left. The criteria of its brackets don't fit 128 bits."""
    count = 64
    rounds = [
        [Game(a, b, 2, 0) for a, b in map(sorted, circle(count, round_))] for round_ in range(count - 2)
    ]
    result = paired(count, rounds, Options(rounds=count - 1, sides=False))
    assert {frozenset(pair) for pair in result.pairs} == set(circle(count, count - 2))


def circle(count: int, round_: int) -> list[frozenset[int]]:
    """A round of a round robin: one stays, and the others turn."""
    turned = [1 + (place + round_) % (count - 1) for place in range(count - 1)]
    pairs = [(count, turned[0]), *zip(turned[1 : count // 2], turned[: count // 2 - 1 : -1], strict=True)]
    return [frozenset(pair) for pair in pairs]


# --- who has come back -------------------------------------------------------------------------------------


def test_who_has_come_back_has_no_bye() -> None:
    """The last of five would have it; the next one has it instead, and is told why."""
    usual, found = pair(range(1, 6), [], Options()), pair(range(1, 6), [], Options(), back=(5,))
    assert isinstance(usual, Round) and isinstance(found, Round)
    assert (usual.bye, found.bye) == (5, 4)
    assert (found.reasons[-1].expected, found.reasons[-1].because) == (5, "back")


@pytest.mark.parametrize("rematch", [False, True])
def test_who_has_come_back_sits_out_if_nobody_else_can_have_the_bye(rematch: bool) -> None:
    byes = [[Game(1, 0, 2, 0, played=False)], [Game(2, 0, 2, 0, played=False)]]
    found = pair((1, 2, 3), byes, Options(rematch=rematch), back=(3,))
    assert isinstance(found, Round)
    assert (found.pairs, found.bye) == (((1, 2),), 0)
    met = [*byes, [Game(1, 2, 2, 0)]]
    again = pair((1, 2, 3), met, Options(rematch=rematch), back=(3,))
    assert isinstance(again, Round) is rematch


def test_who_has_come_back_alone_ends_a_stage_of_early_exits() -> None:
    found = pair((1, 2), [[Game(1, 2, 2, 0)]], Options(exit=(1, 2)), back=(2,))
    assert found == Round((), 0, ())
