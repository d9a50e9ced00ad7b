"""Who comes after the start: into a stage that is paired round by round, as long as its settings let.

They get the last seed, and are paired from the next round on. What they have missed is worth nothing unless the
settings say otherwise, as FIDE has it (C.04.2, late entries). Who was in the tournament before and has left it gets
nothing for what they have missed, whatever the settings say: leaving is never worth a point.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from actors.kind import Decision, Refuse
from actors.tournament.context import Context, Course, emit
from actors.tournament.stages import status_of, takes_late
from actors.tournament.state import ASKING, Tournament
from protocol import limits
from protocol.codes import Code
from protocol.event import Mark
from protocol.tournament.commands import NewEntrant
from protocol.tournament.events import EntrantCheckedIn, EntrantEntered

_TOO_LATE: Final = Refuse(
    Code.WRONG_PHASE, "The tournament has started, and nobody can enter it late any more."
)


def too_late(tournament: Tournament, *, by_staff: bool) -> Refuse | None:
    """Why nobody can come in any more. With ``late_rounds`` of 0 only staff enter people until the first round is
    published, which is a moment after the start.
    """
    if not takes_late(tournament) or not (by_staff or tournament.stages[0].settings.late_rounds):
        return _TOO_LATE
    return None


def come(
    course: Course, new: NewEntrant, roster: tuple[str, ...], marks: Mapping[str, Mark]
) -> Refuse | None:
    """Enter one who isn't in it, with these marks; or why not. A team has all of its players."""
    tournament = course.tournament
    number = None if new.user is None else tournament.users.get(new.user)
    if number is None and len(tournament.entrants) >= limits.TOURNAMENT_ENTRIES_MAX:
        return Refuse(Code.TOO_MANY, f"Entrants of a tournament: at most {limits.TOURNAMENT_ENTRIES_MAX}.")
    if refusal := _no_room(tournament, roster):
        return refusal
    entered = EntrantEntered(
        entrant=number or len(tournament.entrants) + 1,
        status="entered",
        user=new.user,
        name=new.name,
        roster=roster,
        tags=new.tags,
        **_last(tournament, number),
    )
    course.add(entered, marks=marks)
    return None


def check_in(context: Context, number: int) -> Decision:
    """By staff, of somebody who asked to take part and was dropped at the start."""
    tournament = context.tournament
    if refusal := too_late(tournament, by_staff=True):
        return refusal
    if status_of(tournament, number) == "entered":
        return Refuse(Code.ALREADY_EXISTS)
    if tournament.entrants[number].status not in ASKING:
        return Refuse(Code.FORBIDDEN, "This entrant isn't entered.")
    if refusal := _no_room(tournament, tournament.entrants[number].roster):
        return refusal
    return emit(EntrantCheckedIn(entrant=number, **_last(tournament, number)))


def _no_room(tournament: Tournament, roster: tuple[str, ...]) -> Refuse | None:
    """Why no more can take part, or a team of these players can't."""
    if not tournament.has_room:
        return Refuse(Code.TOO_MANY, f"At most {tournament.settings.entrants_max} take part.")
    if roster and len(roster) < tournament.settings.team_min:
        return Refuse(
            Code.TOO_FEW, f"A team has at least {tournament.settings.team_min} players.", "entrants"
        )
    return None


def _last(tournament: Tournament, number: int | None) -> dict[str, int]:
    """What an event says of who comes now; who was an entrant before has this number."""
    stage = tournament.stages[0]
    missed = len(stage.published)
    left = number is not None and tournament.entrants[number].status not in ASKING
    return {
        "count": tournament.entered + 1,
        "checked_in": tournament.checked_in + 1,
        "seed": len(stage.seeds) + 1,
        "missed": missed,
        "half_byes": missed if stage.settings.late_byes == "half" and not left else 0,
    }
