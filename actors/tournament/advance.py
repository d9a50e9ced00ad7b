"""What a tournament does by itself when its time has come, and when that is."""

from __future__ import annotations

from itertools import islice

from actors.kind import Decision, Instant, Refuse
from actors.tournament import picking
from actors.tournament.chats import chat_for, seats
from actors.tournament.context import Context, Course
from actors.tournament.engine.progress import without_game
from actors.tournament.lifecycle import begin
from actors.tournament.matches import deciders, finish, forfeit, take_report
from actors.tournament.reopening import tell_void
from actors.tournament.rounds import play_until, terms_of
from actors.tournament.stages import match_of, next_to_open, sides_of, spot_of
from actors.tournament.state import ASKING, BEFORE_START, Match, Tournament
from protocol import limits
from protocol.codes import Code
from protocol.tournament import NOBODY
from protocol.tournament.attempts import WindowClosed
from protocol.tournament.events import (
    CheckInOpened,
    EntrantPromoted,
    MatchOpened,
    RegistrationOpened,
    ResultDisputed,
)
from protocol.tournament.ownership import RoomsClosed


def due(tournament: Tournament) -> Instant | None:
    """When there is something to do next.

    What is to be done at once is due at a time long ago that is another one after each event: so the runtime sees that
    a command has moved it on, also if as many matches end at one moment as no command can end.
    """
    if len(tournament.closing):
        return tournament.seq
    if tournament.removed_at is not None:
        return None
    if tournament.importing:
        return None
    least = tournament.timers.least
    at = None if least is None else tournament.timers[least]
    overdue = at is not None and at <= tournament.at
    return tournament.seq if overdue or _has_work(tournament) else at


def _has_work(tournament: Tournament) -> bool:
    promotes = (
        tournament.phase in BEFORE_START and tournament.waitlist.least is not None and tournament.has_room
    )
    return promotes or tournament.void is not None or next_to_open(tournament) is not None


def advance(context: Context) -> Decision:
    """Do what is due now, as much of it as a command may take time for."""
    course = Course(context)
    while course.changes < limits.ADVANCE_CHANGES_MAX:
        if not _step(course, context.draw_key):
            break
    return course.accept() if course.events else Refuse(Code.FORBIDDEN, "Nothing is due.")


def _step(course: Course, draw_key: bytes) -> bool:
    """Do one thing that is due. Whether there may be more for this command."""
    tournament = course.tournament
    if len(tournament.closing):
        course.add(RoomsClosed(closes=tuple(islice(map(int, tournament.closing), limits.ROOMS_CLOSED_MAX))))
        return True
    if tournament.removed_at is not None:
        return False
    if tournament.phase in BEFORE_START and tournament.has_room and (first := tournament.waitlist.least):
        _promote(course, int(first))
        return True
    if tournament.void is not None:
        tell_void(course, tournament.void)
        return True
    if (ready := next_to_open(tournament)) is not None:
        _open(course, ready)
        return True
    timer = tournament.timers.least
    if timer is None or tournament.timers[timer] > course.now:
        return False
    match timer:
        case "registration":
            course.add(RegistrationOpened())
        case "check_in":
            course.add(CheckInOpened())
        case "start":
            begin(course, draw_key)
            return False  # the matches are opened by the next command, for which the bracket is made
        case "window":
            course.add(WindowClosed(stage=len(tournament.stages)))
        case _:
            _expire(course, int(timer.removeprefix("m")))
    return True


def _promote(course: Course, number: int) -> None:
    tournament, entrant = course.tournament, course.tournament.entrants[number]
    course.add(
        EntrantPromoted(
            entrant=number,
            count=tournament.entered + 1,
            checked_in=tournament.checked_in + entrant.checked_in,
            user=entrant.user,
        )
    )


def _open(course: Course, number: int) -> None:
    """Open a match and call its players; if a side has left the tournament, or is nobody, it ends at once."""
    tournament = course.tournament
    match = match_of(tournament, number)
    winner = without_game(sides_of(match))
    if winner is not None:
        finish(course, number, winner, "bye")
        return
    sides = [tournament.entrants[side] for side in (match.a, match.b) if side]
    gone = any(side.status not in ASKING for side in sides)
    spot = spot_of(tournament, number)
    ready_s = tournament.settings.ready_s
    ready_a, ready_b = (not gone and (side.user is None or not ready_s) for side in sides)
    waits = not gone and not (ready_a and ready_b)
    players = () if gone else tuple(user for side in sides for user in side.players)
    course.add(
        MatchOpened(
            match=number,
            part=spot.part,
            round=spot.round,
            group=spot.group or None,
            a=match.a or NOBODY,
            b=match.b or NOBODY,
            ready_a=ready_a,
            ready_b=ready_b,
            until=course.now + ready_s * 1000 if waits else None,
            latest=match.latest or _latest(course, number),
            room=None if gone else chat_for(tournament, number),
            play_until=None if gone or waits else play_until(tournament, number, course.now),
        ),
        marks={"players": players, **({} if gone else seats(tournament, players))},
    )
    if gone:
        forfeit(course, number)
    else:
        picking.begin(course, number)


def _latest(course: Course, number: int) -> Instant | None:
    """Until when the sides of a match that is opened now may agree to play it."""
    window_s = terms_of(course.tournament, number).window_s
    return course.now + window_s * 1000 if window_s else None


def _expire(course: Course, number: int) -> None:
    """The time of a match's phase is over: who isn't ready forfeits, what was reported counts, and staff decide what
    nobody has reported.
    """
    match = match_of(course.tournament, number)
    match match.phase:
        case "reported":
            take_report(course, number)
        case "picking":
            picking.expire(course, number)
        case "scheduled":
            _open(course, number)
        case "playing":
            course.add(ResultDisputed(match=number, entrant=NOBODY), marks=deciders(course.tournament))
        case _:
            forfeit(course, number, absent=_absent(match))


def _absent(match: Match) -> frozenset[int]:
    sides = ((match.a, match.ready_a), (match.b, match.ready_b))
    return frozenset(side for side, ready in sides if side and not ready)
