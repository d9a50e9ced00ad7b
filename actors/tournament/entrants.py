"""Who takes part: entering, checking in, leaving, and what staff do about it."""

from __future__ import annotations

from collections.abc import Container
from typing import Final

from actors.kind import Decision, Refuse, block_key
from actors.staffing import Rank
from actors.tournament import late
from actors.tournament.context import Context, Course, emit
from actors.tournament.matches import forfeit
from actors.tournament.plays import play_of
from actors.tournament.rule import NOT_OVER, Rule, Rules
from actors.tournament.stages import current_match, match_of, needs_standings, status_of
from actors.tournament.state import ASKING, BEFORE_START, GOING, Entrant, Tournament
from actors.tournament.teams import is_captain, is_complete, uninvite
from protocol import limits
from protocol.codes import Code
from protocol.event import Mark
from protocol.ids import USER, kind_of
from protocol.tournament import EntrantStatus
from protocol.tournament.commands import (
    AcceptEntrant,
    AddEntrants,
    CheckIn,
    EnterTournament,
    LeaveTournament,
    NewEntrant,
    RemoveEntrant,
    SetSeeds,
    SetTags,
)
from protocol.tournament.events import (
    EntrantAccepted,
    EntrantCheckedIn,
    EntrantEntered,
    EntrantLeft,
    EntrantTagged,
    SeedsSet,
)

_NO_ENTRANT: Final = "There is no such entrant."
_TAGS_ONCE: Final = "Name each tag once."
_GATHERED: Final = Refuse(Code.FORBIDDEN, "People enter it by registering with its gathering.")
_FULL: Final = Refuse(Code.TOO_MANY, f"Entrants of a tournament: at most {limits.TOURNAMENT_ENTRIES_MAX}.")


def enter(context: Context, command: EnterTournament) -> Decision:
    """Anyone may who wants, if staff don't choose; beyond the cap they wait. A team begins with its captain. Who comes
    late is entered by staff where these accept people, or where there are teams, which begin with all of their players.
    """
    tournament = context.tournament
    if tournament.gathering is not None:
        return _GATHERED
    if tournament.phase == "running" and (refusal := late.too_late(tournament, by_staff=False)):
        return refusal
    if tournament.phase == "running" and (
        tournament.settings.entry != "open" or tournament.settings.team_max
    ):
        return Refuse(Code.FORBIDDEN, "Staff enter people who come late to this tournament.")
    if kind_of(context.by) != USER or tournament.settings.entry == "listed":
        return Refuse(Code.FORBIDDEN, "Staff enter people in this tournament.")
    entrant = tournament.entrant_of(context.by)
    if _is_in(tournament, context.by, tournament.seeds):
        message = "You have taken part: staff can reinstate you." if tournament.stages else None
        return Refuse(Code.ALREADY_EXISTS, message)
    if entrant is not None and entrant.status == "disqualified":
        return Refuse(Code.FORBIDDEN, "You were disqualified.")
    if (command.name is not None) != bool(tournament.settings.team_max):
        return Refuse(Code.INVALID, "A team has a name, and nobody else.", "name")
    course = Course(context)
    status: EntrantStatus | None = "pending" if tournament.settings.entry == "approval" else None
    return put_in(course, NewEntrant(user=context.by, name=command.name), status) or course.accept()


def add(context: Context, command: AddEntrants) -> Decision:
    """All of them or none."""
    tournament = context.tournament
    if tournament.gathering is not None:
        return _GATHERED
    if tournament.phase == "running" and (refusal := late.too_late(tournament, by_staff=True)):
        return refusal
    course, seeds = Course(context), {*tournament.seeds}
    for new in command.entrants:
        if refusal := _unfit(context, course.tournament, seeds, new) or put_in(course, new):
            return refusal
        seeds.update(course.tournament.seeds[-1:])
    return course.accept()


def _is_in(tournament: Tournament, user: str, seeds: Container[int]) -> bool:
    """Whether this user asks to take part; since the start, whether they do or did, by its seeds."""
    number = tournament.users.get(user)
    if number is None:
        return False
    return number in seeds if tournament.stages else tournament.entrants[number].status in ASKING


def _unfit(context: Context, tournament: Tournament, seeds: Container[int], new: NewEntrant) -> Refuse | None:
    """Why this one can't be entered by staff."""
    if len({*new.tags}) != len(new.tags):
        return Refuse(Code.INVALID, _TAGS_ONCE, "entrants")
    if refusal := _misshapen(tournament, new):
        return refusal
    for user in players_of(new):
        if refusal := context.unknown(user, "entrants"):
            return refusal
        if _is_in(tournament, user, seeds):
            return Refuse(Code.ALREADY_EXISTS, "One of these users is an entrant already.", "entrants")
        if context.facts.get(block_key(user, context.by)) is not None:
            return Refuse(Code.BLOCKED, field="entrants")
    return None


