"""Brackets of single and double elimination: which match leads where. Nothing here knows who plays.

A match has two sides, 0 and 1, and a number; each is numbered after all those that lead to it.
"""

from __future__ import annotations

from functools import cache
from itertools import accumulate
from typing import Literal, NamedTuple

from msgspec import Struct

from actors.tournament.engine.seeding import seed_order

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
    """All matches, and where seeds begin: ``starts[seed - 1]``. The tournament is over with the matches in ``last``.

    There are as many starts as the next power of two; seeds that nobody has are byes for the best ones.
    """

    matches: tuple[Match, ...]
    starts: tuple[Slot, ...]
    last: tuple[int, ...]

    def __getitem__(self, number: int) -> Match:
        return self.matches[number - 1]


def single(entrants: int, *, third_place: bool = False) -> Bracket:
    """Single elimination of two or more. Its last round is the final; a match for the third place needs three."""
    size = _size(entrants)
    return _single(size, third_place and size > 2)


def double(entrants: int, *, reset: bool = True) -> Bracket:
    """Double elimination of two or more: who loses in the winners' bracket goes on in the losers' bracket.

    Side 0 of the final is who won the winners' bracket. With ``reset``, both play once more if side 1 wins it; if not,
    nobody comes to the reset.
    """
    return _double(_size(entrants), reset)


def _size(entrants: int) -> int:
    if entrants < 2:
        raise ValueError(f"a bracket needs two entrants, not {entrants}")
    return 1 << (entrants - 1).bit_length()


# There is one for each power of two and option: few, and all tournaments of that size share it.
@cache
def _single(size: int, third_place: bool) -> Bracket:
    final = size - 1
    matches: list[Match] = []
    for round_ in range(1, size.bit_length() - 1):
        count = size >> round_
        semifinals = third_place and count == 2
        out_place = 4 if semifinals else count + 1
        for index in range(count):
            winner_to = Slot(size - count + 1 + index // 2, index % 2)
            loser_to = Slot(final + 1, index) if semifinals else None
            matches.append(Match("winners", round_, winner_to, loser_to, out_place))
    matches.append(Match("final", 1, None, None, out_place=2))
    if third_place:
        matches.append(Match("third", 1, None, None, out_place=4, win_place=3))
    return Bracket(tuple(matches), _starts(size), tuple(range(final, len(matches) + 1)))


@cache
def _double(size: int, reset: bool) -> Bracket:
    firsts, matches = _firsts(size), list[Match]()
    for (part, round_), count in _rounds(size).items():
        for index in range(count):
            winner_to = _up(firsts, part, round_, index)
            loser_to = _down(firsts, size, round_, index) if part == "winners" else None
            matches.append(Match(part, round_, winner_to, loser_to, _out_place(part, round_, count)))
    final = len(matches) + 1
    winner_to, loser_to = (Slot(final + 1, 1), Slot(final + 1, 0)) if reset else (None, None)
    matches.append(Match("final", 1, winner_to, loser_to, out_place=2))
    if reset:
        matches.append(Match("reset", 1, None, None, out_place=2))
    return Bracket(tuple(matches), _starts(size), (len(matches),))


def _rounds(size: int) -> dict[Round, int]:
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
    return rounds


def _firsts(size: int) -> dict[Round, int]:
    """The number of the first match of each round, and of the final."""
    rounds = _rounds(size)
    return dict(zip([*rounds, ("final", 1)], accumulate(rounds.values(), initial=1), strict=True))


def _up(firsts: dict[Round, int], part: Part, round_: int, index: int) -> Slot:
    """Where the winner of a round's match goes."""
    onward = firsts.get((part, round_ + 1))
    if onward is None:
        return Slot(firsts["final", 1], 0 if part == "winners" else 1)
    if part == "losers" and round_ % 2:
        return Slot(onward + index, 1)
    return Slot(onward + index // 2, index % 2)


def _down(firsts: dict[Round, int], size: int, round_: int, index: int) -> Slot:
    """Where the loser of a match of the winners' bracket goes."""
    if size == 2:
        return Slot(firsts["final", 1], 1)
    if round_ == 1:
        return Slot(firsts["losers", 1] + index // 2, index % 2)
    return Slot(firsts["losers", 2 * round_ - 2] + (index ^ _crossing(size, round_)), 0)


def _crossing(size: int, round_: int) -> int:
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


def _starts(size: int) -> tuple[Slot, ...]:
    """Where each seed begins: the first matches are those of the winners' first round, from the top down."""
    starts = [Slot(0, 0)] * size
    for place, seed in enumerate(seed_order(size)):
        starts[seed - 1] = Slot(place // 2 + 1, place % 2)
    return tuple(starts)
