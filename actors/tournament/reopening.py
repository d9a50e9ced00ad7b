"""Stages that are played again, since a result of theirs has changed: what had followed on them is void."""

from __future__ import annotations

from msgspec import Struct

from actors.tournament.chats import closing
from actors.tournament.context import Course
from actors.tournament.stages import index_of, last_of, match_in, sides_of
from actors.tournament.state import StageState
from protocol.tournament import NOBODY
from protocol.tournament.corrections import MatchVoided, StageReopened


class Voided(Struct, frozen=True):
    """The stages that are void."""

    stages: tuple[int, ...] = ()
    """As ``Consequences`` holds them."""
    begun: tuple[int, ...] = ()
    """Those of them of which a match was opened, or that have an attempt."""


NOTHING = Voided()


def reopen(course: Course, number: int) -> Voided:
    """The stage of this match, if it is over, is the one that is played again; the later ones are void."""
    tournament = course.tournament
    index = index_of(tournament, number)
    stage, later = tournament.stages[index], [*enumerate(tournament.stages, 1)][index + 1 :]
    if not later and not stage.finished:
        return NOTHING
    stages = tuple(part for number, void in later for part in (number, void.first, last_of(void)))
    course.add(StageReopened(stage=index + 1, count=len(stage.seeds), void=stages))
    return Voided(stages, tuple(number for number, void in later if void.begun or len(void.attempts)))


def tell_void(course: Course, void: StageState) -> None:
    """The players of the next match of a void stage that was going are told, and its room is closed."""
    tournament = course.tournament
    number = int(tournament.voiding.least or NOBODY)
    sides = [tournament.entrants[side] for side in sides_of(match_in(void, number)) if side]
    players = tuple(user for side in sides for user in side.players)
    course.add(MatchVoided(match=number), marks={"players": players, **closing(tournament, number)})
