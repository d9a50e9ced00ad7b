"""Why somebody has their place: what puts them behind the one above, and the one below behind them."""

from __future__ import annotations

from msgspec import Struct

from actors.tournament.engine.standings.head_to_head import separated, table_of
from actors.tournament.engine.standings.opponents import Term
from actors.tournament.engine.standings.ranking import Ranking, Row
from actors.tournament.engine.standings.table import Criterion, Table, TieBreak


class Comparison(Struct, frozen=True):
    """With the one above or below."""

    other: Row
    tiebreak: Criterion
    """The first in which the two differ."""
    league: tuple[tuple[int, int], ...] = ()
    """For head-to-head: the entrants in whose table they differ, and the half points there, the most first."""


class Explanation(Struct, frozen=True):
    """Why an entrant has their place."""

    chain: tuple[Criterion, ...]
    """What orders the table, points first."""
    row: Row
    above: Comparison | None
    below: Comparison | None
    terms: tuple[tuple[TieBreak, tuple[Term, ...]], ...]
    """Of the tie-breaks that consist of rounds, what each round brings."""


def explain(table: Table, entrant: int, *, settled: bool) -> Explanation | None:
    """Why this entrant has their place; None if they aren't in the table."""
    ranking = Ranking(table, settled=settled)
    rows = ranking.rows()
    at = next((at for at, row in enumerate(rows) if row.entrant == entrant), None)
    if at is None:
        return None
    return Explanation(
        ranking.chain,
        rows[at],
        _compared(ranking, rows[at - 1], rows[at], above=True) if at else None,
        _compared(ranking, rows[at], rows[at + 1], above=False) if at + 1 < len(rows) else None,
        tuple(
            (tiebreak, tuple(terms))
            for tiebreak in ranking.chain
            if (terms := ranking.terms(tiebreak, entrant)) is not None
        ),
    )


def _compared(ranking: Ranking, upper: Row, lower: Row, *, above: bool) -> Comparison:
    other = upper if above else lower
    assert lower.decided is not None  # only the first row has nothing that decided
    if lower.decided != "head_to_head":
        return Comparison(other, lower.decided)
    records, rules = ranking.records, ranking.table.rules
    group = separated(ranking.tied[lower.entrant], upper.entrant, lower.entrant, records, rules)
    met = table_of(group, records, rules)
    order = sorted(group, key=lambda entrant: -met[entrant].points)
    return Comparison(other, lower.decided, tuple((entrant, met[entrant].points) for entrant in order))
