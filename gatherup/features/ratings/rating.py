"""How matches change ratings: Plackett and Luce's model as Weng and Lin have it ("A Bayesian Approximation Method for
Online Ranking", JMLR 12, 2011), by openskill. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

MU: Final = 25.0
SIGMA: Final = 25.0 / 3
_RANKS: Final = {0: [1, 1], 1: [1, 2], 2: [2, 1]}


class Rating(NamedTuple):
    """What is known of a player."""

    mu: float = MU
    """How good they are held to be."""
    sigma: float = SIGMA
    """How far that may be wrong."""
    matches: int = 0

    @property
    def shown(self) -> float:
        """What they are at least, almost for certain."""
        return self.mu - 3 * self.sigma


class Rated(NamedTuple):
    """A match: the players on each side, and which has won (1, 2; 0: a draw)."""

    a: Sequence[int]
    b: Sequence[int]
    winner: int


def rate(matches: Sequence[Rated], before: Mapping[int, Rating]) -> list[dict[int, Rating]]:
    """What each match, in this order, makes of the ratings of those who play it. Who isn't known yet begins anew."""
    from openskill.models import PlackettLuce  # it takes long to load, which no loop should wait

    model: Any = PlackettLuce()
    known = dict(before)
    steps: list[dict[int, Rating]] = []
    for match in matches:
        sides = [*match.a], [*match.b]
        teams = [
            [model.create_rating([old.mu, old.sigma]) for old in (known.get(one, Rating()) for one in side)]
            for side in sides
        ]
        rated = model.rate(teams, ranks=_RANKS[match.winner])
        step: dict[int, Rating] = {}
        for side, new_side in zip(sides, rated, strict=True):
            for player, new in zip(side, new_side, strict=True):
                step[player] = Rating(new.mu, new.sigma, known.get(player, Rating()).matches + 1)
        known |= step
        steps.append(step)
    return steps
