"""What holds of every round, whatever was played before."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.tournament.engine.swiss.field import Field
from actors.tournament.engine.swiss.history import ABSOLUTE, Player, players
from actors.tournament.engine.swiss.model import Game, Impossible, Options, Round
from actors.tournament.engine.swiss.pairing import pair
from tests.unit.actors.tournament.engine.swiss.swisses import Paired, Rates, played

ROUNDS = st.builds(
    lambda seed, count, rounds, rates, options: list(
        played(random.Random(seed), range(1, count + 1), Options(rounds=rounds, **options), rates)
    ),
    seed=st.integers(0, 2**32),
    count=st.integers(2, 24),
    rounds=st.integers(1, 9),
    rates=st.builds(
        Rates,
        draw=st.sampled_from([0, 0.3]),
        forfeit=st.sampled_from([0, 0.1]),
        withdraws=st.sampled_from([0, 0.05]),
        bye_asked=st.sampled_from([0, 0.1]),
    ),
    options=st.fixed_dictionaries({"sides": st.booleans(), "rematch": st.booleans()}),
)


def ranked(one: Paired) -> list[Player]:
    known = players(one.entrants, one.rounds, one.options)
    here = [player for number, player in known.items() if number not in one.absent]
    return sorted(here, key=lambda player: (-player.score, player.seed))


def can_be_paired(one: Paired) -> bool:
    """Whether nobody needs to meet again or to have a second bye."""
    ranking = ranked(one)
    byes = sum(1 << place for place, player in enumerate(ranking) if not player.bye_taken)
    field = Field(ranking)
    return field.complete(field.everybody, byes)


@settings(max_examples=60, deadline=None)
@given(ROUNDS)
def test_everybody_is_paired_once_and_nothing_absolute_is_broken_unless_forced(rounds: list[Paired]) -> None:
    for one in rounds:
        known = {player.number: player for player in ranked(one)}
        if isinstance(one.result, Impossible):
            assert set(one.result.entrants) == known.keys()
            assert not can_be_paired(one)
            continue
        numbers = [number for two in one.result.pairs for number in two]
        numbers += [one.result.bye] if one.result.bye else []
        assert sorted(numbers) == sorted(known)
        assert len(one.result.reasons) == len(one.result.pairs) + bool(one.result.bye)
        again = [why.rematch for why in one.result.reasons]
        assert again == [b in known[a].met for a, b in one.result.pairs] + [
            known[number].bye_taken for number in [one.result.bye] if number
        ]
        assert not any(again) or (one.options.rematch and not can_be_paired(one))
        for first, second in one.result.pairs:
            check_sides(known[first], known[second])


def check_sides(first: Player, second: Player) -> None:
    """Only topscorers and whom they meet get a side that they must not have."""
    if first.topscorer or second.topscorer:
        return
    assert not (first.strength == ABSOLUTE and first.wish < 0)
    assert not (second.strength == ABSOLUTE and second.wish > 0)


@settings(max_examples=30, deadline=None)
@given(ROUNDS, st.randoms(use_true_random=False))
def test_neither_the_order_of_games_nor_the_names_of_entrants_matter(
    rounds: list[Paired], lot: random.Random
) -> None:
    for one in rounds:
        new = dict(zip(one.entrants, lot.sample(range(1, 5000), len(one.entrants)), strict=True))
        mixed = [[_renamed(game, new) for game in lot.sample(games, len(games))] for games in one.rounds]
        result = pair(
            [new[number] for number in one.entrants], mixed, one.options, {new[n] for n in one.absent}
        )
        if isinstance(one.result, Impossible):
            assert isinstance(result, Impossible)
            continue
        assert isinstance(result, Round)
        assert result.pairs == tuple((new[a], new[b]) for a, b in one.result.pairs)
        assert result.bye == (new[one.result.bye] if one.result.bye else 0)


def _renamed(game: Game, new: dict[int, int]) -> Game:
    return game._replace(first=new[game.first], second=new[game.second] if game.second else 0)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 2**32),
    st.integers(2, 24),
    st.sampled_from([(1, 1), (2, 2), (3, 3), (3, 2)]),
    st.booleans(),
)
def test_a_stage_with_early_exits_ends_and_nobody_plays_after_their_exit(
    seed: int, count: int, exits: tuple[int, int], sides: bool
) -> None:
    lot, options = random.Random(seed), Options(exit=exits, sides=sides, rematch=True)
    rounds: list[list[Game]] = []
    record = {number: [0, 0] for number in range(1, count + 1)}
    while True:
        result = pair(range(1, count + 1), rounds, options)
        if isinstance(result, Impossible) or not (result.pairs or result.bye):
            break
        games = [Game(a, b, *lot.choice([(2, 0), (0, 2)])) for a, b in result.pairs]
        for game in games:
            assert all(record[number][0] < exits[0] and record[number][1] < exits[1] for number in game[:2])
            for number, points in ((game.first, game.first_points), (game.second, game.second_points)):
                record[number][points == 0] += 1
        if result.bye:
            games.append(Game(result.bye, 0, 2, 0, played=False))
            record[result.bye][0] += 1
        rounds.append(games)
    over = [wins >= exits[0] or losses >= exits[1] for wins, losses in record.values()]
    assert all(over) != isinstance(result, Impossible)
    assert len(rounds) < sum(exits)
