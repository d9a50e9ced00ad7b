"""A tournament that is a competition of a gathering: what only the gathering asks of it.

Each command says how it is to be then, and does nothing if it is so. So it may come late, and find that the tournament
has started: what can't be any more is refused, and readers see it by the tournament's rows. It is done though the
tournament was removed, since it can be restored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from actors.kind import Accept, Decision, Refuse
from actors.staffing import Rank
from actors.tournament.context import Context, Course, emit
from actors.tournament.entrants import gone, put_in, takes_part
from actors.tournament.rule import NOT_OVER
from actors.tournament.state import ASKING, BEFORE_START
from protocol.codes import Code
from protocol.frames import Command
from protocol.gathering import KIND as GATHERING
from protocol.ids import kind_of
from protocol.tournament.commands import NewEntrant
from protocol.tournament.events import EntrantCheckedIn, TournamentCancelled
from protocol.tournament.gathered import (
    CancelGathered,
    CheckInGathered,
    EnterGathered,
    JoinGathering,
    LeaveGathering,
    TournamentGathered,
    TournamentUngathered,
    WithdrawGathered,
)


def decide(context: Context, command: Command) -> Decision:
    """The events of such a command, which is the gathering's own."""
    joins = isinstance(command, JoinGathering) and kind_of(context.by) == GATHERING
    if not joins and context.by != context.tournament.gathering:
        return Refuse(Code.NOT_FOUND)
    return RULES[type(command)](context, command)


def _join(context: Context, command: JoinGathering) -> Decision:
    tournament = context.tournament
    if tournament.gathering == context.by:
        return Accept()
    if tournament.gathering is not None:
        return Refuse(Code.ALREADY_EXISTS, "It is a competition of another gathering.")
    if tournament.rank(command.user) < Rank.ORGANISER:
        return Refuse(Code.FORBIDDEN)
    if tournament.phase not in BEFORE_START or len(tournament.entrants) or tournament.removed_at is not None:
        return Refuse(Code.WRONG_PHASE, "Somebody has entered already, or it has started.")
    if tournament.settings.team_max or tournament.settings.visibility == "invited":
        return Refuse(Code.INVALID, "A competition of a gathering has no teams, and everybody may watch it.")
    return emit(TournamentGathered(gathering=context.by))


def _leave(context: Context, _: LeaveGathering) -> Decision:
    return emit(TournamentUngathered(gathering=context.by))


def _enter(context: Context, command: EnterGathered) -> Decision:
    """Beyond the cap they wait. Whom staff have disqualified doesn't come back."""
    tournament, user = context.tournament, command.user
    if tournament.phase not in BEFORE_START:
        return Refuse(Code.WRONG_PHASE, "The tournament isn't open any more.")
    if refusal := context.unknown(user, "user"):
        return refusal
    entrant = tournament.entrant_of(user)
    if entrant is not None and entrant.status == "disqualified":
        return Refuse(Code.FORBIDDEN, "They were disqualified.")
    course = Course(context)
    if (entrant is None or entrant.status not in ASKING) and (
        refusal := put_in(course, NewEntrant(user=user))
    ):
        return refusal
    if command.checked_in:
        _note_check_in(course, user)
    return course.accept()


def _check_in(context: Context, command: CheckInGathered) -> Decision:
    """Also before its own check-in: it counts once that is open."""
    if context.tournament.phase not in BEFORE_START:
        return Refuse(Code.WRONG_PHASE, "The tournament isn't open any more.")
    course = Course(context)
    _note_check_in(course, command.user)
    return course.accept()


def _note_check_in(course: Course, user: str) -> None:
    tournament = course.tournament
    number = tournament.number_of(user)
    if number is None:
        return
    entrant = tournament.entrants[number]
    if entrant.status in ASKING and not entrant.checked_in:
        count = tournament.checked_in + (entrant.status == "entered")
        course.add(EntrantCheckedIn(entrant=number, checked_in=count))


def _withdraw(context: Context, command: WithdrawGathered) -> Decision:
    """As if they had left by themselves: once it has started they forfeit."""
    course = Course(context)
    number = context.tournament.number_of(command.user)
    in_time = context.tournament.phase in NOT_OVER
    if number is not None and in_time and takes_part(context.tournament, number):
        gone(course, number, "left")
    return course.accept()


def _cancel(context: Context, _: CancelGathered) -> Decision:
    """What has started goes on."""
    return emit(TournamentCancelled()) if context.tournament.phase in BEFORE_START else Accept()


RULES: Final[Mapping[type[Command], Callable[[Context, Any], Decision]]] = {
    JoinGathering: _join,
    LeaveGathering: _leave,
    EnterGathered: _enter,
    CheckInGathered: _check_in,
    WithdrawGathered: _withdraw,
    CancelGathered: _cancel,
}
