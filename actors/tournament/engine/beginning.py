"""How a bracket begins: who is on which side of which match before anything is played, and which matches are due.

All of it is worked out from the seeds when somebody asks, so that the start of 4,096 costs no more than that of 4.
Byes are in the first round alone. They let the best seeds through to the second, and leave nobody for matches of the
losers' first round, and if both sides of one are nobody, for its next match: that one's other side isn't known then.
"""

from __future__ import annotations

from collections.abc import Sequence

from actors.tournament.engine.elimination import Bracket, Slot
from actors.tournament.engine.progress import NOBODY, Sides
from actors.tournament.engine.seeding import place_of, seed_at


def first_sides(bracket: Bracket, order: Sequence[int], number: int) -> Sides:
    """The sides of a match when entrants in the order of their seeds begin and byes are over."""
    first, second = bracket.size // 2, bracket.size // 4
    match = bracket[number]
    if number <= first:
        return _first_round(bracket, order, number)
    if number <= first + second:
        return _side(bracket, order, 2 * (number - first) - 1), _side(bracket, order, 2 * (number - first))
    match match.part, match.round:
        case "third", _ if bracket.size == 4:
            return _nobody(bracket, order, 1), _nobody(bracket, order, 2)
        case "losers", 1:
            return _losers(bracket, order, number - first - second)
        case "losers", 2:
            return None, NOBODY if _losers(bracket, order, number - bracket.size) == (
                NOBODY,
                NOBODY,
            ) else None
        case _:
            return None, None


def _first_round(bracket: Bracket, order: Sequence[int], number: int) -> Sides:
    seeds = (seed_at(bracket.size, 2 * number - 2), seed_at(bracket.size, 2 * number - 1))
    a, b = (order[seed - 1] if seed <= len(order) else NOBODY for seed in seeds)
    return a, b


def _side(bracket: Bracket, order: Sequence[int], number: int) -> int | None:
    """Who goes on from a match of the first round, if it is a bye."""
    a, b = _first_round(bracket, order, number)
    return None if a and b else a or b


def _nobody(bracket: Bracket, order: Sequence[int], number: int) -> int | None:
    """Who has lost a match of the first round: nobody, if it is a bye."""
    return None if all(_first_round(bracket, order, number)) else NOBODY


def _losers(bracket: Bracket, order: Sequence[int], index: int) -> Sides:
    """The sides of a match of the losers' first round, which count from 1."""
    return _nobody(bracket, order, 2 * index - 1), _nobody(bracket, order, 2 * index)


def first_slot(bracket: Bracket, entrants: int, seed: int) -> Slot:
    """Where one of so many entrants stands when byes are over."""
    place = place_of(bracket.size, seed)
    if seed > bracket.size - entrants:
        return Slot(place // 2 + 1, place % 2)
    return Slot(bracket.size // 2 + place // 4 + 1, place // 2 % 2)


def done_first(bracket: Bracket, entrants: int) -> int:
    """How many matches are over with the byes: those of the first round, and in double elimination those that nobody
    comes to, since both matches before are byes."""
    byes = bracket.size - entrants
    return byes + (max(0, byes - bracket.size // 4) if bracket.double else 0)


def due_first(bracket: Bracket, entrants: int) -> int:
    """How many matches can be played when byes are over."""
    byes = bracket.size - entrants
    return bracket.size // 2 - byes + max(0, byes - bracket.size // 4)


def nth_due(bracket: Bracket, entrants: int, count: int) -> int:
    """The number of one of those matches, which count from 0: those of the first round come before those of the second,
    and otherwise those of the better seeds."""
    byes = bracket.size - entrants
    if byes + count < bracket.size // 2:
        return first_slot(bracket, entrants, byes + count + 1).match
    # Of the second round: of two who are let through, the seeds add up to one more than its places.
    worst = bracket.size // 2 - byes + 1
    return first_slot(bracket, entrants, worst + byes + count - bracket.size // 2).match
