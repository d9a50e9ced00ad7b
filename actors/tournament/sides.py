"""Who asks of which match: its two sides, and staff for them."""

from __future__ import annotations

from typing import Final

from actors.kind import Refuse
from actors.staffing import Rank
from actors.tournament.context import Context
from actors.tournament.stages import has_match, is_void, match_of, sides_of
from actors.tournament.state import Match
from protocol.codes import Code
from protocol.tournament import MatchPhase

_NO_MATCH: Final = "There is no such match."
_HELD: Final = "Staff hold this match."


def find(context: Context, number: int, phases: frozenset[MatchPhase]) -> Match | Refuse:
    """The match, if it is in one of these phases."""
    tournament = context.tournament
    if is_void(tournament, number):
        return Refuse(Code.WRONG_PHASE, _SENTENCES["void"], "match")
    if not has_match(tournament, number):
        return Refuse(Code.NOT_FOUND, _NO_MATCH, "match")
    match = match_of(tournament, number)
    if match.phase not in phases:
        return Refuse(Code.WRONG_PHASE, _SENTENCES[match.phase], "match")
    return match


def own_match(context: Context, number: int, phases: frozenset[MatchPhase]) -> Match | Refuse:
    """The match, if the one who asks is on one of its sides, nobody holds it, and it is in one of these phases."""
    tournament, own = context.tournament, context.own
    if has_match(tournament, number) and (own is None or own not in sides_of(match_of(tournament, number))):
        return _outsider(None)
    match = find(context, number, phases)
    if isinstance(match, Match) and match.held:
        return Refuse(Code.WRONG_PHASE, _HELD, "match")
    return match


def acting(
    context: Context, number: int, entrant: int | None, phases: frozenset[MatchPhase]
) -> tuple[Match, int] | Refuse:
    """The match, and the entrant on a side of it who acts: the one who asks, or the one whom staff name."""
    match = find(context, number, phases)
    if isinstance(match, Refuse):
        return match
    if entrant is not None and context.rank < Rank.REFEREE:
        return Refuse(Code.FORBIDDEN, "Only staff can say it of others.")
    side = context.own if entrant is None else entrant
    if side not in (match.a, match.b) or not side:
        return _outsider(entrant)
    return match, side


def _outsider(entrant: int | None) -> Refuse:
    if entrant is None:
        return Refuse(Code.FORBIDDEN, "You aren't on a side of this match.")
    return Refuse(Code.INVALID, "This entrant isn't on a side of this match.", "entrant")


_SENTENCES: Final[dict[MatchPhase, str]] = {
    "waiting": "This match waits for others.",
    "due": "This match isn't open yet.",
    "open": "The sides of this match must be ready first.",
    "scheduled": "The sides of this match have agreed to play it later.",
    "picking": "The sides of this match are picking and banning.",
    "playing": "The sides of this match are ready, and nothing was reported of it yet.",
    "reported": "The result of this match was reported already.",
    "disputed": "This match is disputed: staff decide it.",
    "done": "This match is done.",
    "void": "This match is void, since an earlier stage was corrected.",
}
