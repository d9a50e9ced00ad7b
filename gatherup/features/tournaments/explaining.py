"""Why a match is as it is, in words and for programs. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from actors.tournament.engine.origins import Origin
from actors.tournament.engine.play import Spot
from actors.tournament.engine.progress import Fill, Placed, settled, without_game
from gatherup.features.tournaments.brackets import StageBracket
from protocol.http.tournaments.explained import ExplainedPlace, ExplainedSide, SideReason
from protocol.tournament import NOBODY
from storage.postgres.tournaments.matches import MatchRow

Lookup = Callable[[int], MatchRow]


def concerned(bracket: StageBracket, number: int) -> list[int]:
    """The matches that explaining this one looks at: itself, those before and those after it."""
    match = bracket[number]
    before = [found.match for side in (0, 1) if (found := bracket.origin(number, side))]
    after = [slot.match for slot in (match.winner_to, match.loser_to) if slot]
    return sorted({number, *before, *after})


def side_of(
    bracket: StageBracket, order: Sequence[int], lookup: Lookup, number: int, side: int
) -> ExplainedSide:
    """Why somebody is on this side of a match."""
    row = lookup(number)
    entrant, came = row.b if side else row.a, bracket.origin(number, side)
    if came is None:
        return _begins(bracket.seed_at(number, side), order)
    before = lookup(came.match)
    if entrant is None:
        sentence = f"It isn't known yet who has {_how(came)} match {came.match}."
        return ExplainedSide(entrant=None, why="unknown", seed=None, match=came.match, sentence=sentence)
    why, sentence = _came(bracket, before, came, (number, side), entrant)
    return ExplainedSide(entrant=entrant, why=why, seed=None, match=came.match, sentence=sentence)


def _begins(seed: int, order: Sequence[int]) -> ExplainedSide:
    if seed > len(order):
        sentence = f"There are {len(order)} entrants, so nobody has seed {seed}."
        return ExplainedSide(entrant=NOBODY, why="no_seed", seed=seed, match=None, sentence=sentence)
    entrant = order[seed - 1]
    sentence = f"Entrant {entrant} has seed {seed}, which begins here."
    return ExplainedSide(entrant=entrant, why="seed", seed=seed, match=None, sentence=sentence)


def _came(
    bracket: StageBracket, before: MatchRow, came: Origin, slot: tuple[int, int], entrant: int
) -> tuple[SideReason, str]:
    """Why this entrant, or nobody, has come from the match before."""
    fills, _ = _follows(bracket, before)
    if Fill(*slot, entrant) not in fills:
        return "kept", f"The result of match {came.match} was corrected, and who had come from it stayed."
    if entrant == NOBODY:
        return "nobody", f"Nobody comes here from match {came.match}: {_absent(before)}."
    if before.kind == "bye":
        return (
            "bye",
            f"Entrant {entrant} went through match {came.match}, where nobody was on the other side.",
        )
    other = before.b if before.a == entrant else before.a
    sentence = f"Entrant {entrant} has {_how(came)} match {came.match} against entrant {other}{_by(before)}."
    return ("won" if came.won else "lost"), sentence


def table_sides(spot: Spot, order: Sequence[int], row: MatchRow) -> list[ExplainedSide]:
    """Why these two meet in a round robin."""
    sides: list[ExplainedSide] = []
    for entrant, other in ((row.a, row.b), (row.b, row.a)):
        seed = order.index(entrant) + 1 if entrant else None
        sentence = (
            f"Entrant {entrant} has seed {seed}, and meets entrant {other} in round {spot.round} of group"
            f" {spot.group} by the table of a round robin."
        )
        sides.append(ExplainedSide(entrant=entrant, why="table", seed=seed, match=None, sentence=sentence))
    return sides


def places_of(bracket: StageBracket, lookup: Lookup, number: int) -> list[ExplainedPlace]:
    """Why those have their places who go nowhere from this match."""
    row, match = lookup(number), bracket[number]
    fills, placed = _follows(bracket, row)
    stayed = [fill.entrant for fill in fills if not _is_on(lookup(fill.match), fill)]
    if stayed:
        # They have gone nowhere: somebody else went on with whom the record doesn't agree.
        gone = [entrant for entrant in stayed if entrant]
        sentence = f"The result of match {number} was corrected, and places stayed."
        return [
            ExplainedPlace(entrant=entrant, place=match.out_place, why="kept", sentence=sentence)
            for entrant in gone
            if match.loser_to is None
        ]
    return [_place(row, entrant, place) for entrant, place in placed]


def _is_on(row: MatchRow, fill: Fill) -> bool:
    return (row.b if fill.side else row.a) == fill.entrant


def _place(row: MatchRow, entrant: int, place: int) -> ExplainedPlace:
    number = row.number
    if row.kind == "double_forfeit":
        sentence = (
            f"Both sides of match {number} forfeited, so entrant {entrant} went out with place {place}."
        )
        return ExplainedPlace(entrant=entrant, place=place, why="both_out", sentence=sentence)
    if row.winner == entrant:
        against = (
            "where nobody was on the other side"
            if row.kind == "bye"
            else f"against entrant {row.b if row.a == entrant else row.a}{_by(row)}"
        )
        sentence = f"Entrant {entrant} has won match {number}, {against}: place {place}."
        return ExplainedPlace(entrant=entrant, place=place, why="last_won", sentence=sentence)
    sentence = (
        f"Entrant {entrant} has lost match {number} against entrant {row.winner}{_by(row)}: place {place}."
    )
    return ExplainedPlace(entrant=entrant, place=place, why="out", sentence=sentence)


def _follows(bracket: StageBracket, row: MatchRow) -> tuple[list[Fill], list[Placed]]:
    """What the result of a match leads to."""
    if row.phase != "done":
        return [], []
    winner = without_game((row.a, row.b))
    if winner is None and row.winner:
        winner = 0 if row.winner == row.a else 1
    return settled(bracket[row.number], (row.a, row.b), winner)


def _how(came: Origin) -> str:
    return "won" if came.won else "lost"


def _by(row: MatchRow) -> str:
    return {"forfeit": " by forfeit", "decided": " as staff decided"}.get(row.kind or "", "")


def _absent(row: MatchRow) -> str:
    if row.kind == "double_forfeit":
        return "both of its sides forfeited"
    if row.kind == "bye":
        return "it had a side without anybody"
    return "who has won it had not lost before"
