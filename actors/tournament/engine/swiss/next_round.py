"""The next round of a Swiss stage, as a worker process works it out: flat numbers in, flat numbers out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from actors.tournament.engine.swiss.model import Game, Impossible, Options
from actors.tournament.engine.swiss.published import published

_GAME: Final = 5
"""Numbers of a game: as ``Game`` has them."""


def next_round(
    options: Options,
    entrants: Sequence[int],
    rounds: Sequence[Sequence[int]],
    absent: Sequence[int],
    back: Sequence[int] = (),
) -> tuple[tuple[int, ...], tuple[int, ...], bool]:
    """The pairs of the next round and its reasons as ``published`` has them, and whether it can't be paired at all.

    Takes all who were ever in the stage, the best seed first; of each round so far its games and byes; who isn't there,
    and who has left and come back. Without pairs and bye nobody is left to play, or they can't be paired.
    """
    # The loop names this function, and has no use for what it takes to call it: numpy is in there.
    from actors.tournament.engine.swiss.pairing import pair

    games = [[_game(flat, at) for at in range(0, len(flat), _GAME)] for flat in rounds]
    found = pair(entrants, games, options, frozenset(absent), frozenset(back))
    if isinstance(found, Impossible):
        return (), (), True
    pairs, reasons = published(found)
    return pairs, reasons, False


def _game(flat: Sequence[int], at: int) -> Game:
    first, second, first_points, second_points, played = flat[at : at + _GAME]
    return Game(first, second, first_points, second_points, bool(played))