def _misshapen(tournament: Tournament, new: NewEntrant) -> Refuse | None:
    """Why nobody can be entered like this: users have no name, names no roster, and teams have both."""
    most = tournament.settings.team_max
    if most and new.user is not None:
        players = players_of(new)
        if new.name is None:
            return Refuse(Code.INVALID, "A team has a name.", "entrants")
        if len(players) > most or len({*players}) != len(players):
            return Refuse(Code.INVALID, f"A team has at most {most} players, each once.", "entrants")
    elif (new.user is None) == (new.name is None):
        return Refuse(Code.INVALID, "Give a user or a name for each entrant.", "entrants")
    elif new.roster:
        return Refuse(Code.INVALID, "Only a team with a captain has a roster.", "entrants")
    return None


def players_of(new: NewEntrant) -> tuple[str, ...]:
    """The users who are entered, the captain of a team first."""
    return () if new.user is None else (new.user, *new.roster)


def put_in(course: Course, new: NewEntrant, status: EntrantStatus | None = None) -> Refuse | None:
    """Enter one, who waits if there is no room; or why not."""
    for player in players_of(new):
        uninvite(course, player)
    tournament, user = course.tournament, new.user
    roster = players_of(new) if tournament.settings.team_max else ()
    if tournament.stages:
        return late.come(course, new, roster, _listens(tournament, user))
    number = None if user is None else tournament.users.get(user)
    if number is None and len(tournament.entrants) >= limits.TOURNAMENT_ENTRIES_MAX:
        return _FULL
    if status is None:
        status = _place(tournament)
    course.add(
        EntrantEntered(
            entrant=number or len(tournament.entrants) + 1,
            status=status,
            count=tournament.entered + (status == "entered"),
            checked_in=tournament.checked_in + (status == "entered" and user is None),
            user=user,
            name=new.name,
            roster=roster,
            tags=new.tags,
        ),
        marks=_listens(tournament, user),
    )
    return None


def _place(tournament: Tournament) -> EntrantStatus:
    """Whether one more is entered, or waits: also while others wait for a place that has just become free."""
    return "entered" if tournament.has_room and not tournament.waitlist else "waiting"


def _listens(tournament: Tournament, user: str | None) -> dict[str, Mark]:
    return {"listens": True} if tournament.settings.visibility == "invited" and user is not None else {}


def accept(context: Context, command: AcceptEntrant) -> Decision:
    """They are in, or wait with the others."""
    tournament = context.tournament
    if command.entrant not in tournament.entrants:
        return Refuse(Code.NOT_FOUND, _NO_ENTRANT, "entrant")
    if tournament.entrants[command.entrant].status != "pending":
        return Refuse(Code.ALREADY_EXISTS, "This entrant isn't pending.", "entrant")
    status = _place(tournament)
    count = tournament.entered + (status == "entered")
    return emit(EntrantAccepted(entrant=command.entrant, status=status, count=count))


def check_in(context: Context, command: CheckIn) -> Decision:
    """Who waits may check in too: at the start they move up before those who haven't. After it staff alone may, of who
    was dropped then.
    """
    number, entrants = command.entrant, context.tournament.entrants
    if number is not None:
        if context.rank < Rank.ORGANISER:
            return Refuse(Code.FORBIDDEN, "Only organisers can check others in.")
        if number not in entrants:
            return Refuse(Code.NOT_FOUND, _NO_ENTRANT, "entrant")
        if context.tournament.stages:
            return late.check_in(context, number)
    elif context.tournament.stages:
        return Refuse(Code.WRONG_PHASE, "The check-in is over: only staff can check you in now.")
    elif (number := context.own) is None:
        return Refuse(Code.FORBIDDEN, "You aren't an entrant.")
    if entrants[number].status not in ("entered", "waiting"):
        return Refuse(Code.FORBIDDEN, "This entrant isn't entered.")
    if entrants[number].checked_in:
        return Refuse(Code.ALREADY_EXISTS)
    if not is_complete(context.tournament, entrants[number]):
        least = context.tournament.settings.team_min
        return Refuse(Code.TOO_FEW, f"A team has at least {least} players.")
    checked_in = context.tournament.checked_in + (entrants[number].status == "entered")
    return emit(EntrantCheckedIn(entrant=number, checked_in=checked_in))


def leave(context: Context, _: LeaveTournament) -> Decision:
    """By themselves. In the bracket they stay on their side, and forfeit."""
    if context.own is None:
        return Refuse(Code.FORBIDDEN, "You aren't an entrant.")
    if not is_captain(context.tournament, context.by):
        return Refuse(Code.FORBIDDEN, "Only its captain leaves with a team.")
    return _go(context, context.own, "left", "")


