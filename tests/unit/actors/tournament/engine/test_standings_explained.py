"""Why somebody has their place."""

from __future__ import annotations

from actors.tournament.engine.standings.explaining import Explanation, explain
from actors.tournament.engine.standings.opponents import Term
from actors.tournament.engine.standings.ranking import standings
from actors.tournament.engine.standings.table import Result, Rules, Table
from tests.unit.actors.tournament.engine.crosstables import SWISS_5
from tests.unit.actors.tournament.engine.trf import table_of


def explained(table: Table, entrant: int) -> Explanation:
    found = explain(table, entrant, settled=False)
    assert found is not None
    return found


def test_what_decided_above_and_below() -> None:
    table = table_of(SWISS_5, Rules(tiebreaks=("buchholz_cut_1", "sonneborn_berger")))
    rows = standings(table, settled=False)
    for above, row, below in zip(rows, rows[1:], rows[2:], strict=False):
        found = explained(table, row.entrant)
        assert found.row == row
        assert found.above is not None
        assert found.below is not None
        assert (found.above.other, found.above.tiebreak) == (above, row.decided)
        assert (found.below.other, found.below.tiebreak) == (below, below.decided)
        # What is told of the rounds adds up to the value.
        for tiebreak, terms in found.terms:
            at = table.rules.chain.index(tiebreak)
            assert sum(term.value for term in terms if term.counts) == row.values[at]
    assert explained(table, rows[0].entrant).above is None
    assert explained(table, rows[-1].entrant).below is None
    assert explain(table, 99, settled=False) is None


def test_the_rounds_of_exercise_5() -> None:
    # Maria (11): the loss to Stephan counts, the win by forfeit is against a dummy, and the weakest is cut.
    found = explained(table_of(SWISS_5, Rules(tiebreaks=("buchholz_cut_1",))), 11)
    assert found.terms == (
        (
            "buchholz_cut_1",
            (
                Term(1, 3, 7),
                Term(2, 16, 7),
                Term(3, 5, 5),
                Term(4, 0, 5),
                Term(5, 7, 3, counts=False),
            ),
        ),
    )


def test_the_table_in_which_two_were_separated() -> None:
    # Among 1 to 4, 1 is first and 4 last; 2 and 3 are compared again without the others, and 2 has beaten 3.
    pairs = (
        (2, 3, 2), (1, 2, 1), (1, 3, 0), (4, 2, 0), (4, 3, 3), (1, 4, 1),
        (2, 5, 2), (3, 5, 3), (4, 5, 4), (4, 6, 4),
    )  # fmt: skip
    results = [Result(n, a, b, winner, "played") for n, (a, b, winner) in enumerate(pairs, 1)]
    rules = Rules(tiebreaks=("head_to_head",), predetermined=True)
    table = Table(rules=rules, entrants=range(1, 7), results=results)
    above, below = explained(table, 2).above, explained(table, 2).below
    assert above is not None
    assert below is not None
    assert (above.other.entrant, above.league) == (1, ((1, 5), (2, 3), (3, 3), (4, 1)))
    assert (below.other.entrant, below.league) == (3, ((2, 2), (3, 0)))
