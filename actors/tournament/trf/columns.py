"""Where things stand in a line 001: first and last column, from 1, as FIDE's table has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple


class Columns(NamedTuple):
    """A field of a line."""

    first: int
    last: int

    def of(self, line: str) -> str:
        """What stands there, without the blanks around it."""
        return line[self.first - 1 : self.last].strip()


TAG: Final = Columns(1, 3)
NUMBER: Final = Columns(5, 8)
SEX: Final = Columns(10, 10)
TITLE: Final = Columns(11, 13)
NAME: Final = Columns(15, 47)
RATING: Final = Columns(49, 52)
FEDERATION: Final = Columns(54, 56)
FIDE_NUMBER: Final = Columns(58, 68)
BIRTH: Final = Columns(70, 79)
POINTS: Final = Columns(81, 84)
RANK: Final = Columns(86, 89)
GAMES_FROM: Final = 92
"""The first round's opponent; each round takes ``GAME`` columns."""
GAME: Final = 10
GAPS: Final = (4, 9, 14, 48, 53, 57, 69, 80, 85, 90, 91)
"""Blanks between the fields."""


def game_columns(round_: int) -> tuple[Columns, Columns, Columns]:
    """Where opponent, side and result of a round stand."""
    first = GAMES_FROM + GAME * (round_ - 1)
    return Columns(first, first + 3), Columns(first + 5, first + 5), Columns(first + 7, first + 7)


def gaps_in(length: int) -> Iterator[int]:
    """The columns of a line of this length that are blank."""
    yield from GAPS
    for first in range(GAMES_FROM, length + 1, GAME):
        yield from (first + 4, first + 6, first + 8, first + 9)


def words_of(line: str, first: int) -> Iterator[Columns]:
    """Where the words of a line stand, from this column on."""
    end = first - 1
    for word in line[first - 1 :].split():
        start = line.index(word, end)
        end = start + len(word)
        yield Columns(start + 1, end)
