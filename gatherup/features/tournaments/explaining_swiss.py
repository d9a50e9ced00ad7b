"""Why two were paired in a Swiss round, or why somebody has the bye, in words and for programs. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from actors.tournament.engine.swiss.model import Because, Why
from actors.tournament.engine.swiss.published import matches_in, reason_in
from protocol.http.tournaments.explained import ExplainedPairing, ExplainedSide

_BECAUSE: Final[dict[Because, str]] = {
    "met": "they have met before",
    "sides": "both must have the same side",
    "side_wishes": "then fewer would have the side they wish for",
    "floats": "that one has come up to a higher group lately",
    "bye": "that one has had a bye",
    "back": "that one had left and come back",
    "others": "then others couldn't be paired as well",
}


def pairing_of(pairs: Sequence[int], reasons: Sequence[int], nth: int) -> ExplainedPairing:
    """Why the match of this place in its round, from 0 on, was paired; the bye comes after the last one."""
    why = reason_in(pairs, reasons, nth)
    a, b = pairs[2 * nth], pairs[2 * nth + 1]
    is_bye = nth == matches_in(pairs)
    return ExplainedPairing(
        group=why.group / 2,
        floats=why.floats or None,
        exchanged=why.exchanged,
        expected=why.expected or None,
        because=why.because,
        rematch=why.rematch,
        sentence=_bye(a, why) if is_bye else _pair(a, b, why),
    )


def paired_side(entrant: int | None, pairing: ExplainedPairing) -> ExplainedSide:
    """Why somebody is on a side of a match of a Swiss round."""
    return ExplainedSide(entrant=entrant, why="paired", seed=None, match=None, sentence=pairing.sentence)


def imported_side(entrant: int | None) -> ExplainedSide:
    """Why somebody is on a side of a match of a round that was played elsewhere."""
    sentence = f"The round in which entrant {entrant} plays this match was imported."
    return ExplainedSide(entrant=entrant, why="imported", seed=None, match=None, sentence=sentence)


def _pair(a: int, b: int, why: Why) -> str:
    """In words."""
    parts = [f"Entrants {a} and {b} were paired in the group with {_points(why.group)}"]
    if why.floats:
        parts.append(f"entrant {why.floats} came down to it from a higher group")
    if why.exchanged:
        parts.append("one of them changed from one half of the group to the other")
    if why.expected and why.because:
        parts.append(f"entrant {why.expected} would have come first, but {_BECAUSE[why.because]}")
    if why.rematch:
        parts.append("they meet again, since otherwise somebody couldn't be paired")
    return "; ".join(parts) + "."


def _bye(entrant: int, why: Why) -> str:
    """In words."""
    parts = [f"Entrant {entrant}, with {_points(why.group)}, has the bye, since somebody must"]
    if why.expected and why.because:
        parts.append(f"entrant {why.expected} ranks lower, but {_BECAUSE[why.because]}")
    if why.rematch:
        parts.append("it is another bye, since otherwise somebody couldn't be paired")
    return "; ".join(parts) + "."


def _points(halves: int) -> str:
    points = halves / 2
    return "1 point" if points == 1 else f"{points:g} points"
