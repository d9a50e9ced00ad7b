"""How long it takes to pair the rounds of a large Swiss stage.

``python -m gatherup.bench.swiss`` plays a stage of nine rounds by the engine alone, in which the better seeds win more
often, some games are drawn and some entrants are absent. It prints a ``Measured`` for each stage, as a line of JSON.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Final

from msgspec import Struct

from actors.tournament.engine.draw import splitmix64
from actors.tournament.engine.swiss.model import Game, Impossible, Options
from actors.tournament.engine.swiss.pairing import pair
from gatherup.bench.measuring import cpu_s, say
from gatherup.garbage import relax_garbage_collection

ROUNDS: Final = 9
WORD: Final = float(1 << 64)


class Measured(Struct, frozen=True, kw_only=True):
    """The rounds of one stage, in CPU time."""

    entrants: int
    median_ms: float
    slowest_ms: float


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m gatherup.bench.swiss", description=__doc__)
    parser.add_argument("--entrants", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=5, help="how many stages, each with other results")
    given = parser.parse_args(arguments)
    relax_garbage_collection()
    for seed in range(given.repeats):
        took = [1000 * second for second in _stage(given.entrants, seed)]
        say(Measured(entrants=given.entrants, median_ms=median(took), slowest_ms=max(took)))


def _stage(count: int, seed: int) -> Iterator[float]:
    """How many seconds each round takes."""
    lots = (number / WORD for number in splitmix64(seed))
    entrants, options = range(1, count + 1), Options(rounds=ROUNDS)
    rounds: list[list[Game]] = []
    for _ in range(ROUNDS):
        absent = {entrant for entrant in entrants if next(lots) < seed % 3 * 0.04}
        begun = cpu_s()
        paired = pair(entrants, rounds, options, absent)
        yield cpu_s() - begun
        if isinstance(paired, Impossible):
            raise RuntimeError("a round of the bench can't be paired")
        games = [_game(a, b, next(lots) - (b - a) / count / 2) for a, b in paired.pairs]
        byes = [Game(paired.bye, 0, 2, 0, played=False)] if paired.bye else []
        rounds.append(games + byes)


def _game(a: int, b: int, lot: float) -> Game:
    first, second = (2, 0) if lot < 0.4 else (1, 1) if lot < 0.6 else (0, 2)
    return Game(a, b, first, second)


if __name__ == "__main__":
    main()
