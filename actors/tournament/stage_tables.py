"""The standings of a stage as readers see them, while it runs and afterwards. Pure: another process calls it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from actors.tournament.engine.groups import place_of
from actors.tournament.engine.standings.explaining import Comparison
from actors.tournament.engine.standings.ranking import UNITS, Row
from actors.tournament.engine.standings.table import Criterion
from actors.tournament.flat_results import pairs_of, results_of
from actors.tournament.plays import Published, groups_of, play_for
from protocol import limits
from protocol.tournament.stage import stages_of

FlatRow = tuple[int, int, int, int, int, Criterion | None, tuple[float | None, ...]]
"""Place, entrant, wins, draws, losses, what decided, and the value of each tie-break."""


def stage_table(
    stage: str,
    seeds: Sequence[int],
    published: Published,
    flat: Sequence[int],
    withdrawn: Sequence[int],
    group: int,
    settled: bool,
    first: int = 1,
    most: int = limits.TOURNAMENT_ENTRANTS_MAX,
) -> tuple[list[Criterion], list[FlatRow]]:
    """The tie-breaks of a group in their order, points first, and its rows, the best first: so many at most, from this
    one on.

    Takes the stage as JSON; the rounds that were published; the results so far as ``flat_result`` makes them; and who
    has left while it ran, each with the first match that they forfeited by it. With ``settled`` only rounds count of
    which all matches are done.
    """
    (settings,) = stages_of(stage)
    play = play_for(settings, seeds, published)
    chain, rows = play.standings(results_of(flat), pairs_of(withdrawn), group, settled=settled)
    return [*chain], [_flat(row, chain) for row in rows[first - 1 : first - 1 + most]]


def _flat(row: Row, chain: Sequence[Criterion]) -> FlatRow:
    values = tuple(
        None if value is None else value / UNITS.get(tiebreak, 1)
        for tiebreak, value in zip(chain, row.values, strict=True)
    )
    return row.place, row.entrant, row.wins, row.draws, row.losses, row.decided, values


class Compared(Struct, frozen=True):
    """Somebody in standings beside the one above or below."""

    other: FlatRow
    tiebreak: Criterion
    """The first in which the two differ."""
    league: tuple[tuple[int, float], ...]
    """For head-to-head: the table among those who are tied in which they differ, entrants and their points, the most
    first. It is small: nobody differs in it unless most of them have met.
    """


class Term(Struct, frozen=True):
    """What a round brings to a tie-break."""

    tiebreak: Criterion
    round: int
    opponent: int
    """0: an opponent with the entrant's own points stands for a round that they haven't played."""
    value: float
    counts: bool
    """Whether it isn't cut."""


class PlaceReason(Struct, frozen=True):
    """Why an entrant has their place in the standings of their group."""

    group: int
    chain: tuple[Criterion, ...]
    row: FlatRow
    above: Compared | None
    below: Compared | None
    terms: tuple[Term, ...]
    """Of the tie-breaks that consist of rounds."""


def stage_place(
    stage: str,
    seeds: Sequence[int],
    published: Published,
    flat: Sequence[int],
    withdrawn: Sequence[int],
    entrant: int,
    settled: bool,
) -> PlaceReason | None:
    """Why an entrant who is one of these seeds has their place; None where matches alone give places.

    Takes what ``stage_table`` takes, with an entrant instead of their group.
    """
    (settings,) = stages_of(stage)
    play = play_for(settings, seeds, published)
    group = place_of(groups_of(settings, len(seeds)), seeds.index(entrant) + 1).group
    why = play.explained(results_of(flat), pairs_of(withdrawn), group, entrant, settled=settled)
    if why is None:
        return None
    chain = why.chain
    return PlaceReason(
        group,
        (*chain,),
        _flat(why.row, chain),
        why.above and _compared(why.above, chain),
        why.below and _compared(why.below, chain),
        tuple(
            Term(tiebreak, one.round, one.opponent, one.value / UNITS.get(tiebreak, 1), one.counts)
            for tiebreak, terms in why.terms
            for one in terms
        ),
    )


def _compared(one: Comparison, chain: Sequence[Criterion]) -> Compared:
    unit = UNITS["head_to_head"]
    league = tuple((entrant, points / unit) for entrant, points in one.league)
    return Compared(_flat(one.other, chain), one.tiebreak, league)
