"""The standings of a whole round robin: of each of its groups, from the results of its matches by number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from actors.tournament.engine.groups import GroupTable, place_of
from actors.tournament.engine.standings.ranking import Row, standings
from actors.tournament.engine.standings.table import Result, Rules, Table


class GroupStage(Struct, frozen=True, kw_only=True):
    """A round robin and what has happened in it."""

    rules: Rules
    """``meetings`` are its legs."""
    groups: int
    seeds: Sequence[int]
    """The entrants, the best first."""
    results: Sequence[Result]
    """Of matches that are done, by number; the round isn't read."""
    withdrawn: Mapping[int, int] = {}
    """See ``Table``."""

    @property
    def table(self) -> GroupTable:
        """Who meets whom when."""
        return GroupTable(len(self.seeds), self.groups, self.rules.meetings)


def rounds_done(stage: GroupStage) -> int:
    """Of how many rounds, from the first on, every match is done."""
    done = {result.number for result in stage.results}
    table = stage.table
    first = next((number for number in range(1, len(table) + 1) if number not in done), None)
    return table.rounds if first is None else table.spot_of(first).round - 1


def tables_of(stage: GroupStage) -> list[Table]:
    """The groups in order, each with its results."""
    table, done = stage.table, rounds_done(stage)
    results: list[list[Result]] = [[] for _ in range(stage.groups)]
    for result in stage.results:
        round_, group, _ = table.spot_of(result.number)
        results[group - 1].append(result._replace(round=round_))
    return [
        Table(
            rules=stage.rules,
            entrants=[stage.seeds[seed - 1] for seed in table.seeds_of(group)],
            results=of_group,
            rounds_done=done,
            withdrawn=stage.withdrawn,
        )
        for group, of_group in enumerate(results, 1)
    ]


def group_of(stage: GroupStage, entrant: int) -> int | None:
    """The group that an entrant is in; None if they aren't in the stage."""
    return place_of(stage.groups, stage.seeds.index(entrant) + 1).group if entrant in stage.seeds else None


def ranked(stage: GroupStage, *, settled: bool) -> list[list[Row]]:
    """The standings of each group."""
    return [standings(table, settled=settled) for table in tables_of(stage)]
