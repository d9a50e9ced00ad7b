"""Head-to-head: the table of exactly those who are tied, with what they played against each other (C.07, article 6).

If they have all met, their points in those matches order them (6.1). If not, only a first one who has more than any
other could reach by winning whatever is missing is ranked, then a second one likewise, and so on (6.2). Who is tied
after that is compared again, without the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from actors.tournament.engine.standings.records import Records
from actors.tournament.engine.standings.table import Rules


class Met(NamedTuple):
    """What an entrant has in the table of those who are tied."""

    points: int
    """Half points."""
    most: int
    """What they could have if they won every match that is missing."""


def split(tied: Sequence[int], records: Records, rules: Rules) -> list[list[int]]:
    """Those who are tied, the best first; who still is, is together, in the order they came in."""
    ahead, found = [list(tied)], list[list[int]]()
    while ahead:
        group = ahead.pop()
        parts = _once(group, table_of(group, records, rules))
        if len(parts) == 1:
            found.append(group)
        else:
            ahead += reversed(parts)
    return found


def separated(tied: Sequence[int], one: int, other: int, records: Records, rules: Rules) -> list[int]:
    """Of those who are tied, the ones in whose table these two were separated: all, or who was still tied later."""
    group = list(tied)
    while True:
        parts = _once(group, table_of(group, records, rules))
        (part,) = (part for part in parts if one in part)
        if other not in part or len(parts) == 1:
            return group
        group = part


def table_of(tied: Sequence[int], records: Records, rules: Rules) -> dict[int, Met]:
    """The table of these alone."""
    among = set(tied)
    full = (len(tied) - 1) * rules.meetings
    found: dict[int, Met] = {}
    for entrant in tied:
        met = [turn for turn in records[entrant].turns if turn.played and turn.opponent in among]
        points = sum(turn.points for turn in met)
        found[entrant] = Met(points, points + max(0, full - len(met)) * rules.points.win)
    return found


def _once(group: list[int], table: dict[int, Met]) -> list[list[int]]:
    order = sorted(group, key=lambda entrant: -table[entrant].points)
    if all(met.points == met.most for met in table.values()):
        return [list(same) for _, same in groupby(order, key=lambda entrant: table[entrant].points)]
    parts: list[list[int]] = []
    rest = group
    for first in order[:-1]:
        others = [entrant for entrant in rest if entrant != first]
        if table[first].points <= max(table[entrant].most for entrant in others):
            break
        parts.append([first])
        rest = others
    return [*parts, rest]
