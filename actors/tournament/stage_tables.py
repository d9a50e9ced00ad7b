"""The standings of a stage as readers see them, while it runs and afterwards. Pure: another process calls it."""

from __future__ import annotations

from collections.abc import Sequence

from actors.tournament.engine.standings.ranking import UNITS, Row
from actors.tournament.engine.standings.table import TieBreak
from actors.tournament.flat_results import pairs_of, results_of
from actors.tournament.plays import Published, play_for
from protocol.tournament.stage import stages_of

FlatRow = tuple[int, int, int, int, int, TieBreak | None, tuple[float | None, ...]]
"""Place, entrant, wins, draws, losses, what decided, and the value of each tie-break."""


def stage_table(
    stage: str,
    seeds: Sequence[int],
    published: Published,
    flat: Sequence[int],
    withdrawn: Sequence[int],
    group: int,
    settled: bool,
) -> tuple[list[TieBreak], list[FlatRow]]:
    """The tie-breaks of a group in their order, points first, and its rows, the best first.

    Takes the stage as JSON; the rounds that were published; the results so far as ``flat_result`` makes them; and who
    has left while it ran, each with the first match that they forfeited by it. With ``settled`` only rounds count of
    which all matches are done.
    """
    (settings,) = stages_of(stage)
    play = play_for(settings, seeds, published)
    chain, rows = play.standings(results_of(flat), pairs_of(withdrawn), group, settled=settled)
    return [*chain], [_flat(row, chain) for row in rows]


def _flat(row: Row, chain: Sequence[TieBreak]) -> FlatRow:
    values = tuple(
        None if value is None else value / UNITS.get(tiebreak, 1)
        for tiebreak, value in zip(chain, row.values, strict=True)
    )
    return row.place, row.entrant, row.wins, row.draws, row.losses, row.decided, values
