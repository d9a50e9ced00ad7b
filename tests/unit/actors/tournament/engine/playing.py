"""Brackets that are played out, as whoever keeps the sides of their matches does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from actors.tournament.engine.beginning import first_sides
from actors.tournament.engine.elimination import Bracket, Match
from actors.tournament.engine.progress import Fill, Placed, Sides, outcome, with_side, without_game

Chosen = tuple[int, int | None]


class Followed(NamedTuple):
    """What followed from a result."""

    fills: tuple[Fill, ...]
    places: tuple[Placed, ...]


def all_of(bracket: Bracket) -> list[Match]:
    """Its matches, from number 1 on."""
    return [bracket[number] for number in range(1, len(bracket) + 1)]


def dependents(bracket: Bracket, match: int) -> tuple[int, ...]:
    """The matches that the result of this one may lead to, in their order. Those of them with a side that isn't known
    have not begun."""
    found: set[int] = set()
    ahead = [match]
    while ahead:
        spot = bracket[ahead.pop()]
        new = {slot.match for slot in (spot.winner_to, spot.loser_to) if slot} - found
        found |= new
        ahead.extend(new)
    return tuple(sorted(found))


class Board:
    """A bracket with who plays in it, the winners' sides of matches that were played, and the places so far."""

    def __init__(self, bracket: Bracket, order: Sequence[int]) -> None:
        self.bracket = bracket
        self.order = order
        self.matches = [first_sides(bracket, order, number) for number in range(1, len(bracket) + 1)]
        self.results: dict[int, int | None] = {}
        self.places: dict[int, int] = {}
        self.looked_up = 0

    def sides(self, match: int) -> Sides:
        """Who plays in it, as far as known."""
        self.looked_up += 1
        return self.matches[match - 1]

    @property
    def due(self) -> list[int]:
        """Matches of two entrants without a result."""
        return [number for number in range(1, len(self.matches) + 1) if self.is_due(number)]

    def is_due(self, match: int) -> bool:
        """Whether it is of two entrants and has no result."""
        return all(self.matches[match - 1]) and match not in self.results

    @property
    def finished(self) -> bool:
        """Whether no match is left to play."""
        return all(
            without_game(self.sides(match)) is not None or match in self.results
            for match in self.bracket.last
        )

    def record(self, match: int, winner: int | None) -> Followed:
        """Take a result. Nothing that was known may change by it."""
        assert self.is_due(match)
        found = outcome(self.bracket, self.sides, match, winner)
        self.results[match] = winner
        for number, side, entrant in found.fills:
            sides = self.matches[number - 1]
            assert sides[side] is None
            self.matches[number - 1] = with_side(sides, side, entrant)
        for entrant, place in found.places:
            assert entrant not in self.places
            self.places[entrant] = place
        return Followed(found.fills, found.places)

    def played(self) -> Iterator[tuple[int, Match, Sides, int | None]]:
        """Each result with its match and sides, by number."""
        for number in sorted(self.results):
            yield number, self.bracket[number], self.matches[number - 1], self.results[number]


def play(bracket: Bracket, order: Sequence[int], choose: Callable[[list[int]], Chosen]) -> Board:
    """Play until nothing is due; ``choose`` gets the matches that are and tells the next result."""
    board = Board(bracket, order)
    while due := board.due:
        assert not board.finished
        board.record(*choose(due))
    assert board.finished
    return board


def better_seed_wins(board: Board, match: int) -> int:
    """The side whose seed is better."""
    first, second = (board.order.index(entrant) for entrant in board.matches[match - 1] if entrant)
    return 0 if first < second else 1
