"""Brackets of single and double elimination: which match leads where. Nothing here knows who plays.

A match has two sides, 0 and 1, and a number; each is numbered after all those that lead to it.
"""

from __future__ import annotations

from functools import cache
from typing import Literal, NamedTuple

from msgspec import Struct

from actors.tournament.engine.seeding import seed_order

Part = Literal["winners", "losers", "final", "reset", "third"]


class Slot(NamedTuple):
    """One side of a match."""

    match: int
    side: int


class Match(Struct, frozen=True, gc=False):
    """A match by its place in the bracket.

    ``out_place`` is the place of whoever goes out in it: of a loser who goes nowhere, and of both if both forfeit.
    ``win_place`` is the place of a winner who goes nowhere.
    """

    part: Part
    round: int
    winner_to: Slot | None
    loser_to: Slot | None
    out_place: int
    win_place: int = 1


class Bracket(Struct, frozen=True):
    """All matches, and where seeds begin: ``starts[seed - 1]``. The tournament is over with the matches in ``last``.

    There are as many starts as the next power of two; seeds that nobody has are byes for the best ones.
    """

    matches: tuple[Match, ...]
    starts: tuple[Slot, ...]
    last: tuple[int, ...]

    def __getitem__(self, number: int) -> Match:
        return self.matches[number - 1]


def single(entrants: int, *, third_place: bool = False) -> Bracket:
    """Single elimination of two or more. Its last match is the final; a match for the third place needs three."""
    size = _size(entrants)
    return _single(size, third_place and size > 2)


def _size(entrants: int) -> int:
    if entrants < 2:
        raise ValueError(f"{entrants} can't play: a bracket needs two")
    return 1 << (entrants - 1).bit_length()


# There is one for each power of two and option: few, and all tournaments of that size share it.
@cache
def _single(size: int, third_place: bool) -> Bracket:
    third = size if third_place else None
    matches: list[Match] = []
    number = count = size // 2
    round_ = 1
    while count > 1:
        semifinal = third is not None and count == 2
        out_place = 4 if semifinal else count + 1
        for index in range(count):
            to = Slot(number + 1 + index // 2, index % 2)
            loser_to = Slot(third, index) if semifinal and third else None
            matches.append(Match("winners", round_, to, loser_to, out_place))
        count //= 2
        number += count
        round_ += 1
    matches.append(Match("final", 1, None, None, 2))
    if third is None:
        return Bracket(tuple(matches), _starts(size), (size - 1,))
    matches.append(Match("third", 1, None, None, 4, win_place=3))
    return Bracket(tuple(matches), _starts(size), (size - 1, third))


def _starts(size: int) -> tuple[Slot, ...]:
    """Where each seed begins: the first matches are those of the winners' first round, from the top down."""
    starts = [Slot(0, 0)] * size
    for place, seed in enumerate(seed_order(size)):
        starts[seed - 1] = Slot(place // 2 + 1, place % 2)
    return tuple(starts)
