"""Why somebody has their place in standings, in words and for programs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from actors.tournament.stage_tables import Compared, FlatRow, PlaceReason
from protocol.http.tournaments.entrants import StandingValue
from protocol.http.tournaments.explained_stages import (
    ExplainedComparison,
    ExplainedRound,
    ExplainedStanding,
    LeagueRow,
)
from protocol.tournament.standings import Criterion

NAMES: Final[Mapping[Criterion, str]] = {
    "points": "points",
    "wins": "wins",
    "losses": "losses",
    "head_to_head": "points",
    "buchholz": "Buchholz points",
    "buchholz_cut_1": "Buchholz points without the lowest",
    "buchholz_cut_2": "Buchholz points without the lowest two",
    "median_buchholz": "Buchholz points without the lowest and the highest",
    "esports_buchholz": "wins less losses of their opponents",
    "sonneborn_berger": "Sonneborn-Berger points",
    "opponents_match_win": "on average in the match-win rates of their opponents",
    "game_difference": "games won less games lost",
    "score_difference": "points scored less points scored against them",
    "seed": "seed",
    "score": "as the score that counts",
    "best_attempt": "as their best attempt",
    "first_reached": "as the event that brought it",
}
"""What a value is counted in."""
_ONE: Final[Mapping[Criterion, str]] = {
    "points": "point",
    "head_to_head": "point",
    "wins": "win",
    "losses": "loss",
}


def standing_of(why: PlaceReason) -> ExplainedStanding:
    """The place of an entrant, and what puts them behind the one above and before the one below."""
    place, entrant = why.row[:2]
    above = why.above and _compared(why, why.above, above=True)
    below = why.below and _compared(why, why.below, above=False)
    first, beside = f"Entrant {entrant} has place {place}.", above or below
    return ExplainedStanding(
        place=place,
        group=why.group,
        values=[
            StandingValue(tiebreak=tiebreak, value=value)
            for tiebreak, value in zip(why.chain, why.row[-1], strict=True)
        ],
        above=above,
        below=below,
        rounds=[
            ExplainedRound(
                tiebreak=term.tiebreak,
                round=term.round,
                opponent=term.opponent,
                value=term.value,
                counts=term.counts,
            )
            for term in why.terms
        ],
        sentence=f"{first} {beside.sentence}" if beside else first,
    )


def _compared(why: PlaceReason, one: Compared, *, above: bool) -> ExplainedComparison:
    at = why.chain.index(one.tiebreak)
    own, other = why.row[-1][at], one.other[-1][at]
    upper, lower = (one.other, why.row) if above else (why.row, one.other)
    return ExplainedComparison(
        entrant=one.other[1],
        place=one.other[0],
        tiebreak=one.tiebreak,
        value=own,
        other_value=other,
        league=[LeagueRow(entrant=entrant, points=points) for entrant, points in one.league],
        sentence=_sentence(why, one, upper, lower),
    )


def _sentence(why: PlaceReason, one: Compared, upper: FlatRow, lower: FlatRow) -> str:
    """Why one is before the other, in words."""
    at = why.chain.index(one.tiebreak)
    first, second = f"entrant {upper[1]}", f"entrant {lower[1]}"
    first_of_all = why.chain[0]
    equal = "" if one.tiebreak == first_of_all else f"with {_told(first_of_all, upper[-1][0])} each, "
    match one.tiebreak:
        case "seed":
            said = f"{first} has the better seed: {_number(upper[-1][at])} against {_number(lower[-1][at])}"
        case "head_to_head":
            points = dict(one.league)
            told = " and ".join(
                f"{who} has {_told('points', points[row[1]])}"
                for who, row in ((first, upper), (second, lower))
            )
            said = f"in the matches among the {len(points)} who are tied {told}"
        case _:
            said = f"{first} has {_told(one.tiebreak, upper[-1][at])}, {second} {_number(lower[-1][at])}"
    text = f"{equal}{said}."
    return f"Entrant {lower[1]} is behind entrant {upper[1]}: {text}"


def _told(tiebreak: Criterion, value: float | None) -> str:
    names = _ONE if value == 1 and tiebreak in _ONE else NAMES
    return f"{_number(value)} {names[tiebreak]}"


def _number(value: float | None) -> str:
    if value is None:
        return "none"
    return str(int(value)) if value.is_integer() else f"{value:g}"
