"""Teams: who is on their roster and who captains them, until the start; and who plays instead of whom afterwards.

A user is on one roster of a tournament. The first of a roster is the captain, who alone changes it, leaves with the
team, and agrees on other starts; anybody on it may check in, be ready, pick, report, confirm and dispute.
"""

from __future__ import annotations

from typing import Final

from actors.kind import Decision, Refuse, block_key
from actors.staffing import Rank
from actors.tournament.chats import chat_mark
from actors.tournament.context import Context, Course, emit
from actors.tournament.rule import RUNNING, Rule, Rules
from actors.tournament.stages import current_match, match_of
from actors.tournament.state import ASKING, BEFORE_START, Entrant, Settings, Tournament
from protocol.codes import Code
from protocol.event import Mark
from protocol.tournament import MatchPhase
from protocol.tournament.teams import (
    AddPlayer,
    InvitationEnded,
    InvitePlayer,
    JoinTeam,
    PlayerInvited,
    RemovePlayer,
    RosterChanged,
    SubstitutePlayer,
)

_NO_TEAM: Final = Refuse(Code.NOT_FOUND, "There is no such team.", "entrant")
_NOT_CAPTAIN: Final = Refuse(Code.FORBIDDEN, "Only the captain of a team can do this.")
_NOT_BEGUN: Final[frozenset[MatchPhase]] = frozenset({"waiting", "due", "open", "scheduled"})


def unfit_teams(settings: Settings) -> Refuse | None:
    """Why no tournament can have teams of these sizes."""
    if not settings.team_max:
        for name in ("team_min", "substitutes"):
            if getattr(settings, name):
                return Refuse(Code.INVALID, "Without teams there is nothing to say of their rosters.", name)
        return None
    if not 1 <= settings.team_min <= settings.team_max:
        return Refuse(Code.INVALID, "A team has at least one player, and at most team_max.", "team_min")
    return None


def is_complete(tournament: Tournament, entrant: Entrant) -> bool:
    """Whether this entrant has as many players as it takes."""
    return not entrant.roster or len(entrant.roster) >= tournament.settings.team_min


def is_captain(tournament: Tournament, user: str) -> bool:
    """Whether this user speaks for an entrant: as the captain of a team, or for themselves."""
    number = tournament.number_of(user)
    return number is not None and tournament.entrants[number].user == user


# --- before the start --------------------------------------------------------------------------------------


def invite(context: Context, command: InvitePlayer) -> Decision:
    """Whoever isn't in a team and wasn't invited by another one, and hasn't blocked the captain."""
    tournament = context.tournament
    number = _captained(context)
    if isinstance(number, Refuse):
        return number
    if tournament.settings.entry == "listed":
        return Refuse(Code.FORBIDDEN, "Staff put people on rosters in this tournament.")
    if refusal := _unwelcome(context, command.user) or _full(tournament, number):
        return refusal
    if command.user in tournament.invitations:
        return Refuse(Code.ALREADY_EXISTS, "This user has an invitation already.", "user")
    invited = (*tournament.entrants[number].invited, command.user)
    return emit(PlayerInvited(entrant=number, user=command.user, invited=invited))


def join(context: Context, command: JoinTeam) -> Decision:
    """By who was invited."""
    tournament, number = context.tournament, command.entrant
    if tournament.invitations.get(context.by) != number:
        return Refuse(Code.FORBIDDEN, "This team hasn't invited you.", "entrant")
    entrant = tournament.entrants[number]
    course = Course(context)
    _join(course, number, entrant, context.by)
    return course.accept()


def add(context: Context, command: AddPlayer) -> Decision:
    """By staff, who need no invitation."""
    tournament, number = context.tournament, command.entrant
    if not _is_team(tournament, number):
        return _NO_TEAM
    if refusal := context.unknown(command.user, "user") or _unwelcome(context, command.user):
        return refusal
    course = Course(context)
    uninvite(course, command.user)
    if refusal := _full(course.tournament, number):
        return refusal
    _join(course, number, course.tournament.entrants[number], command.user)
    return course.accept()


def _join(course: Course, number: int, entrant: Entrant, user: str) -> None:
    invited = tuple(other for other in entrant.invited if other != user)
    changed = RosterChanged(entrant=number, roster=(*entrant.roster, user), invited=invited, joined=user)
    course.add(changed, marks=_listens(course.tournament))


def remove(context: Context, command: RemovePlayer) -> Decision:
    """A captain passes the team on; nobody is left without one."""
    tournament, number, user = context.tournament, command.entrant, command.user
    by_themselves = context.by == user or (context.own == number and is_captain(tournament, context.by))
    if not by_themselves and context.rank < Rank.ORGANISER:
        return _NOT_CAPTAIN
    if not _is_team(tournament, number):
        return _NO_TEAM
    entrant, course = tournament.entrants[number], Course(context)
    if user in entrant.invited:
        uninvite(course, user)
    elif user not in entrant.roster:
        return Refuse(Code.NOT_FOUND, "This user isn't on the roster.", "user")
    elif entrant.roster == (user,):
        return Refuse(Code.TOO_FEW, "Nobody else is on the roster: the team leaves with them.", "user")
    else:
        off_roster(course, number, user)
    return course.accept()


