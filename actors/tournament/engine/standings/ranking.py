"""The order of a stage: by points, then by each tie-break in turn among those who are still tied, at last by seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Final

from msgspec import Struct

from actors.tournament.engine.standings import head_to_head
from actors.tournament.engine.standings.opponents import (
    RATE_UNITS,
    Term,
    buchholz,
    esports_buchholz,
    mean,
    opponents_match_win,
    sonneborn_berger,
    total,
)
from actors.tournament.engine.standings.records import Record, Records, records_of
from actors.tournament.engine.standings.table import NOBODY, Criterion, Rules, Table, TieBreak

Terms = Callable[[Record, Records, Rules], list[Term]]

TERMS: Final[Mapping[TieBreak, Terms]] = {
    "buchholz": lambda one, all_, rules: buchholz(one, all_),
    "buchholz_cut_1": lambda one, all_, rules: buchholz(one, all_, low=1),
    "buchholz_cut_2": lambda one, all_, rules: buchholz(one, all_, low=2),
    "median_buchholz": lambda one, all_, rules: buchholz(one, all_, low=1, high=1),
    "esports_buchholz": lambda one, all_, rules: esports_buchholz(one, all_),
    "sonneborn_berger": lambda one, all_, rules: sonneborn_berger(one, all_),
    "opponents_match_win": lambda one, all_, rules: opponents_match_win(one, all_, rules.points),
}
"""Tie-breaks that consist of a term for each round."""
UNITS: Final[Mapping[Criterion, int]] = {
    "points": 2,
    "head_to_head": 2,
    "buchholz": 2,
    "buchholz_cut_1": 2,
    "buchholz_cut_2": 2,
    "median_buchholz": 2,
    "sonneborn_berger": 4,
    "opponents_match_win": RATE_UNITS,
}
"""By what a value is divided to show it; 1 for all others."""
_LOW_FIRST: Final[frozenset[TieBreak]] = frozenset({"losses", "seed"})
Split = Callable[[list[int]], list[list[int]]]


class Row(Struct, frozen=True, gc=False):
    """An entrant in the standings."""

    place: int
    entrant: int
    wins: int
    draws: int
    losses: int
    """Of matches, forfeits among them."""
    values: tuple[int | None, ...]
    """Of each tie-break in their order, in its units; None for head-to-head with nobody to compare with."""
    decided: Criterion | None
    """What put them behind the one above; None for the first."""


def standings(table: Table, *, settled: bool) -> list[Row]:
    """All entrants, the best first. Each has a place of their own, since no two have the same seed."""
    return Ranking(table, settled=settled).rows()


class Ranking:
    """A stage while it is ranked: some n log n comparisons, and each tie-break looks at each result once."""

    def __init__(self, table: Table, *, settled: bool) -> None:
        self.table = table
        self.chain = table.rules.chain
        self.records = records_of(table, settled=settled)
        self.values: dict[int, list[int | None]] = {entrant: [] for entrant in table.entrants}
        """Of each entrant, what tie-breaks have given so far."""
        self.tied: dict[int, list[int]] = {}
        """Those with whom an entrant was compared head-to-head; they themselves among them."""
        self._decided: dict[int, TieBreak] = {}

    def rows(self) -> list[Row]:
        """All rows, the best first. Call it once."""
        groups = [list(self.table.entrants)] if self.table.entrants else []
        for tiebreak in self.chain:
            split = self._by_head_to_head if tiebreak == "head_to_head" else self._by_value(tiebreak)
            groups = self._divide(groups, tiebreak, split)
        return [self._row(place, entrant) for place, (entrant,) in enumerate(groups, 1)]

    def terms(self, tiebreak: TieBreak, entrant: int) -> list[Term] | None:
        """What each round brings to a tie-break; None for those that don't consist of rounds."""
        terms = TERMS.get(tiebreak)
        return None if terms is None else terms(self.records[entrant], self.records, self.table.rules)

    def _row(self, place: int, entrant: int) -> Row:
        record = self.records[entrant]
        return Row(
            place,
            entrant,
            record.wins,
            sum(turn.opponent != NOBODY and not turn.outcome for turn in record.turns),
            record.losses,
            tuple(self.values[entrant]),
            self._decided.get(place),
        )

    def _divide(self, groups: Sequence[list[int]], tiebreak: TieBreak, split: Split) -> list[list[int]]:
        """Split each group, and note whom that has put behind the one above: a place, since the order is settled."""
        found: list[list[int]] = []
        place = 1
        for group in groups:
            for number, part in enumerate(split(group)):
                if number:
                    self._decided[place] = tiebreak
                found.append(part)
                place += len(part)
        return found

    def _by_value(self, tiebreak: TieBreak) -> Split:
        sign = 1 if tiebreak in _LOW_FIRST else -1
        measured = self._measured(tiebreak)
        for entrant, value in measured.items():
            self.values[entrant].append(value)

        def split(group: list[int]) -> list[list[int]]:
            if len(group) == 1:
                return [group]
            order = sorted(group, key=lambda entrant: sign * measured[entrant])
            return [list(same) for _, same in groupby(order, key=measured.__getitem__)]

        return split

    def _by_head_to_head(self, group: list[int]) -> list[list[int]]:
        if len(group) == 1:
            self.values[group[0]].append(None)
            return [group]
        for entrant, met in head_to_head.table_of(group, self.records, self.table.rules).items():
            self.values[entrant].append(met.points)
            self.tied[entrant] = group
        return head_to_head.split(group, self.records, self.table.rules)

    def _measured(self, tiebreak: TieBreak) -> dict[int, int]:
        """The value of every entrant."""
        if tiebreak == "seed":
            return {entrant: seed for seed, entrant in enumerate(self.table.entrants, 1)}
        records, rules = self.records, self.table.rules
        return {entrant: _measure(tiebreak, record, records, rules) for entrant, record in records.items()}


def _measure(tiebreak: TieBreak, record: Record, records: Records, rules: Rules) -> int:
    match tiebreak:
        case "points":
            return record.points
        case "wins":
            # Rounds that brought as much as a win, played or not (7.1).
            return sum(turn.points >= rules.points.win for turn in record.turns)
        case "losses":
            return record.losses
        case "game_difference":
            return sum(turn.games for turn in record.turns)
        case "score_difference":
            return sum(turn.scores for turn in record.turns)
        case "opponents_match_win":
            return mean(opponents_match_win(record, records, rules.points))
        case _:
            return total(TERMS[tiebreak](record, records, rules))
