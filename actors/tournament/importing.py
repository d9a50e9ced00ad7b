"""A tournament that began elsewhere: it starts, its rounds come one after the other, and then it goes on by itself."""

from __future__ import annotations

from actors.kind import Decision, Refuse
from actors.tournament.context import Context, Course, emit
from actors.tournament.engine.swiss.published import bye_in, matches_in
from actors.tournament.lifecycle import begin
from actors.tournament.matches import finish
from actors.tournament.plays import more_rounds, play_of
from actors.tournament.stages import match_of
from actors.tournament.state import BEFORE_START, Tournament
from protocol import limits
from protocol.codes import Code
from protocol.frames import Command
from protocol.tournament import NOBODY
from protocol.tournament.events import MatchOpened
from protocol.tournament.importing import (
    BeginImport,
    EndImport,
    ImportedResult,
    ImportEnded,
    ImportResults,
    ImportRound,
)
from protocol.tournament.swiss import RoundPublished

_OUTSIDE = Refuse(Code.WRONG_PHASE, "Nothing is imported now.")


def imported(context: Context, command: Command) -> Decision | None:
    """What a command of an import comes to; None for any other command."""
    match command:
        case BeginImport():
            return _begin(context)
        case ImportRound():
            return _round(context, command) if _ready(context.tournament) else _OUTSIDE
        case ImportResults():
            return _results(context, command) if context.tournament.importing else _OUTSIDE
        case EndImport():
            return _end(context.tournament) if _ready(context.tournament) else _OUTSIDE
        case _:
            return None


def _begin(context: Context) -> Decision:
    tournament = context.tournament
    chain = tournament.settings.chain
    if tournament.phase not in BEFORE_START or len(chain) != 1 or chain[0].format != "swiss":
        return Refuse(Code.WRONG_PHASE, "Only a Swiss tournament that hasn't started can be imported.")
    if tournament.entered < limits.TOURNAMENT_ENTRANTS_MIN:
        return Refuse(Code.TOO_FEW, "At least 2 must take part.")
    course = Course(context)
    begin(course, context.draw_key, importing=True)
    return course.accept()


def _ready(tournament: Tournament) -> bool:
    """Whether all results of the rounds that came are there."""
    return tournament.importing and tournament.stages[0].done == len(play_of(tournament.stages[0]))


def _round(context: Context, command: ImportRound) -> Decision:
    stage, pairs = context.tournament.stages[0], command.pairs
    entrants = [entrant for entrant in pairs if entrant != NOBODY]
    odd = len(pairs) % 2 or NOBODY in pairs[:-1] or not matches_in(pairs)
    if odd or len({*entrants}) != len(entrants) or not {*entrants} <= {*stage.seeds}:
        return Refuse(Code.INVALID, "These are no pairs of entrants, each named once.", "pairs")
    if not more_rounds(stage):
        return Refuse(Code.INVALID, "The stage has no further round.", "pairs")
    published = RoundPublished(
        stage=1,
        round=len(stage.published) + 1,
        first=stage.numbers.outer(len(play_of(stage)) + 1),
        matches=matches_in(pairs),
        bye=bye_in(pairs),
    )
    return emit(published, marks={"pairs": pairs, "reasons": ()})


def _results(context: Context, command: ImportResults) -> Decision:
    course = Course(context)
    for result in command.results:
        if why := _unfit(course.tournament, result):
            return Refuse(Code.INVALID, why, "results")
        _play(course, result)
    return course.accept()


def _unfit(tournament: Tournament, result: ImportedResult) -> str | None:
    stage = tournament.stages[0]
    if stage.begun >= len(play_of(stage)) or result.match != stage.numbers.outer(stage.begun + 1):
        return f"Match {result.match} isn't the next one."
    match = match_of(tournament, result.match)
    if result.winner not in (NOBODY, match.a, match.b):
        return f"Entrant {result.winner} doesn't play match {result.match}."
    if (result.kind == "double_forfeit" and result.winner) or (
        result.kind == "forfeit" and not result.winner
    ):
        return f"The result of match {result.match} has no such winner."
    return None


def _play(course: Course, result: ImportedResult) -> None:
    """The match is opened, calling nobody, and ends at once."""
    match = match_of(course.tournament, result.match)
    course.add(
        MatchOpened(
            match=result.match,
            part="swiss",
            round=len(course.tournament.stages[0].published),
            a=match.a or NOBODY,
            b=match.b or NOBODY,
            ready_a=True,
            ready_b=True,
        ),
        marks={"players": ()},
    )
    winner = None if result.winner == NOBODY else int(result.winner == match.b)
    finish(course, result.match, winner, result.kind)


def _end(tournament: Tournament) -> Decision:
    return emit(ImportEnded(rounds=len(tournament.stages[0].published)))
