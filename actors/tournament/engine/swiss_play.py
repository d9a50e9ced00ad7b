"""A Swiss stage as it is played: round by round, each with the pairs that were published for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from actors.tournament.engine.by_round import ByRound
from actors.tournament.engine.play import Part, Ranked, Spot
from actors.tournament.engine.progress import NOBODY, Sides
from actors.tournament.engine.standings.explaining import Explanation, explain
from actors.tournament.engine.standings.ranking import Row, standings
from actors.tournament.engine.standings.table import Criterion, Result, Rules, Table
from actors.tournament.engine.swiss.published import bye_in, matches_in


class Board(NamedTuple):
    """Where a match stands in its stage."""

    round: int
    """From 1 on."""
    nth: int
    """Which of the matches of its round it is, from 0 on."""


class SwissPlay(ByRound, frozen=True):
    """See ``Play``. Sides are those that were published."""

    published: Sequence[Sequence[int]]
    """The pairs of each published round, as ``swiss.published`` has them."""
    seeds: Sequence[int]
    rules: Rules

    @property
    def groups(self) -> int:
        """See ``Play``."""
        return 1

    def __len__(self) -> int:
        return sum(map(matches_in, self.published))

    def board(self, number: int) -> Board:
        """Where this match, which is one of them, stands."""
        for round_, last in enumerate(accumulate(map(matches_in, self.published)), 1):
            if number <= last:
                return Board(round_, number - last + matches_in(self.published[round_ - 1]) - 1)
        raise IndexError(number)

    def numbers_of(self, round_: int) -> range:
        """The matches of a published round."""
        first = 1 + sum(map(matches_in, self.published[: round_ - 1]))
        return range(first, first + matches_in(self.published[round_ - 1]))

    def spot(self, number: int) -> Spot:
        """See ``Play``."""
        return Spot("swiss", self.board(number).round)

    def first_sides(self, number: int) -> Sides:
        """See ``Play``."""
        round_, nth = self.board(number)
        a, b = self.published[round_ - 1][2 * nth : 2 * nth + 2]
        return a, b

    def numbers(
        self, part: Part | None = None, round_: int | None = None, group: int | None = None
    ) -> Sequence[int]:
        """See ``Play``."""
        if part not in (None, "swiss") or group is not None:
            return ()
        if round_ is None:
            return range(1, len(self) + 1)
        return self.numbers_of(round_) if 1 <= round_ <= len(self.published) else ()

    def rounds(self) -> Sequence[tuple[Part, int]]:
        """See ``Play``."""
        return [("swiss", round_) for round_ in range(1, len(self.published) + 1)]

    def waits_for(self, number: int) -> int:
        """See ``Play``."""
        return number - self.board(number).nth

    def next_match(self, seed: int, begun: int) -> int:
        """See ``Play``: the one of the last published round, unless it was opened before."""
        if not self.published:
            return NOBODY
        pairs, entrant = self.published[-1], self.seeds[seed - 1]
        index = pairs.index(entrant) // 2 if entrant in pairs else len(pairs)
        number = len(self) - matches_in(pairs) + index + 1
        return number if begun < number <= len(self) else NOBODY

    def table(self, results: Sequence[Result]) -> Table:
        """What standings are worked out from, by the results of matches that are done, whose rounds aren't read, and
        the byes of who has come late.

        Who withdraws isn't paired any more, so nothing of theirs is taken back.
        """
        placed = [one._replace(round=self.board(one.number).round) if one.number else one for one in results]
        done = {one.number for one in results}
        first = next((number for number in range(1, len(self) + 1) if number not in done), None)
        return Table(
            rules=self.rules,
            entrants=self.seeds,
            results=[*placed, *self._byes()],
            rounds_done=len(self.published) if first is None else self.board(first).round - 1,
        )

    def ranked(self, results: Sequence[Result], withdrawn: Mapping[int, int]) -> list[Ranked]:
        """See ``Play``."""
        return [Ranked(row.entrant, 1, row.place) for row in standings(self.table(results), settled=True)]

    def _byes(self) -> Iterator[Result]:
        for round_, pairs in enumerate(self.published, 1):
            if bye := bye_in(pairs):
                yield Result(round_, bye, NOBODY, NOBODY, "bye")

    def standings(
        self, results: Sequence[Result], withdrawn: Mapping[int, int], group: int, *, settled: bool
    ) -> tuple[Sequence[Criterion], list[Row]]:
        """See ``Play``."""
        return self.rules.chain, standings(self.table(results), settled=settled)

    def tables(
        self, results: Sequence[Result], withdrawn: Mapping[int, int], *, settled: bool
    ) -> tuple[int, list[list[Row]]]:
        """See ``Play``."""
        table = self.table(results)
        return table.rounds_done, [standings(table, settled=settled)]

    def explained(
        self,
        results: Sequence[Result],
        withdrawn: Mapping[int, int],
        group: int,
        entrant: int,
        *,
        settled: bool,
    ) -> Explanation | None:
        """See ``Play``."""
        return explain(self.table(results), entrant, settled=settled)
