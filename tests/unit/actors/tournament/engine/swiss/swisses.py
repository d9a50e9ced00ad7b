"""Swiss tournaments that are played out with results by lot, withdrawals, forfeits and byes of every kind."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from actors.tournament.engine.swiss.model import Game, Impossible, Options, Round
from actors.tournament.engine.swiss.pairing import pair


class Paired(NamedTuple):
    """A round that was paired, and from what."""

    entrants: tuple[int, ...]
    rounds: tuple[tuple[Game, ...], ...]
    options: Options
    absent: frozenset[int]
    result: Round | Impossible


class Rates(NamedTuple):
    """How often things happen."""

    draw: float = 0.2
    forfeit: float = 0.0
    withdraws: float = 0.0
    bye_asked: float = 0.0
    skill: float = 0.0


def rates(lot: random.Random) -> Rates:
    """Some rates."""
    return Rates(
        draw=lot.choice([0, 0.2, 0.4]),
        forfeit=lot.choice([0, 0.03, 0.1]),
        withdraws=lot.choice([0, 0.02, 0.05]),
        bye_asked=lot.choice([0, 0.03, 0.1]),
        skill=lot.choice([0, 0, 0.02]),
    )


def played(lot: random.Random, entrants: Sequence[int], options: Options, given: Rates) -> Iterator[Paired]:
    """Each round of a tournament, until one is impossible or fewer than two are left."""
    rounds: tuple[tuple[Game, ...], ...] = ()
    gone: set[int] = set()
    for _ in range(options.rounds or 0):
        gone |= {entrant for entrant in entrants if lot.random() < given.withdraws}
        asked = {entrant for entrant in entrants if entrant not in gone and lot.random() < given.bye_asked}
        absent = frozenset(gone | asked)
        if len(entrants) - len(absent) < 2:
            return
        result = pair(entrants, rounds, options, absent)
        yield Paired(tuple(entrants), rounds, options, absent, result)
        if isinstance(result, Impossible):
            return
        byes = [Game(entrant, 0, lot.choice([0, 0, 1, 1, 2]), 0, played=False) for entrant in sorted(asked)]
        rounds = (*rounds, (*games(lot, result, given), *byes))


def games(lot: random.Random, result: Round, given: Rates) -> list[Game]:
    """What its pairs play."""
    found = [_game(lot, a, b, given) for a, b in result.pairs]
    return [*found, Game(result.bye, 0, 2, 0, played=False)] if result.bye else found


def _game(lot: random.Random, a: int, b: int, given: Rates) -> Game:
    if lot.random() < given.forfeit:
        return Game(a, b, *lot.choice([(2, 0), (0, 2), (0, 0)]), played=False)
    luck = lot.random() - (b - a) * given.skill
    win = (1 - given.draw) / 2
    points = (2, 0) if luck < win else (1, 1) if luck < win + given.draw else (0, 2)
    return Game(a, b, *points)
