"""A Swiss round as flat numbers, as it is logged and kept: the two of each pair, then who has the bye with nobody.

The reasons are flat as well: of each pair and of the bye a code, and whom the higher of the two would have met.
The largest round, 2,048 pairs with their reasons, takes less than 32 KiB in MessagePack.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from actors.tournament.engine.swiss.model import NOBODY, Because, Round, Why

_BECAUSE: Final[tuple[Because | None, ...]] = (None, *Because.__args__)
"""Codes stand in logs: new words come last."""
_WORDS: Final = 16
"""How many words there may be."""
_DOWN: Final = 3
"""Nobody came down, the first of the two did, or the second."""


class Published(NamedTuple):
    """A round that was paired."""

    pairs: tuple[int, ...]
    reasons: tuple[int, ...]


def published(round_: Round) -> Published:
    """The round as flat numbers; both are empty if nobody is left to play."""
    sides = [*round_.pairs, *([(round_.bye, NOBODY)] if round_.bye else [])]
    flat = tuple(number for pair in sides for number in pair)
    codes = (_code(why, pair) for why, pair in zip(round_.reasons, sides, strict=True))
    return Published(flat, tuple(number for two in codes for number in two))


def matches_in(pairs: Sequence[int]) -> int:
    """How many matches a round has: who has the bye plays none."""
    return len(pairs) // 2 - (bool(pairs) and pairs[-1] == NOBODY)


def bye_in(pairs: Sequence[int]) -> int:
    """Who has the bye in a round, or nobody."""
    return pairs[-2] if pairs and pairs[-1] == NOBODY else NOBODY


def pairs_in(pairs: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The two of each match, in the order of their boards."""
    flat = iter(pairs[: 2 * matches_in(pairs)])
    return zip(flat, flat, strict=True)


def reason_in(pairs: Sequence[int], reasons: Sequence[int], index: int) -> Why:
    """Why the pair of this index, from 0 on, was made; the bye comes after the last one. Raises IndexError."""
    code, expected = reasons[2 * index], reasons[2 * index + 1]
    code, because = divmod(code, _WORDS)
    code, rematch = divmod(code, 2)
    code, exchanged = divmod(code, 2)
    group, down = divmod(code, _DOWN)
    floats = pairs[2 * index + down - 1] if down else NOBODY
    return Why(group, floats, bool(exchanged), expected, _BECAUSE[because], bool(rematch))


def _code(why: Why, pair: tuple[int, int]) -> tuple[int, int]:
    down = 1 + pair.index(why.floats) if why.floats else 0
    code = (why.group * _DOWN + down) * 2 + why.exchanged
    return (code * 2 + why.rematch) * _WORDS + _BECAUSE.index(why.because), why.expected
