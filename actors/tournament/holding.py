"""Matches that wait: staff hold them, or their sides have agreed on another time."""

from __future__ import annotations

from typing import Final

from actors.kind import Decision, Refuse
from actors.staffing import Rank
from actors.tournament import picking
from actors.tournament.context import Context, Course, emit
from actors.tournament.rounds import play_until
from actors.tournament.rule import RUNNING, Rule, Rules
from actors.tournament.sides import find, own_match
from actors.tournament.state import GOING, Match
from actors.tournament.teams import is_captain
from protocol.codes import Code
from protocol.tournament import NOBODY, MatchPhase
from protocol.tournament.picking import (
    AcceptStart,
    HoldMatch,
    MatchHeld,
    MatchReleased,
    MatchScheduled,
    ProposeStart,
    ReleaseMatch,
    StartProposed,
)

_NOT_BEGUN: Final[frozenset[MatchPhase]] = frozenset({"open", "scheduled"})


def hold(context: Context, command: HoldMatch) -> Decision:
    """Its time stands still."""
    match = find(context, command.match, GOING)
    if isinstance(match, Refuse):
        return match
    if match.held:
        return Refuse(Code.ALREADY_EXISTS, "This match is held already.", "match")
    left = None if match.until is None else max(0, match.until - context.now)
    return emit(MatchHeld(match=command.match, left=left))


def release(context: Context, command: ReleaseMatch) -> Decision:
    """It has the time that was left. If both sides have become ready meanwhile, they pick and ban or play now."""
    match = find(context, command.match, GOING)
    if isinstance(match, Refuse):
        return match
    if not match.held:
        return Refuse(Code.WRONG_PHASE, "Nobody holds this match.", "match")
    course = Course(context)
    until = None if match.left is None else context.now + match.left
    if match.phase == "playing" and until is None:
        until = play_until(context.tournament, command.match, context.now)
    course.add(MatchReleased(match=command.match, until=until))
    picking.begin(course, command.match)
    return course.accept()


def propose(context: Context, command: ProposeStart) -> Decision:
    """Within the window. Both agree if the other side has proposed the same."""
    match = _captained(context, command.match)
    if isinstance(match, Refuse):
        return match
    if match.latest is None:
        return Refuse(Code.FORBIDDEN, "The matches of this round can't be put off.", "match")
    if not context.now < command.at <= match.latest:
        return Refuse(Code.INVALID, "This time isn't within the window of the round.", "at")
    own = context.own or NOBODY
    if match.proposed_at == command.at:
        if match.proposed_by == own:
            return Refuse(Code.ALREADY_EXISTS)
        return emit(MatchScheduled(match=command.match, until=command.at))
    return emit(StartProposed(match=command.match, entrant=own, start=command.at))


def accept(context: Context, command: AcceptStart) -> Decision:
    """What the other side has proposed."""
    match = _captained(context, command.match)
    if isinstance(match, Refuse):
        return match
    if match.proposed_at != command.at:
        return Refuse(Code.WRONG_PHASE, "This time isn't what was proposed last.", "at")
    if match.proposed_by == context.own:
        return Refuse(Code.FORBIDDEN, "The other side accepts what you have proposed.")
    if command.at <= context.now:
        return Refuse(Code.WRONG_PHASE, "This time is over.", "at")
    return emit(MatchScheduled(match=command.match, until=command.at))


def _captained(context: Context, number: int) -> Match | Refuse:
    """The match, if who asks speaks for a side of it, and it hasn't begun."""
    match = own_match(context, number, _NOT_BEGUN)
    if isinstance(match, Match) and not is_captain(context.tournament, context.by):
        return Refuse(Code.FORBIDDEN, "Only the captain of a team can do this.")
    return match


RULES: Final[Rules] = {
    HoldMatch: Rule(hold, Rank.STREAMER, RUNNING),
    ReleaseMatch: Rule(release, Rank.STREAMER, RUNNING),
    ProposeStart: Rule(propose, Rank.SPECTATOR, RUNNING),
    AcceptStart: Rule(accept, Rank.SPECTATOR, RUNNING),
}
