"""Who has which place when all matches of a bracket are done."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from actors.tournament.engine.elimination import Bracket
from actors.tournament.engine.progress import Sides, settled, without_game


class Done(NamedTuple):
    """How a match has ended."""

    number: int
    sides: Sides
    winner: int
    """An entrant; 0 for nobody."""


def places_of(bracket: Bracket, results: Iterable[Done]) -> dict[int, int]:
    """The place of each entrant, by all matches in the order of their numbers."""
    places: dict[int, int] = {}
    for number, sides, winner in results:
        side = without_game(sides)
        if side is None and winner:
            side = sides.index(winner)
        spot = bracket[number]
        # A correction may have let somebody go on who has lost: then the last match of each of the two tells.
        places.update(dict.fromkeys((one for one in sides if one), spot.out_place))
        places.update(settled(spot, sides, side)[1])
    return places
