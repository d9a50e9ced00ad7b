"""A Swiss stage as it is played: round by round, each with the pairs that were published for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import ClassVar, NamedTuple

from msgspec import Struct

from actors.tournament.engine.correction import Correction
from actors.tournament.engine.elimination import Slot
from actors.tournament.engine.play import Spot
from actors.tournament.engine.progress import NOBODY, Outcome, Sides
from actors.tournament.engine.swiss.published import matches_in


class Board(NamedTuple):
    """Where a match stands in its stage."""

    round: int
    """From 1 on."""
    nth: int
    """Which of the matches of its round it is, from 0 on."""


class SwissPlay(Struct, frozen=True):
    """See ``Play``. Sides are those that were published, so no result leads anywhere. Who has the bye has no match."""

    rounds: Sequence[Sequence[int]]
    """The pairs of each published round, as ``swiss.published`` has them."""
    seeds: Sequence[int]
    by_round: ClassVar[bool] = True

    def __len__(self) -> int:
        return sum(map(matches_in, self.rounds))

    def board(self, number: int) -> Board:
        """Where this match, which is one of them, stands."""
        for round_, last in enumerate(accumulate(map(matches_in, self.rounds)), 1):
            if number <= last:
                return Board(round_, number - last + matches_in(self.rounds[round_ - 1]) - 1)
        raise IndexError(number)

    def numbers_of(self, round_: int) -> range:
        """The matches of a published round."""
        first = 1 + sum(map(matches_in, self.rounds[: round_ - 1]))
        return range(first, first + matches_in(self.rounds[round_ - 1]))

    def spot(self, number: int) -> Spot:
        """See ``Play``."""
        return Spot("swiss", self.board(number).round)

    def leads(self, number: int) -> tuple[Slot | None, Slot | None]:
        """See ``Play``."""
        return None, None

    def first_sides(self, number: int) -> Sides:
        """See ``Play``."""
        round_, nth = self.board(number)
        a, b = self.rounds[round_ - 1][2 * nth : 2 * nth + 2]
        return a, b

    @property
    def done_first(self) -> int:
        """See ``Play``."""
        return 0

    @property
    def due_first(self) -> int:
        """See ``Play``: all that were published."""
        return len(self)

    def nth_due(self, count: int) -> int:
        """See ``Play``."""
        return count + 1

    def waits_for(self, number: int) -> int:
        """See ``Play``."""
        return number - self.board(number).nth

    def next_match(self, seed: int, begun: int) -> int:
        """See ``Play``: the one of the last published round, unless it was opened before."""
        if not self.rounds:
            return NOBODY
        pairs, entrant = self.rounds[-1], self.seeds[seed - 1]
        index = pairs.index(entrant) // 2 if entrant in pairs else len(pairs)
        number = len(self) - matches_in(pairs) + index + 1
        return number if begun < number <= len(self) else NOBODY

    def outcome(
        self, sides: Callable[[int], Sides], match: int, winner: int | None, *, most: int | None = None
    ) -> Outcome:
        """See ``Play``."""
        return Outcome((), ())

    def correct(self, sides: Callable[[int], Sides], match: int, winner: int | None) -> Correction:
        """See ``Play``."""
        return Correction()

    def take_back(self, sides: Callable[[int], Sides], match: int) -> Correction:
        """See ``Play``."""
        return Correction()
