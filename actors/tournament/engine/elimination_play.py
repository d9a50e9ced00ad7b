"""Elimination as a stage plays it: a bracket with the seeds who begin in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import ClassVar

from msgspec import Struct

from actors.tournament.engine import beginning, correction, progress
from actors.tournament.engine.correction import Correction
from actors.tournament.engine.elimination import Bracket, Slot
from actors.tournament.engine.elimination_places import Done, places_of
from actors.tournament.engine.play import Part, Ranked, Spot
from actors.tournament.engine.progress import Outcome, Sides
from actors.tournament.engine.standings.explaining import Explanation
from actors.tournament.engine.standings.ranking import Row
from actors.tournament.engine.standings.table import Criterion, Result


class EliminationPlay(Struct, frozen=True):
    """See ``Play``."""

    bracket: Bracket
    seeds: Sequence[int]
    by_round: ClassVar[bool] = False

    @property
    def groups(self) -> int:
        """See ``Play``."""
        return 1

    def __len__(self) -> int:
        return len(self.bracket)

    def spot(self, number: int) -> Spot:
        """See ``Play``."""
        return Spot(*self.bracket.round_of(number))

    def leads(self, number: int) -> tuple[Slot | None, Slot | None]:
        """See ``Play``."""
        match = self.bracket[number]
        return match.winner_to, match.loser_to

    def first_sides(self, number: int) -> Sides:
        """See ``Play``."""
        return beginning.first_sides(self.bracket, self.seeds, number)

    def numbers(
        self, part: Part | None = None, round_: int | None = None, group: int | None = None
    ) -> Sequence[int]:
        """See ``Play``."""
        if part is None and round_ is None:
            return range(1, len(self) + 1)
        rounds = self.bracket.rounds().items()
        found = (numbers for (of, n), numbers in rounds if part in (None, of) and round_ in (None, n))
        return sorted(chain.from_iterable(found))

    def rounds(self) -> Sequence[tuple[Part, int]]:
        """See ``Play``."""
        return [*self.bracket.rounds()]

    @property
    def done_first(self) -> int:
        """See ``Play``."""
        return beginning.done_first(self.bracket, len(self.seeds))

    @property
    def due_first(self) -> int:
        """See ``Play``."""
        return beginning.due_first(self.bracket, len(self.seeds))

    def nth_due(self, count: int) -> int:
        """See ``Play``."""
        return beginning.nth_due(self.bracket, len(self.seeds), count)

    def waits_for(self, number: int) -> int:
        """See ``Play``: for none but those that lead to it."""
        return 1

    def next_match(self, seed: int, begun: int) -> int:
        """See ``Play``: where the seed begins when byes are over."""
        return beginning.first_slot(self.bracket, len(self.seeds), seed).match

    def outcome(
        self, sides: Callable[[int], Sides], match: int, winner: int | None, *, most: int | None = None
    ) -> Outcome:
        """See ``Play``."""
        return progress.outcome(self.bracket, sides, match, winner, most=most)

    def correct(self, sides: Callable[[int], Sides], match: int, winner: int | None) -> Correction:
        """See ``Play``."""
        return correction.correct(self.bracket, sides, match, winner)

    def take_back(self, sides: Callable[[int], Sides], match: int) -> Correction:
        """See ``Play``."""
        return correction.take_back(self.bracket, sides, match)

    def ranked(self, results: Sequence[Result], withdrawn: Mapping[int, int]) -> list[Ranked]:
        """See ``Play``: those who share a place are in the order of their seeds."""
        places = places_of(self.bracket, (Done(one.number, (one.a, one.b), one.winner) for one in results))
        found = [Ranked(entrant, 1, places[entrant]) for entrant in self.seeds]
        return sorted(found, key=lambda one: one.place)

    def standings(
        self, results: Sequence[Result], withdrawn: Mapping[int, int], group: int, *, settled: bool
    ) -> tuple[Sequence[Criterion], list[Row]]:
        """See ``Play``: there are none."""
        return (), []

    def tables(
        self, results: Sequence[Result], withdrawn: Mapping[int, int], *, settled: bool
    ) -> tuple[int, list[list[Row]]]:
        """See ``Play``: there are none."""
        return 0, []

    def explained(
        self,
        results: Sequence[Result],
        withdrawn: Mapping[int, int],
        group: int,
        entrant: int,
        *,
        settled: bool,
    ) -> Explanation | None:
        """See ``Play``: there are no standings."""
        return None
