"""Brackets of single and double elimination: which match leads where. Nothing here knows who plays.

A match has two sides, 0 and 1, and a number; each is numbered after all those that lead to it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from functools import cache, lru_cache
from itertools import accumulate, pairwise
from typing import Literal, NamedTuple

from msgspec import Struct

Part = Literal["winners", "losers", "final", "reset", "third"]
Round = tuple[Part, int]


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
    """All matches by their numbers, from 1 on: worked out when somebody asks, so that a large bracket costs nothing.

    There are as many places to begin as the next power of two; seeds that nobody has are byes for the best ones.
    """

    size: int
    """How many places there are to begin at."""
    double: bool
    extra: bool
    """Whether there is a match for the third place, or a reset."""

    def __len__(self) -> int:
        return (2 * self.size - 2 if self.double else self.size - 1) + self.extra

    def __getitem__(self, number: int) -> Match:
        """The match with this number. Raises IndexError if there is none."""
        if not 1 <= number <= len(self):
            raise IndexError(number)
        return _double_match(self, number) if self.double else _single_match(self, number)

    def round_of(self, number: int) -> Round:
        """The part and the round of this match, which is one of them."""
        if self.double:
            numbers = _firsts(self.size)
            return numbers.rounds[bisect_right(numbers.firsts, number) - 1]
        if number >= self.size - 1:
            return ("final", 1) if number == self.size - 1 else ("third", 1)
        # With 8 places, 7 6 5 4, 3 2, 1 are left: each round's have a bit less.
        return "winners", self.size.bit_length() - (self.size - number).bit_length()

    def rounds(self) -> Mapping[Round, range]:
        """The numbers of the matches of each round, in the order of play."""
        counts = _rounds(self.size) if self.double else _single_rounds(self.size)
        found = zip(counts, pairwise(accumulate(counts.values(), initial=1)), strict=True)
        return {of: range(first, end) for of, (first, end) in found if end <= len(self) + 1}

    @property
    def last(self) -> tuple[int, ...]:
        """The matches with which the tournament is over."""
        count = len(self)
        return (count - 1, count) if self.extra and not self.double else (count,)


@lru_cache(64)
def single(entrants: int, *, third_place: bool = False) -> Bracket:
    """Single elimination of two or more. Its last round is the final; a match for the third place needs three."""
    size = _size(entrants)
    return Bracket(size, double=False, extra=third_place and size > 2)


@lru_cache(64)
def double(entrants: int, *, reset: bool = True) -> Bracket:
    """Double elimination of two or more: who loses in the winners' bracket goes on in the losers' bracket.

    Side 0 of the final is who won the winners' bracket. With ``reset``, both play once more if side 1 wins it; if not,
    nobody comes to the reset.
    """
    return Bracket(_size(entrants), double=True, extra=reset)


def _size(entrants: int) -> int:
    if entrants < 2:
        raise ValueError(f"a bracket needs two entrants, not {entrants}")
    return 1 << (entrants - 1).bit_length()


def _single_rounds(size: int) -> Mapping[Round, int]:
    """How many matches each round has, in the order of play."""
    rounds: dict[Round, int] = {
        ("winners", round_): size >> round_ for round_ in range(1, size.bit_length() - 1)
    }
    return {**rounds, ("final", 1): 1, ("third", 1): 1}


def _single_match(bracket: Bracket, number: int) -> Match:
    size, final = bracket.size, bracket.size - 1
    part, round_ = bracket.round_of(number)
    if part == "final":
        return Match(part, round_, None, None, out_place=2)
    if part == "third":
        return Match(part, round_, None, None, out_place=4, win_place=3)
    count = size >> round_
    index = number - (size - 2 * count + 1)
    winner_to = Slot(size - count + 1 + index // 2, index % 2)
    if bracket.extra and count == 2:
        return Match(part, round_, winner_to, Slot(final + 1, index), out_place=4)
    return Match(part, round_, winner_to, None, out_place=count + 1)


def _double_match(bracket: Bracket, number: int) -> Match:
    size, firsts = bracket.size, _firsts(bracket.size)
    part, round_ = bracket.round_of(number)
    if part == "final":
        onward = (Slot(number + 1, 1), Slot(number + 1, 0)) if bracket.extra else (None, None)
        return Match(part, round_, *onward, out_place=2)
    if part == "reset":
        return Match(part, round_, None, None, out_place=2)
    index, count = (
        number - firsts.of[part, round_],
        size >> (round_ if part == "winners" else (round_ + 3) // 2),
    )
    winner_to = _up(firsts.of, part, round_, index)
    loser_to = _down(firsts.of, size, round_, index) if part == "winners" else None
    return Match(part, round_, winner_to, loser_to, _out_place(part, round_, count))


def _rounds(size: int) -> Mapping[Round, int]:
    """How many matches each round has, in the order of play.

    In the losers' bracket, the odd rounds are among those who are in it; in round 2n - 2 they meet the losers of
    the winners' round n.
    """
    rounds: dict[Round, int] = {("winners", 1): size >> 1}
    for round_ in range(2, size.bit_length()):
        count = size >> round_
        rounds |= {
            ("winners", round_): count,
            ("losers", 2 * round_ - 3): count,
            ("losers", 2 * round_ - 2): count,
        }
    return {**rounds, ("final", 1): 1, ("reset", 1): 1}


class _Firsts(NamedTuple):
    """The number of the first match of each round of double elimination."""

    rounds: tuple[Round, ...]
    firsts: tuple[int, ...]
    of: Mapping[Round, int]


# There is one for each power of two, of as many rounds as a tournament of that size has.
@cache
def _firsts(size: int) -> _Firsts:
    counts = _rounds(size)
    rounds, firsts = tuple(counts), tuple(accumulate([*counts.values()][:-1], initial=1))
    return _Firsts(rounds, firsts, dict(zip(rounds, firsts, strict=True)))


def _up(firsts: Mapping[Round, int], part: Part, round_: int, index: int) -> Slot:
    """Where the winner of a round's match goes."""
    onward = firsts.get((part, round_ + 1))
    if onward is None:
        return Slot(firsts["final", 1], 0 if part == "winners" else 1)
    if part == "losers" and round_ % 2:
        return Slot(onward + index, 1)
    return Slot(onward + index // 2, index % 2)


def _down(firsts: Mapping[Round, int], size: int, round_: int, index: int) -> Slot:
    """Where the loser of a match of the winners' bracket goes."""
    if size == 2:
        return Slot(firsts["final", 1], 1)
    if round_ == 1:
        return Slot(firsts["losers", 1] + index // 2, index % 2)
    return Slot(firsts["losers", 2 * round_ - 2] + (index ^ crossing(size, round_)), 0)


def crossing(size: int, round_: int) -> int:
    """What is exchanged when the losers of this round drop: a bit for halves, the next for quarters within, and so on.

    Losers of the second round cross to the other half, those of the third stay in it but change the quarter, those of
    the fourth cross both ... The rounds count in binary from the highest bit down (J. van der Corput's sequence), so
    that the losers of as many rounds as can be are kept in different parts of the losers' bracket as long as can be.
    That halves alternate from round to round is published practice (https://pastebin.com/k8zziqHD).
    """
    width = (size >> round_).bit_length() - 1
    return sum(1 << (width - 1 - bit) for bit in range(width) if (round_ - 1) >> bit & 1)


def _out_place(part: Part, round_: int, count: int) -> int:
    """The place of who goes out in a round of so many matches: one more than are then left.

    Who forfeits in the winners' bracket together with the other goes out as if in the match that a loser drops to.
    """
    if round_ == 1 and part == "winners":
        return 3 * count // 2 + 1
    return (3 if part == "losers" and round_ % 2 else 2) * count + 1
