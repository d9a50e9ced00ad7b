"""Which tournaments are competitions of a gathering. Each of them has the last word: it joins, or refuses to."""

from __future__ import annotations

from typing import Final

from actors.gathering.context import Context, Rule, Rules, emit
from actors.gathering.lifecycle import NOT_OVER
from actors.kind import COMPETITION, Decision, FactKey, Refuse, pair
from actors.staffing import Rank
from protocol import limits
from protocol.codes import Code
from protocol.gathering.commands import AttachCompetition, DetachCompetition
from protocol.gathering.events import CompetitionAttached, CompetitionDetached
from protocol.ids import USER, kind_of

OPEN: Final = frozenset({"draft", "registration", "check_in"})
"""The phases of a tournament in which people can be entered."""
_FULL: Final = f"Competitions of a gathering: at most {limits.GATHERING_COMPETITIONS_MAX}."


def competition_key(tournament: str, user: str) -> FactKey:
    """How a tournament stands, and whether this user organises it."""
    return FactKey(COMPETITION, pair(tournament, user))


def attach(context: Context, command: AttachCompetition) -> Decision:
    """It is asked to join, and can be chosen once it has."""
    gathering, tournament = context.gathering, command.tournament
    if kind_of(context.by) != USER:
        return Refuse(Code.FORBIDDEN)
    if tournament in gathering.attached:
        return Refuse(Code.ALREADY_EXISTS, field="tournament")
    if gathering.number_of(tournament) is None and (
        len(gathering.competitions) >= limits.GATHERING_COMPETITIONS_MAX
    ):
        return Refuse(Code.TOO_MANY, _FULL)
    known = context.facts.get(competition_key(tournament, context.by))
    if known is None:
        return Refuse(Code.NOT_FOUND, "There is no such tournament.", "tournament")
    if not known["organises"]:
        return Refuse(Code.FORBIDDEN, "You don't organise this tournament.", "tournament")
    if known["gathering"] not in (None, gathering.gathering):
        return Refuse(Code.ALREADY_EXISTS, "It is a competition of another gathering.", "tournament")
    if known["phase"] not in OPEN or not known["fit"]:
        message = "A competition hasn't started, has no teams and no entrants, and everybody may watch it."
        return Refuse(Code.INVALID, message, "tournament")
    return emit(CompetitionAttached(tournament=tournament))


def detach(context: Context, command: DetachCompetition) -> Decision:
    """Who has entered it stays in it."""
    if command.tournament not in context.gathering.attached:
        return Refuse(Code.NOT_FOUND, "There is no such competition.", "tournament")
    return emit(CompetitionDetached(tournament=command.tournament))


RULES: Final[Rules] = {
    AttachCompetition: Rule(attach, Rank.ORGANISER, NOT_OVER),
    DetachCompetition: Rule(detach, Rank.ORGANISER, NOT_OVER),
}