def remove(context: Context, command: RemoveEntrant) -> Decision:
    """By staff."""
    if command.entrant not in context.tournament.entrants:
        return Refuse(Code.NOT_FOUND, _NO_ENTRANT, "entrant")
    how: EntrantStatus = "disqualified" if command.disqualify else "removed"
    return _go(context, command.entrant, how, command.reason)


def _go(context: Context, number: int, how: EntrantStatus, reason: str) -> Decision:
    if not takes_part(context.tournament, number):
        return Refuse(Code.WRONG_PHASE, "This entrant doesn't take part any more.", "entrant")
    course = Course(context)
    gone(course, number, how, reason)
    return course.accept()


def takes_part(tournament: Tournament, number: int) -> bool:
    """Whether this entrant asks to be in, or once it has started, still plays."""
    if tournament.entrants[number].status not in ASKING:
        return False
    if not tournament.stages or current_match(tournament, number):
        return True
    return needs_standings(tournament) and number in tournament.stages[-1].seeds


def gone(course: Course, number: int, how: EntrantStatus, reason: str = "") -> None:
    """Take an entrant out who asks or takes part, and forfeit their match if it was to be played."""
    tournament = course.tournament
    entrant = tournament.entrants[number]
    entered = not tournament.stages and entrant.status == "entered"
    hidden = tournament.settings.visibility == "invited" and not tournament.stages
    revokes = tuple(user for user in entrant.players if hidden and tournament.rank(user) is Rank.SPECTATOR)
    match = current_match(tournament, number)
    going = bool(match) and match_of(tournament, match).phase in GOING
    stage, forfeits_from = _forfeits_from(tournament, match + going if match else 0)
    left = EntrantLeft(
        entrant=number,
        status=how,
        was=status_of(tournament, number),
        count=tournament.entered - entered,
        checked_in=tournament.checked_in - (entered and entrant.checked_in),
        stage=stage,
        forfeits_from=forfeits_from,
        reason=reason,
    )
    course.add(left, revokes=revokes, marks=_freed(tournament, entrant, how))
    # One that isn't open yet is forfeited when it is opened.
    if going:
        forfeit(course, match)


def _forfeits_from(tournament: Tournament, match: int) -> tuple[int | None, int | None]:
    """The stage with standings that is being played, and the number within it from which on who leaves now forfeits:
    that of this match, if there is one.
    """
    if not tournament.stages or not (play := play_of(stage := tournament.stages[-1])).by_round:
        return None, None
    return len(tournament.stages), stage.numbers.inner(match) if match else len(play) + 1


def _freed(tournament: Tournament, entrant: Entrant, how: EntrantStatus) -> dict[str, Mark]:
    """The marks that tell who may join other teams, and who may not. A captain can come back with theirs."""
    if tournament.stages or not entrant.roster:
        return {}
    stay = entrant.roster if how == "disqualified" else entrant.roster[:1]
    return {"roster": stay, "freed": (*entrant.roster[len(stay) :], *entrant.invited)}


def set_tags(context: Context, command: SetTags) -> Decision:
    """By staff; nobody but them says who belongs together."""
    if command.entrant not in context.tournament.entrants:
        return Refuse(Code.NOT_FOUND, _NO_ENTRANT, "entrant")
    if len({*command.tags}) != len(command.tags):
        return Refuse(Code.INVALID, _TAGS_ONCE, "tags")
    return emit(EntrantTagged(entrant=command.entrant, tags=command.tags))


def set_seeds(context: Context, command: SetSeeds) -> Decision:
    """Of people who are in or want to be; each once."""
    entrants = context.tournament.entrants
    if any(n not in entrants or entrants[n].status not in ASKING for n in command.entrants):
        return Refuse(Code.NOT_FOUND, _NO_ENTRANT, "entrants")
    if len({*command.entrants}) != len(command.entrants):
        return Refuse(Code.INVALID, "Name each entrant once.", "entrants")
    return emit(SeedsSet(entrants=command.entrants))


RULES: Final[Rules] = {
    EnterTournament: Rule(enter, Rank.SPECTATOR, frozenset({"registration", "running"})),
    LeaveTournament: Rule(leave, Rank.SPECTATOR, NOT_OVER),
    CheckIn: Rule(check_in, Rank.SPECTATOR, frozenset({"check_in", "running"})),
    AddEntrants: Rule(add, Rank.ORGANISER, NOT_OVER),
    AcceptEntrant: Rule(accept, Rank.ORGANISER, BEFORE_START),
    RemoveEntrant: Rule(remove, Rank.ORGANISER, NOT_OVER),
    SetTags: Rule(set_tags, Rank.ORGANISER, BEFORE_START),
    SetSeeds: Rule(set_seeds, Rank.ORGANISER, BEFORE_START),
}
