"""Where a side of a match comes from: the way through the bracket backwards."""

from __future__ import annotations

from typing import NamedTuple

from actors.tournament.engine.elimination import Bracket, crossing


class Origin(NamedTuple):
    """Who has won this match comes from it, or who has lost it."""

    match: int
    won: bool


def origin(bracket: Bracket, number: int, side: int) -> Origin | None:
    """The match that leads to this side of a match; None if a seed begins there."""
    part, round_ = bracket.round_of(number)
    rounds, last = bracket.rounds(), bracket.size.bit_length() - (1 if bracket.double else 2)
    index = number - rounds[part, round_].start
    pair = 2 * index + side
    match part:
        case "winners" if round_ > 1:
            return Origin(rounds["winners", round_ - 1].start + pair, won=True)
        case "losers" if round_ == 1:
            return Origin(rounds["winners", 1].start + pair, won=False)
        case "losers" if round_ % 2:
            return Origin(rounds["losers", round_ - 1].start + pair, won=True)
        case "losers" if side == 1:
            return Origin(rounds["losers", round_ - 1].start + index, won=True)
        case "losers":
            dropped = round_ // 2 + 1
            return Origin(
                rounds["winners", dropped].start + (index ^ crossing(bracket.size, dropped)), won=False
            )
        case "reset":
            return Origin(number - 1, won=side == 1)
        case "third":
            return Origin(rounds["winners", last].start + side, won=False)
        case "final" if bracket.double:
            return _finalist(bracket, side)
        case "final" if bracket.size > 2:
            return Origin(rounds["winners", last].start + side, won=True)
        case _:
            return None


def _finalist(bracket: Bracket, side: int) -> Origin:
    if bracket.size == 2:
        return Origin(1, won=side == 0)
    rounds, last = bracket.rounds(), bracket.size.bit_length() - 1
    final = rounds["winners", last] if side == 0 else rounds["losers", 2 * last - 2]
    return Origin(final.start, won=True)
