"""Tie-breaks that are worked out from opponents: a term for each round, and their sum.

An unplayed round is played against a dummy with as many points as the entrant has in the end (C.07, 16.4). A cut leaves
out the lowest term; of an entrant with voluntary unplayed rounds, the lowest of those (16.5).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from actors.tournament.engine.standings.records import Record, Records, Turn
from actors.tournament.engine.standings.table import NOBODY, Points

RATE_UNITS: Final = 1_000_000
"""Rates are counted in millionths, rounded down."""
RATE_FLOOR: Final = RATE_UNITS * 33 // 100
"""No opponent counts for less: Magic: The Gathering Tournament Rules, appendix C."""


class Term(NamedTuple):
    """What one round brings to a tie-break."""

    round: int
    opponent: int
    """NOBODY if the dummy takes their place."""
    value: int
    counts: bool = True
    """Whether it isn't cut."""


def buchholz(record: Record, records: Records, *, low: int = 0, high: int = 0) -> list[Term]:
    """The points of all opponents (8.1), in half points; so many of the lowest and the highest are cut (article 14)."""
    terms = [_faced(turn, record, records) for turn in record.turns]
    rest = [*range(len(terms))]
    voluntary = {place for place, turn in enumerate(record.turns) if turn.voluntary}
    for _ in range(min(low, len(rest))):
        # Equal ones are the same for the sum; of two rounds the earlier is left out.
        rest.remove(min(rest, key=lambda place: (place not in voluntary, terms[place].value, place)))
    for _ in range(min(high, len(rest))):
        rest.remove(max(rest, key=lambda place: (terms[place].value, -place)))
    kept = set(rest)
    return [term._replace(counts=place in kept) for place, term in enumerate(terms)]


def sonneborn_berger(record: Record, records: Records) -> list[Term]:
    """The points of each opponent times those scored against them (9.1), in quarters of a point."""
    return [
        (term := _faced(turn, record, records))._replace(value=term.value * turn.points)
        for turn in record.turns
    ]


def esports_buchholz(record: Record, records: Records) -> list[Term]:
    """Wins less losses of all opponents who were played, forfeits among them, byes not: Valve's Difficulty Score
    (github.com/ValveSoftware/counter-strike_rules_and_regs, major-supplemental-rulebook.md).
    """
    return [
        Term(turn.round, turn.opponent, other.wins - other.losses)
        for turn in record.turns
        if turn.played and (other := records.get(turn.opponent))
    ]


def match_win(record: Record, points: Points) -> int:
    """Which part of all points that could be had an entrant has, in millionths, the floor at least. Rounds that they
    have missed, or asked for a bye in, aren't counted.
    """
    turns = [turn for turn in record.turns if not turn.requested]
    could = points.win * len(turns)
    return max(RATE_FLOOR, sum(turn.points for turn in turns) * RATE_UNITS // could) if could else RATE_FLOOR


def opponents_match_win(record: Record, records: Records, points: Points) -> list[Term]:
    """The match-win percentage of each opponent; rounds with a bye are left out. The tie-break is their mean."""
    return [
        Term(turn.round, turn.opponent, match_win(records[turn.opponent], points))
        for turn in record.turns
        if turn.opponent in records
    ]


def total(terms: Iterable[Term]) -> int:
    """The sum of those that count."""
    return sum(term.value for term in terms if term.counts)


def mean(terms: Iterable[Term]) -> int:
    """Their mean, rounded down; 0 if there are none."""
    values = [term.value for term in terms if term.counts]
    return sum(values) // len(values) if values else 0


def _faced(turn: Turn, record: Record, records: Records) -> Term:
    """Who stands for the opponent of a round, and their points."""
    other = records.get(turn.opponent) if turn.played else None
    if other is None:
        return Term(turn.round, NOBODY, record.points)
    return Term(turn.round, turn.opponent, other.adjusted)
