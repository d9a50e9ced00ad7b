"""Round robin: everybody meets everybody, by Berger's tables (FIDE Handbook C.05, Annex 1), whoever they are.

Seeds count from 1. With an odd number of them, the seed after the last is nobody: who would meet it has a bye. In
round r of n seeds (n even), two of the first n - 1 meet if they add up to r + 1 modulo n - 1, and the one who would
meet themselves meets seed n. That gives the tables that are printed there, with the same sides and in the same order.

In the second leg, the fourth and so on sides are exchanged. The last two rounds of the first leg change places, as the
annex recommends it, so that nobody has the same side three times in a row. For the same end they do in each other leg
but the last, and with four seeds in the first leg, the third and so on.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct


class Pair(NamedTuple):
    """The seeds on side a and side b of a match."""

    a: int
    b: int


class RoundRobin(Struct, frozen=True):
    """All matches of two or more, each worked out when somebody asks, so that a large table costs nothing."""

    entrants: int
    legs: int = 1

    @property
    def rounds_per_leg(self) -> int:
        """In how many rounds everybody has met everybody once."""
        return self._seats - 1

    @property
    def rounds(self) -> int:
        """How many rounds there are in all."""
        return self.rounds_per_leg * self.legs

    @property
    def per_round(self) -> int:
        """How many matches each round has."""
        return self.entrants // 2

    def __len__(self) -> int:
        return self.rounds * self.per_round

    def pair(self, round_: int, index: int) -> Pair:
        """A match of this round, from 1 on; matches of a round count from 0. Raises IndexError if there is none."""
        if not (1 <= round_ <= self.rounds and 0 <= index < self.per_round):
            raise IndexError(round_, index)
        leg, row = self._row(round_)
        # In an odd table the first match of each row is the bye.
        a, b = self._cell(row, index + self.entrants % 2)
        return Pair(b, a) if leg % 2 else Pair(a, b)

    def bye(self, round_: int) -> int | None:
        """Who meets nobody in this round."""
        return self._alone(self._row(round_)[1]) if self.entrants % 2 else None

    def index_of(self, round_: int, seed: int) -> int | None:
        """Which match of this round this seed plays; None if it has the bye."""
        _, row = self._row(round_)
        ring = self._seats - 1
        ahead = 0 if seed == self._seats else (seed - self._alone(row)) % ring
        cell = min(ahead, ring - ahead) if ahead else 0
        index = cell - self.entrants % 2
        return None if index < 0 else index

    def opponent(self, round_: int, seed: int) -> int | None:
        """Whom this seed meets in this round; None if it has the bye."""
        index = self.index_of(round_, seed)
        if index is None:
            return None
        a, b = self.pair(round_, index)
        return b if a == seed else a

    @property
    def _seats(self) -> int:
        return self.entrants + self.entrants % 2

    def _row(self, round_: int) -> tuple[int, int]:
        """The leg of a round, from 0 on, and the row of Berger's table that is played in it."""
        per_leg = self.rounds_per_leg
        leg, row = divmod(round_ - 1, per_leg)
        turned = leg % 2 == 0 if self._seats == 4 else leg + 1 < self.legs
        if turned and self.legs > 1 and per_leg - row <= 2 <= per_leg:
            row = 2 * per_leg - 3 - row
        return leg, row + 1

    def _alone(self, row: int) -> int:
        """Who meets the last seat in this row of the table."""
        return (row + 1) // 2 if row % 2 else (row + self._seats) // 2

    def _cell(self, row: int, index: int) -> Pair:
        last, alone = self._seats, self._alone(row)
        if index == 0:
            return Pair(alone, last) if row % 2 else Pair(last, alone)
        ring = last - 1
        return Pair((alone + index - 1) % ring + 1, (alone - index - 1) % ring + 1)
