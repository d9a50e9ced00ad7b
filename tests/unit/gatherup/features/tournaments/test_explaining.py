"""Why matches are as they are: everybody on a side, and everybody with a place, is there for a reason that holds."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gatherup.features.tournaments.brackets import StageBracket
from gatherup.features.tournaments.explaining import concerned, places_of, side_of
from protocol.http.tournaments.explained import ExplainedPlace, ExplainedSide
from protocol.tournament.commands import CorrectResult, LeaveTournament
from storage.postgres.tournaments.matches import MatchRow
from tests.unit.actors.tournament.cup import REFEREE, Cup, P, playing

FORMATS = st.fixed_dictionaries(
    {
        "format": st.sampled_from(["single_elimination", "double_elimination"]),
        "third_place": st.booleans(),
        "reset": st.booleans(),
    }
)


class Explained:
    """A cup that is explained as HTTP does it."""

    def __init__(self, cup: Cup) -> None:
        self.cup, self.bracket = cup, StageBracket(cup.bracket, 0)
        self._looked_at: set[int] = set()

    def _row(self, number: int) -> MatchRow:
        match = self.cup.match(number)
        self._looked_at.add(number)
        winner = match.winner if match.kind else None
        return MatchRow(number, match.a, match.b, match.phase, winner=winner, kind=match.kind)

    def sides(self, number: int) -> list[ExplainedSide]:
        self._looked_at.clear()
        sides = [side_of(self.bracket, self.cup.cup.seeds, self._row, number, side) for side in (0, 1)]
        assert self._looked_at <= {*concerned(self.bracket, number)}
        return sides

    def places(self, number: int) -> list[ExplainedPlace]:
        self._looked_at.clear()
        places = places_of(self.bracket, self._row, number)
        assert self._looked_at <= {*concerned(self.bracket, number)}
        return places


def check(cup: Cup) -> None:
    explained = Explained(cup)
    places: dict[int, int] = {}
    for number in range(1, len(explained.bracket.bracket) + 1):
        match = cup.match(number)
        sides = explained.sides(number)
        assert [side.entrant for side in sides] == [match.a, match.b]
        for side in sides:
            assert (side.why == "unknown") == (side.entrant is None)
            assert (side.why in ("nobody", "no_seed")) == (side.entrant == 0) or side.why == "kept"
            assert (side.match is None) == (side.why in ("seed", "no_seed"))
            if side.why in ("won", "bye"):
                assert side.match and cup.match(side.match).winner == side.entrant
            if side.why == "lost":
                assert side.match and cup.match(side.match).winner not in (0, side.entrant)
        for place in explained.places(number):
            assert place.entrant not in places
            places[place.entrant] = place.place
    shown = {n: cup.row("tournament_entrant", n)["place"] for n in cup.cup.seeds}
    assert places == {n: place for n, place in shown.items() if place is not None}


@given(st.integers(2, 12), st.integers(0, 2**32), FORMATS)
@settings(max_examples=60, deadline=None)
def test_everybody_is_where_they_are_for_a_reason(entrants: int, seed: int, fields: dict[str, Any]) -> None:
    chance, cup = random.Random(seed), playing(entrants, **fields)
    for _ in range(chance.randint(0, 3 * entrants)):
        if (number := cup.cup.going.least) is None:
            break
        match = cup.match(int(number))
        cup.decide(int(number), chance.choice([match.a, match.b, match.a, match.b, 0]) or 0)
        if chance.random() < 0.1:
            cup.send(LeaveTournament, P[chance.randint(1, entrants)])
            cup.settle()
    check(cup)


def test_what_people_read() -> None:
    cup = playing(3)
    cup.decide(2, 3)
    explained = Explained(cup)
    assert [side.sentence for side in explained.sides(1)] == [
        "Entrant 1 has seed 1, which begins here.",
        "There are 3 entrants, so nobody has seed 4.",
    ]
    assert [side.sentence for side in explained.sides(3)] == [
        "Entrant 1 went through match 1, where nobody was on the other side.",
        "Entrant 3 has won match 2 against entrant 2 as staff decided.",
    ]
    assert [place.sentence for place in explained.places(2)] == [
        "Entrant 2 has lost match 2 against entrant 3 as staff decided: place 3."
    ]
    cup.decide(3, 0)
    assert [(place.why, place.place) for place in explained.places(3)] == [("both_out", 2), ("both_out", 2)]


def test_what_was_kept_is_said_so() -> None:
    cup = playing(4)
    cup.decide(1, 1)
    cup.decide(2, 2)
    cup.done(CorrectResult, REFEREE, match=1, winner=4, policy="keep")
    explained = Explained(cup)
    assert [side.why for side in explained.sides(3)] == ["kept", "won"]
    assert [(place.entrant, place.place, place.why) for place in explained.places(1)] == [(4, 3, "kept")]
    check(cup)
