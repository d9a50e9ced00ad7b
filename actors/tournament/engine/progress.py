"""What a result leads to: who goes on to which side of which match, and who has got a place.

An entrant is a positive number; 0 is nobody, and a side is None as long as nobody knows who comes. Who meets nobody
goes on without a match.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from actors.tournament.engine.elimination import Bracket, Match

NOBODY = 0

Sides = tuple[int | None, int | None]


class Fill(NamedTuple):
    """This entrant, or nobody, comes to a side of a match that was not known."""

    match: int
    side: int
    entrant: int


class Placed(NamedTuple):
    """An entrant who plays no more, and the place they have for good."""

    entrant: int
    place: int


class Outcome(NamedTuple):
    """What follows from a result, in order."""

    fills: tuple[Fill, ...]
    places: tuple[Placed, ...]
    later: tuple[int, ...] = ()
    """Matches with nobody on a side of which it isn't worked out yet what follows: each has a result of its own."""


def outcome(
    bracket: Bracket,
    sides: Callable[[int], Sides],
    match: int,
    winner: int | None,
    *,
    most: int | None = None,
) -> Outcome:
    """What follows when this side wins the match; with None both forfeit, and nobody goes on from it.

    ``sides`` tells what was known of a match before. Both sides of this one are known, and it had no result. With
    ``most``, matches without a player are left for later once there are so many fills; there may be one more.
    """
    progress = _Progress(bracket, sides)
    progress.settle(match, winner)
    later = progress.run(most)
    return Outcome(tuple(progress.fills), tuple(progress.places), later)


def settled(spot: Match, sides: Sides, winner: int | None) -> tuple[list[Fill], list[Placed]]:
    """Where this result of a match sends its sides, first the winner's; who goes nowhere has a place."""
    slots = (spot.winner_to, spot.loser_to)
    fills: list[Fill] = []
    # Who wins the final without having lost before needs no reset.
    if winner is None or (spot.part == "final" and winner == 0):
        fills = [Fill(slot.match, slot.side, NOBODY) for slot in slots if slot is not None]
        slots = (None, None)
    places = (spot.out_place if winner is None else spot.win_place, spot.out_place)
    placed: list[Placed] = []
    for entrant, slot, place in zip(reversed(sides) if winner else sides, slots, places, strict=True):
        if slot is not None:
            fills.append(Fill(slot.match, slot.side, entrant or NOBODY))
        elif entrant:
            placed.append(Placed(entrant, place))
    return fills, placed


def without_game(sides: Sides) -> int | None:
    """The side that goes on though nobody plays, or None if there is a match to be played, or may be."""
    if None in sides or NOBODY not in sides:
        return None
    return 1 if sides[0] == NOBODY else 0


def with_side(sides: Sides, side: int, entrant: int | None) -> Sides:
    """The sides of a match with this one changed."""
    first, second = sides
    return (first, entrant) if side else (entrant, second)


class _Progress:
    """What follows, while it is worked out: each fill may settle a match with nobody, which causes more."""

    def __init__(self, bracket: Bracket, sides: Callable[[int], Sides]) -> None:
        self.fills: list[Fill] = []
        self.places: list[Placed] = []
        self._bracket = bracket
        self._before = sides
        self._changed: dict[int, Sides] = {}

    def sides_of(self, match: int) -> Sides:
        """The sides with what was filled so far."""
        return self._changed.get(match) or self._before(match)

    def run(self, most: int | None) -> tuple[int, ...]:
        """Take each fill in turn, those that others cause last. Once there are so many, name the matches that would
        cause more instead.
        """
        later: list[int] = []
        for match, side, entrant in self.fills:
            sides = self._changed[match] = with_side(self.sides_of(match), side, entrant)
            winner = without_game(sides)
            if winner is not None and most is not None and len(self.fills) >= most:
                later.append(match)
            elif winner is not None:
                self.settle(match, winner)
        return tuple(later)

    def settle(self, match: int, winner: int | None) -> None:
        """Send the winner and the loser on; who goes nowhere has a place."""
        fills, places = settled(self._bracket[match], self.sides_of(match), winner)
        self.fills += fills
        self.places += places
