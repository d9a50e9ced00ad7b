"""Tie-breaks give what others have worked out and published. The sources are named in ``crosstables``."""

from __future__ import annotations

from itertools import groupby
from typing import Final

import pytest

from actors.tournament.engine.standings.opponents import buchholz, total
from actors.tournament.engine.standings.ranking import UNITS, standings
from actors.tournament.engine.standings.records import records_of
from actors.tournament.engine.standings.table import Rules, Table, TieBreak
from tests.unit.actors.tournament.engine.crosstables import MANY_UNPLAYED, ROUND_ROBIN, SWISS_5, SWISS_9
from tests.unit.actors.tournament.engine.trf import table_of


def swiss(text: str, *tiebreaks: TieBreak) -> Table:
    return table_of(text, Rules(tiebreaks=tiebreaks))


def round_robin(*tiebreaks: TieBreak) -> Table:
    return table_of(ROUND_ROBIN, Rules(tiebreaks=tiebreaks, predetermined=True))


def values(table: Table) -> dict[int, float]:
    """Of the one tie-break between points and seeds, by entrant."""
    _, tiebreak, _ = table.rules.chain
    found: dict[int, float] = {}
    for row in standings(table, settled=False):
        value = row.values[1]
        assert value is not None
        found[row.entrant] = value / UNITS.get(tiebreak, 1)
    return dict(sorted(found.items()))


def numbers(text: str) -> dict[int, float]:
    """As a published list has them, from the first entrant on."""
    return dict(enumerate(map(float, text.split()), 1))


# M. Held's exercises 1 to 8, 11, 12 and 27.
HELD: Final[dict[TieBreak, str]] = {
    "buchholz": "12.5 13 15.5 15 8.5 12 14.5 13.5 9 13 13.5 11.5 14 11 12 12.5",
    "buchholz_cut_1": "11 12 13 11.5 7.5 11 12.5 12 7.5 11.5 12 9.5 12 9 11 11",
    "sonneborn_berger": "8 9.5 10.5 9.75 4.25 6.5 3.25 5.25 2.25 1.5 5.75 4 4.25 4.5 3.5 7.25",
    "wins": "2 3 2 2 2 3 1 2 1 1 2 2 1 2 2 3",
}
# What the tie-break server gives by the rules until February 2026.
SERVER: Final[dict[TieBreak, str]] = {
    "points": "4 4 4 2.5 5 2.5 3 2 4.5 3.5 4.5 4 1.5 3.5 2.5",
    "wins": "2 4 2 1 3 1 2 1 2 3 4 3 1 3 2",
    "buchholz": "26.5 27.5 27.5 17 26.5 23.5 25 17.5 29 21.5 25.5 27.5 20.5 22.5 21.5",
    "buchholz_cut_1": "24.5 23.5 23.5 14.5 25 21 22.5 15.5 24.5 18 21 23.5 19 19 20",
    "buchholz_cut_2": "22 21 19.5 12 22 18.5 20 13.5 20 14.5 19.5 19.5 17.5 17 17.5",
    "median_buchholz": "19.5 18.5 19 12 20 16.5 17.5 11.5 19.5 13.5 16 19.5 14 14.5 15.5",
    "sonneborn_berger": "14.5 14 15.25 6 18.5 7 9.25 4.75 17.75 9.25 14.5 15.5 3.25 9.75 5.25",
}


@pytest.mark.parametrize("tiebreak", HELD)
def test_the_exercises_of_the_technical_commission(tiebreak: TieBreak) -> None:
    assert values(swiss(SWISS_5, tiebreak)) == numbers(HELD[tiebreak])


@pytest.mark.parametrize("tiebreak", [one for one in SERVER if one != "points"])
def test_the_server_of_the_technical_commission(tiebreak: TieBreak) -> None:
    assert values(swiss(MANY_UNPLAYED, tiebreak)) == numbers(SERVER[tiebreak])


def test_points_with_byes_of_all_kinds() -> None:
    found = {row.entrant: (row.values[0] or 0) / 2 for row in standings(swiss(MANY_UNPLAYED), settled=False)}
    assert dict(sorted(found.items())) == numbers(SERVER["points"])


def test_median_buchholz_with_two_cut_on_either_side() -> None:
    # Not offered as a tie-break; the server's column tells whether cuts are made in the right order.
    records = records_of(swiss(MANY_UNPLAYED), settled=False)
    found = {one: total(buchholz(record, records, low=2, high=2)) / 2 for one, record in records.items()}
    assert found == numbers("12.5 11.5 11 7 12.5 10 10.5 6 10.5 6.5 10 11.5 8 9 9")


def test_adjusted_scores() -> None:
    # The server's column ABH: requested byes at the end count as draws for opponents (16.3).
    found = {
        one: record.adjusted / 2 for one, record in records_of(swiss(MANY_UNPLAYED), settled=False).items()
    }
    assert found == numbers("4 4 4.5 2.5 5 2.5 3 2 4.5 3.5 4.5 4.5 1.5 3.5 2.5")


def test_sonneborn_berger_of_a_round_robin_with_a_forfeit() -> None:
    # Exercise 14: a forfeit counts as played, since who meets whom was settled before.
    assert values(round_robin("sonneborn_berger")) == numbers("9.25 6.25 6.25 4.25 3.25 2.25")


def places(table: Table) -> dict[int, int]:
    """Of each entrant, where whoever is separated by seeds alone shares a place."""
    rows = standings(table, settled=False)
    found: dict[int, int] = {}
    first = 1
    for row in rows:
        first = first if row.decided == "seed" else row.place
        found[row.entrant] = first
    return dict(sorted(found.items()))


@pytest.mark.parametrize(
    ("table", "shared"),
    [
        # Exercises 23 and 24: not all have met, and nobody is ahead of what others could reach.
        (SWISS_5, {1: 2, 3: 2, 4: 2, 16: 2, 5: 7, 8: 7, 11: 7}),
        # Exercise 25: four who have all met; the first is 6, and 1 and 4 are still tied when they are compared again.
        (
            SWISS_9,
            {1: 3, 2: 5, 3: 1, 4: 3, 5: 9, 6: 2, 7: 6, 8: 6, 9: 14, 10: 9, 11: 13, 12: 14, 13: 16, 14: 9, 15: 9, 16: 6},
        ),
    ],
)  # fmt: skip
def test_head_to_head(table: str, shared: dict[int, int]) -> None:
    found = places(swiss(table, "head_to_head"))
    assert {one: found[one] for one in shared} == shared


def test_head_to_head_of_a_round_robin() -> None:
    # Exercise 26.
    assert places(round_robin("head_to_head")) == {1: 1, 2: 2, 3: 2, 4: 6, 5: 5, 6: 4}


def test_rows_are_in_order_and_say_what_decided() -> None:
    rows = standings(swiss(SWISS_5, "buchholz", "sonneborn_berger"), settled=False)
    assert [row.place for row in rows] == [*range(1, 17)]
    assert [row.entrant for row in rows][:5] == [2, 3, 4, 1, 16]
    assert [row.decided for row in rows][:5] == [None, "points", "buchholz", "buchholz", "sonneborn_berger"]
    for _, same in groupby(rows, key=lambda row: row.values[:-1]):
        _, *behind = same
        assert {row.decided for row in behind} <= {"seed"}
