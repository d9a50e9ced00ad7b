"""What follows when a match that is done gets another result, or none: the same history as if it had always been so.

A match whose sides change by it begins anew, and leaves open what it had led to. One whose sides stay as they are keeps
its result. A side is filled by one match alone, so that each match is looked at once, in the order of the numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import NamedTuple

from actors.tournament.engine.elimination import Bracket
from actors.tournament.engine.progress import Placed, Sides, settled, with_side, without_game


class Change(NamedTuple):
    """These are the sides of a match now, and whatever result it had is void. It is done only if one is nobody."""

    match: int
    a: int | None
    b: int | None


class Correction(NamedTuple):
    """What follows from it."""

    changes: tuple[Change, ...] = ()
    """By number: each after those that lead to it."""
    places: tuple[Placed, ...] = ()
    """Places that entrants have now, whatever they had before."""
    playing: tuple[int, ...] = ()
    """Who is on a side of a match that isn't done now: they have no place any more, if they had one."""


def correct(bracket: Bracket, sides: Callable[[int], Sides], match: int, winner: int | None) -> Correction:
    """What follows when a match that is done was won by this side instead; with None both forfeited.

    ``sides`` tells what is known of a match before.
    """
    correcting = _Correcting(bracket, sides)
    correcting.settle(match, winner)
    return correcting.run()


def take_back(bracket: Bracket, sides: Callable[[int], Sides], match: int) -> Correction:
    """What follows when a match that is done is to be played again; beside the match itself."""
    correcting = _Correcting(bracket, sides)
    correcting.leave_open(match)
    return correcting.run(match)


class _Correcting:
    """What follows, while it is worked out."""

    def __init__(self, bracket: Bracket, sides: Callable[[int], Sides]) -> None:
        self._bracket = bracket
        self._before = sides
        self._changed: dict[int, Sides] = {}
        self._ahead: list[int] = []
        self._places: list[Placed] = []

    def settle(self, match: int, winner: int | None) -> None:
        """It has this result."""
        fills, places = settled(self._bracket[match], self._now(match), winner)
        self._places += places
        for number, side, entrant in fills:
            self._fill(number, side, entrant)

    def leave_open(self, match: int) -> None:
        """It has no result, so that nobody knows who comes from it."""
        spot = self._bracket[match]
        for slot in (spot.winner_to, spot.loser_to):
            if slot is not None:
                self._fill(slot.match, slot.side, None)

    def run(self, *open_again: int) -> Correction:
        """All that follows from what was changed so far; these matches have no result any more."""
        while self._ahead:
            match = heappop(self._ahead)
            winner = without_game(self._changed[match])
            if winner is None:
                self.leave_open(match)
            else:
                self.settle(match, winner)
        ahead = [match for match, sides in self._changed.items() if without_game(sides) is None]
        playing = {side for match in (*open_again, *ahead) for side in self._now(match) if side}
        return Correction(
            tuple(Change(match, *self._changed[match]) for match in sorted(self._changed)),
            tuple(self._places),
            tuple(sorted(playing)),
        )

    def _fill(self, match: int, side: int, entrant: int | None) -> None:
        sides = self._now(match)
        if sides[side] == entrant:
            return
        if match not in self._changed:
            heappush(self._ahead, match)
        self._changed[match] = with_side(sides, side, entrant)

    def _now(self, match: int) -> Sides:
        return self._changed.get(match) or self._before(match)
