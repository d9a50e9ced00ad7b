"""How tournaments come to be, pass from phase to phase, and end."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from itertools import islice
from typing import Final

from actors.kind import Decision, Refuse
from actors.staffing import Rank
from actors.tournament.context import Context, Course, emit
from actors.tournament.engine.draw import draw
from actors.tournament.engine.tags import keep_apart
from actors.tournament.plays import FORMATS
from actors.tournament.rule import NOT_OVER, Rule, Rules
from actors.tournament.settings import chosen_of, unfit
from actors.tournament.stages import ENGINE
from actors.tournament.state import BEFORE_START, Settings, Tournament
from actors.tournament.teams import is_complete
from protocol import limits
from protocol.codes import Code
from protocol.ids import USER, kind_of
from protocol.tournament.commands import (
    CancelTournament,
    CreateTournament,
    OpenCheckIn,
    OpenRegistration,
    StartTournament,
)
from protocol.tournament.events import (
    CheckInOpened,
    RegistrationOpened,
    TournamentCancelled,
    TournamentCreated,
    TournamentNotStarted,
    TournamentStarted,
)

_TOO_FEW: Final = f"A tournament needs {limits.TOURNAMENT_ENTRANTS_MIN} who can take part."


def create(context: Context, command: CreateTournament) -> Decision:
    """A user makes a tournament of their own, an operator one that nobody owns."""
    if kind_of(context.by) != USER and context.rank < Rank.OPERATOR:
        return Refuse(Code.FORBIDDEN)
    if context.tournament.phase is not None:
        return Refuse(Code.ALREADY_EXISTS)
    if kind_of(context.by) == USER and (
        refusal := context.creation.refusal(context.facts, context.by, context.now)
    ):
        return refusal
    chosen = chosen_of({name: getattr(command, name) for name in Settings.__struct_fields__})
    if refusal := unfit(Settings(**chosen)) or context.unusable(command):
        return refusal
    return emit(TournamentCreated(name=command.name, description=command.description, **chosen))


def open_registration(context: Context, _: OpenRegistration) -> Decision:
    """Also from the check-in back; who has checked in stays so."""
    return emit(RegistrationOpened())


def open_check_in(context: Context, _: OpenCheckIn) -> Decision:
    """Whoever hasn't checked in at the start is dropped then."""
    return emit(CheckInOpened())


def start(context: Context, _: StartTournament) -> Decision:
    """Who can take part now does."""
    players = _players(context.tournament)
    if len(players) < limits.TOURNAMENT_ENTRANTS_MIN:
        return Refuse(Code.TOO_FEW, _TOO_FEW)
    closes_at = context.tournament.settings.chain[0].closes_at
    if closes_at and closes_at <= context.now:
        return Refuse(Code.WRONG_PHASE, "Stage 1 would take attempts until a time that has passed.", "stages")
    course = Course(context)
    _start(course, players, context.draw_key)
    return course.accept()


def begin(course: Course, draw_key: bytes, *, importing: bool = False) -> None:
    """Start with those who can take part, or note that they are too few. With ``importing`` rounds that were played
    elsewhere follow."""
    players = _players(course.tournament)
    if len(players) < limits.TOURNAMENT_ENTRANTS_MIN:
        course.add(TournamentNotStarted(count=len(players)))
    else:
        _start(course, players, draw_key, importing=importing)


def _start(course: Course, players: Mapping[int, bool], draw_key: bytes, *, importing: bool = False) -> None:
    tournament = course.tournament
    number = draw_number(draw_key, tournament.tournament)
    seeded = [entrant for entrant in tournament.seeds if entrant in players]
    drawn = (*seeded, *draw(players.keys() - set(seeded), number))
    seeds, moved = _apart(tournament, drawn, len(seeded))
    started = TournamentStarted(
        engine=ENGINE,
        draw=str(number),
        count=len(seeds),
        checked_in=sum(players.values()),
        importing=importing or None,
    )
    course.add(started, marks={"seeds": seeds, **({"moved": moved} if moved else {})})


def _apart(
    tournament: Tournament, order: tuple[int, ...], fixed: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """These seeds with those apart who have a tag in common, but for the first so many, which staff have set; and
    what was exchanged for it.
    """
    entrants = tournament.entrants
    tags = {number: frozenset(entrants[number].tags) for number in order if entrants[number].tags}
    stage = tournament.settings.chain[0]
    if not tags:
        return order, ()
    meets = FORMATS[stage.format].meets(stage, len(order))
    found, moved = keep_apart(order, fixed, meets, lambda number: tags.get(number, frozenset()))
    return tuple(found), tuple(seed for two in moved for seed in two)


def draw_number(draw_key: bytes, tournament: str) -> int:
    """The number of 64 bits that a tournament's draw is made from: nobody chooses it, and nobody knows it before."""
    return int.from_bytes(blake2b(tournament.encode(), key=draw_key, digest_size=8).digest())


def _players(tournament: Tournament) -> dict[int, bool]:
    """Who takes part if it starts now, each with whether they have checked in: the entered, and who waits as far as
    there is room; of both only those who have checked in, if there was a check-in, and teams that are complete.
    """
    entrants, checked = tournament.entrants, tournament.phase == "check_in"
    players = {
        number: entrant.checked_in
        for number, entrant in enumerate(entrants, 1)
        if entrant.status == "entered"
        and (entrant.checked_in or not checked)
        and (not entrant.roster or is_complete(tournament, entrant))
    }
    room = tournament.settings.entrants_max - len(players)
    waiting = (
        n
        for n in map(int, tournament.waitlist)
        if (entrants[n].checked_in or not checked) and is_complete(tournament, entrants[n])
    )
    return players | {number: entrants[number].checked_in for number in islice(waiting, room)}


def cancel(_: Context, command: CancelTournament) -> Decision:
    """Nothing happens in it any more."""
    return emit(TournamentCancelled(reason=command.reason))


RULES: Final[Rules] = {
    OpenRegistration: Rule(open_registration, Rank.ORGANISER, frozenset({"draft", "check_in"})),
    OpenCheckIn: Rule(open_check_in, Rank.ORGANISER, frozenset({"draft", "registration"})),
    StartTournament: Rule(start, Rank.ORGANISER, BEFORE_START),
    CancelTournament: Rule(cancel, Rank.ORGANISER, NOT_OVER),
}