def uninvite(course: Course, user: str) -> None:
    """Whatever invitation they have ends."""
    number = course.tournament.invitations.get(user)
    if number is not None:
        invited = tuple(other for other in course.tournament.entrants[number].invited if other != user)
        course.add(InvitationEnded(entrant=number, user=user, invited=invited))


def off_roster(course: Course, number: int, user: str) -> None:
    """They aren't on the roster any more; somebody else is."""
    tournament, entrant = course.tournament, course.tournament.entrants[number]
    roster = tuple(other for other in entrant.roster if other != user)
    hidden = tournament.settings.visibility == "invited" and not tournament.stages
    revokes = (user,) if hidden and tournament.rank(user) is Rank.SPECTATOR else ()
    changed = RosterChanged(entrant=number, roster=roster, invited=entrant.invited, left=user)
    course.add(changed, revokes=revokes)


# --- afterwards --------------------------------------------------------------------------------------------


def substitute(context: Context, command: SubstitutePlayer) -> Decision:
    """Until the match begins, and as often as the tournament allows it."""
    tournament, number = context.tournament, command.entrant
    if number is not None and context.rank < Rank.ORGANISER:
        return Refuse(Code.FORBIDDEN, "Only organisers can do it for others.")
    if number is None:
        own = _captained(context)
        if isinstance(own, Refuse):
            return own
        number = own
    if not _is_team(tournament, number):
        return _NO_TEAM
    if refusal := _unfit_substitution(context, number, command):
        return refusal
    entrant, match = tournament.entrants[number], match_of(tournament, command.match)
    roster = tuple(command.substitute if player == command.player else player for player in entrant.roster)
    changed = RosterChanged(
        entrant=number,
        roster=roster,
        joined=command.substitute,
        left=command.player,
        match=command.match,
        until=match.until if match.phase == "open" else None,
    )
    return emit(changed, marks={**_listens(tournament), **chat_mark(tournament, command.match)})


def _unfit_substitution(context: Context, number: int, command: SubstitutePlayer) -> Refuse | None:
    """Why this one can't play instead of that one from this match on."""
    tournament, entrant = context.tournament, context.tournament.entrants[number]
    if current_match(tournament, number) != command.match:
        return Refuse(Code.WRONG_PHASE, "This isn't the match that the team plays next.", "match")
    if match_of(tournament, command.match).phase not in _NOT_BEGUN:
        return Refuse(Code.WRONG_PHASE, "This match has begun.", "match")
    if command.player not in entrant.roster:
        return Refuse(Code.NOT_FOUND, "This user isn't on the roster.", "player")
    if entrant.substitutions >= tournament.settings.substitutes:
        return Refuse(Code.TOO_MANY, f"Substitutes of a team: at most {tournament.settings.substitutes}.")
    if tournament.users.get(command.substitute) == number and command.substitute not in entrant.roster:
        return None  # one who has played for this team before
    return context.unknown(command.substitute, "substitute") or _unwelcome(
        context, command.substitute, "substitute"
    )


# --- what these have in common -----------------------------------------------------------------------------


def _captained(context: Context) -> int | Refuse:
    """The number of the team whose captain asks."""
    number = context.own
    if number is None or not _is_team(context.tournament, number):
        return Refuse(Code.FORBIDDEN, "You aren't in a team.")
    return number if is_captain(context.tournament, context.by) else _NOT_CAPTAIN


def _is_team(tournament: Tournament, number: int) -> bool:
    if number not in tournament.entrants:
        return False
    entrant = tournament.entrants[number]
    return bool(entrant.roster) and entrant.status in ASKING


def _unwelcome(context: Context, user: str, field: str = "user") -> Refuse | None:
    """Why a user can't come to a team: they are in one, or there is none, or they have blocked who asks."""
    if refusal := context.unknown(user, field):
        return refusal
    if _is_taken(context.tournament, user):
        return Refuse(Code.ALREADY_EXISTS, "This user is in a team already.", field)
    if context.facts.get(block_key(user, context.by)) is not None:
        return Refuse(Code.BLOCKED, field=field)
    return None


def _is_taken(tournament: Tournament, user: str) -> bool:
    """Whether somebody plays or has played for a team, or was disqualified. A captain whose team has left is free."""
    entrant = tournament.entrant_of(user)
    if entrant is None:
        return False
    return bool(tournament.stages) or entrant.status in ASKING or entrant.status == "disqualified"


def _full(tournament: Tournament, number: int) -> Refuse | None:
    entrant = tournament.entrants[number]
    most = tournament.settings.team_max
    if len(entrant.roster) + len(entrant.invited) < most:
        return None
    return Refuse(Code.TOO_MANY, f"Players of a team, with those who are invited: at most {most}.")


def _listens(tournament: Tournament) -> dict[str, Mark]:
    return {"listens": True} if tournament.settings.visibility == "invited" else {}


RULES: Final[Rules] = {
    InvitePlayer: Rule(invite, Rank.SPECTATOR, BEFORE_START),
    JoinTeam: Rule(join, Rank.SPECTATOR, BEFORE_START),
    AddPlayer: Rule(add, Rank.ORGANISER, BEFORE_START),
    RemovePlayer: Rule(remove, Rank.SPECTATOR, BEFORE_START),
    SubstitutePlayer: Rule(substitute, Rank.SPECTATOR, RUNNING),
}
