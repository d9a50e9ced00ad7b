"""The same pairings as caissify-pairings, which is tested against bbpPairings.

What it gives sides by differs in two places, in which FIDE's rules are clear: the higher ranked of two is by their
scores first (1.2), and a pairing number stays the same when others are absent (C.04.2). Pairs are the same.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from caissify_pairings.engines.dutch import DutchEngine  # pyright: ignore[reportMissingTypeStubs]

from actors.tournament.engine.swiss.history import ABSOLUTE, Player, players
from actors.tournament.engine.swiss.model import Impossible, Options
from tests.unit.actors.tournament.engine.swiss.swisses import Paired, played, rates

TOURNAMENTS = 200
ENTRANTS_MAX = 32
ROUNDS_AT_LEAST = 600
SIDES = {1: "white", -1: "black"}
FLOATS = {1: "up", -1: "down", 0: "none"}


def theirs(paired: Paired) -> tuple[list[tuple[int, int]], list[int]]:
    """Their pairs, and who has no opponent."""
    known = players(paired.entrants, paired.rounds, paired.options)
    met = {
        (min(number, other), max(number, other)) for number, player in known.items() for other in player.met
    }
    given = [_described(player) for number, player in known.items() if number not in paired.absent]
    rows: list[dict[str, Any]] = DutchEngine(
        given, met, len(paired.rounds) + 1, paired.options.rounds or 0
    ).generate_pairings()
    pairs = [(row["white_id"], row["black_id"]) for row in rows if row.get("black_id")]
    return pairs, [row["white_id"] for row in rows if not row.get("black_id")]


def _described(player: Player) -> dict[str, Any]:
    return {
        "id": player.number,
        "name": f"{player.seed:04}",
        "score": player.score / 2,
        "rating": 3000 - player.seed,
        "starting_number": player.seed,
        "color_hist": [SIDES[side] for side in player.sides],
        "float_history": [FLOATS[way] for way in player.floats],
        "bye_count": 0,
        "forfeit_win_count": int(player.bye_taken),
    }


def legal(paired: Paired, pairs: list[tuple[int, int]], alone: list[int]) -> bool:
    """Whether nothing breaks C1, C2 or C3."""
    known = players(paired.entrants, paired.rounds, paired.options)
    if len(alone) > 1 or any(known[number].bye_taken for number in alone):
        return False
    for a, b in pairs:
        one, other = known[a], known[b]
        if b in one.met:
            return False
        bound = one.strength == other.strength == ABSOLUTE and one.wish == other.wish
        if bound and not one.topscorer and not other.topscorer:
            return False
    return True


def may_differ_in_sides(paired: Paired, pair: tuple[int, int]) -> bool:
    """Whether only 5.2.4 or 5.2.5 says who has the first side."""
    known = players(paired.entrants, paired.rounds, paired.options)
    one, other = (known[number] for number in pair)
    if any(mine != others for mine, others in zip(one.sides[::-1], other.sides[::-1], strict=False)):
        return False
    return one.wish == other.wish and one.strength == other.strength


@pytest.mark.slow
def test_random_tournaments_are_paired_as_by_an_independent_program(
    capsys: pytest.CaptureFixture[str],
) -> None:
    compared = impossible = 0
    for seed in range(TOURNAMENTS):
        lot = random.Random(seed)
        count = lot.randint(2, lot.choice([8, 12, 20, ENTRANTS_MAX]))
        most = min(count - 1 + count % 2, lot.choice([4, 5, 7, 9]))
        options = Options(rounds=lot.randint(min(2, most), most))
        for paired in played(lot, range(1, count + 1), options, rates(lot)):
            pairs, alone = theirs(paired)
            where = f"tournament {seed}, round {len(paired.rounds) + 1}"
            if isinstance(paired.result, Impossible):
                assert not legal(paired, pairs, alone), where
                impossible += 1
                continue
            compared += 1
            assert {frozenset(pair) for pair in paired.result.pairs} == {frozenset(pair) for pair in pairs}, (
                where
            )
            assert [paired.result.bye][: len(alone)] == alone, where
            other_sides = set(paired.result.pairs) - set(pairs)
            assert all(may_differ_in_sides(paired, pair) for pair in other_sides), where
    assert compared >= ROUNDS_AT_LEAST
    with capsys.disabled():
        print(f"\nSwiss: {TOURNAMENTS} tournaments, {compared:,} rounds agree, {impossible} can't be paired")
