"""Round robin as a stage plays it: groups whose rounds are played at the same time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from actors.tournament.engine.by_round import ByRound
from actors.tournament.engine.groups import GroupTable
from actors.tournament.engine.play import Part, Ranked, Spot
from actors.tournament.engine.progress import Sides
from actors.tournament.engine.standings.explaining import Explanation, explain
from actors.tournament.engine.standings.grouped import GroupStage, ranked, rounds_done, tables_of
from actors.tournament.engine.standings.ranking import Row, standings
from actors.tournament.engine.standings.table import Criterion, Result, Rules


class RoundRobinPlay(ByRound, frozen=True):
    """See ``Play``. Who meets whom follows from the seeds."""

    groups: int
    seeds: Sequence[int]
    rules: Rules
    """``meetings`` are its legs."""

    @property
    def table(self) -> GroupTable:
        """Who meets whom when."""
        return GroupTable(len(self.seeds), self.groups, self.rules.meetings)

    def __len__(self) -> int:
        return len(self.table)

    def spot(self, number: int) -> Spot:
        """See ``Play``."""
        spot = self.table.spot_of(number)
        return Spot("group", spot.round, spot.group)

    def first_sides(self, number: int) -> Sides:
        """See ``Play``."""
        a, b = self.table.pair(number)
        return self.seeds[a - 1], self.seeds[b - 1]

    def numbers(
        self, part: Part | None = None, round_: int | None = None, group: int | None = None
    ) -> Sequence[int]:
        """See ``Play``."""
        table = self.table
        if part not in (None, "group") or (group is not None and group > self.groups):
            return ()
        rounds = range(1, table.rounds + 1)
        if round_ is not None:
            rounds = [round_] if round_ in rounds else []
        if group is None:
            return [number for of in rounds for number in table.numbers_of(of)]
        return [number for of in rounds for number in table.numbers_in(of, group)]

    def rounds(self) -> Sequence[tuple[Part, int]]:
        """See ``Play``."""
        return [("group", round_) for round_ in range(1, self.table.rounds + 1)]

    def waits_for(self, number: int) -> int:
        """See ``Play``."""
        table = self.table
        return table.numbers_of(table.spot_of(number).round).start

    def next_match(self, seed: int, begun: int) -> int:
        """See ``Play``."""
        table = self.table
        first = table.spot_of(begun).round if begun else 1
        rounds = range(first, min(first + 3, table.rounds + 1))  # nobody has two byes in a row
        matches = (table.match_of(round_, seed) for round_ in rounds)
        return next((match for match in matches if match and match > begun), 0)

    def ranked(self, results: Sequence[Result], withdrawn: Mapping[int, int]) -> list[Ranked]:
        """See ``Play``."""
        stage = self._stage(results, withdrawn)
        found = [
            Ranked(row.entrant, group, row.place)
            for group, rows in enumerate(ranked(stage, settled=True), 1)
            for row in rows
        ]
        return sorted(found, key=lambda one: (one.place, one.group))

    def standings(
        self, results: Sequence[Result], withdrawn: Mapping[int, int], group: int, *, settled: bool
    ) -> tuple[Sequence[Criterion], list[Row]]:
        """See ``Play``."""
        table = tables_of(self._stage(results, withdrawn))[group - 1]
        return self.rules.chain, standings(table, settled=settled)

    def tables(
        self, results: Sequence[Result], withdrawn: Mapping[int, int], *, settled: bool
    ) -> tuple[int, list[list[Row]]]:
        """See ``Play``."""
        stage = self._stage(results, withdrawn)
        return rounds_done(stage), ranked(stage, settled=settled)

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
        return explain(tables_of(self._stage(results, withdrawn))[group - 1], entrant, settled=settled)

    def _stage(self, results: Sequence[Result], withdrawn: Mapping[int, int]) -> GroupStage:
        return GroupStage(
            rules=self.rules, groups=self.groups, seeds=self.seeds, results=results, withdrawn=withdrawn
        )
