"""Matches: who is ready, what was reported, and how a match ends."""

from __future__ import annotations

from typing import Final

from actors.kind import Decision, Refuse
from actors.staffing import Rank
from actors.tournament import picking
from actors.tournament.apply_matches import fills_for
from actors.tournament.chats import closes
from actors.tournament.context import Context, Course, emit
from actors.tournament.engine.progress import Fill, Sides, with_side
from actors.tournament.rounds import play_until, terms_of
from actors.tournament.rule import RUNNING, Rule, Rules
from actors.tournament.scores import winner_of
from actors.tournament.sides import acting, find, own_match
from actors.tournament.stages import is_over, match_of, needs_standings, outcome_of, sides_of, stage_of
from actors.tournament.state import ASKING, GOING, Match, Tournament
from protocol import limits
from protocol.codes import Code
from protocol.event import Mark
from protocol.tournament import NOBODY, ResultKind, Scores, flattened, games_of
from protocol.tournament.commands import (
    ConfirmResult,
    CorrectResult,
    DecideMatch,
    DisputeResult,
    ReportResult,
    SayReady,
)
from protocol.tournament.events import (
    MatchFinished,
    ResultDisputed,
    ResultReported,
    SideReady,
    TournamentFinished,
)


def say_ready(context: Context, command: SayReady) -> Decision:
    """Once both sides are, the match is being played, or they pick and ban."""
    acts = acting(context, command.match, command.entrant, frozenset({"open"}))
    if isinstance(acts, Refuse):
        return acts
    match, entrant = acts
    if match.until is not None and context.now >= match.until:
        return Refuse(Code.WRONG_PHASE, "The time to be ready is over.")
    if match.ready_a if entrant == match.a else match.ready_b:
        return Refuse(Code.ALREADY_EXISTS)
    course = Course(context)
    ready_a, ready_b = match.ready_a or entrant == match.a, match.ready_b or entrant == match.b
    begins = ready_a and ready_b and not match.held
    course.add(
        SideReady(
            match=command.match,
            entrant=entrant,
            ready_a=ready_a,
            ready_b=ready_b,
            play_until=play_until(context.tournament, command.match, context.now) if begins else None,
        )
    )
    picking.begin(course, command.match)
    return course.accept()


def report(context: Context, command: ReportResult) -> Decision:
    """The other side confirms it with the same report, or disputes it with another. One's own may be mended."""
    found = own_match(context, command.match, frozenset({"playing", "reported"}))
    if isinstance(found, Refuse):
        return found
    tournament, own = context.tournament, context.own or NOBODY
    try:
        side = won_by(tournament, command.match, command.scores)
    except ValueError as error:
        return Refuse(Code.INVALID, str(error), "scores")
    winner = NOBODY if side is None else sides_of(found)[side] or NOBODY
    if found.phase == "reported" and found.reporter != own:
        if found.scores == flattened(command.scores):
            return _confirmed(context, command.match)
        disputed = ResultDisputed(match=command.match, entrant=own, scores=command.scores)
        return emit(disputed, marks=deciders(tournament))
    if found.phase == "reported" and found.scores == flattened(command.scores):
        # It would put off the time at which the report counts.
        return Refuse(Code.ALREADY_EXISTS)
    until = context.now + tournament.settings.confirm_s * 1000
    reported = ResultReported(
        match=command.match, entrant=own, winner=winner, scores=command.scores, until=until
    )
    return emit(reported)


def confirm(context: Context, command: ConfirmResult) -> Decision:
    """By the other side."""
    found = own_match(context, command.match, frozenset({"reported"}))
    if isinstance(found, Refuse):
        return found
    if found.reporter == context.own:
        return Refuse(Code.FORBIDDEN, "The other side confirms what you have reported.")
    return _confirmed(context, command.match)


def _confirmed(context: Context, number: int) -> Decision:
    course = Course(context)
    take_report(course, number)
    return course.accept()


def dispute(context: Context, command: DisputeResult) -> Decision:
    """By either side, with what speaks for it."""
    found = own_match(context, command.match, frozenset({"playing", "reported"}))
    if isinstance(found, Refuse):
        return found
    disputed = ResultDisputed(
        match=command.match, entrant=context.own or NOBODY, note=command.note, evidence=command.evidence
    )
    return emit(disputed, marks=deciders(context.tournament))


def decide(context: Context, command: DecideMatch) -> Decision:
    """By staff, whatever the sides have said."""
    found = find(context, command.match, GOING)
    if isinstance(found, Refuse):
        return found
    if refusal := unfit_result(context, found, command):
        return refusal
    course, winner = Course(context), side_of(found, command.winner)
    kind = kind_of(winner, draw=command.draw)
    finish(course, command.match, winner, kind, command.scores, command.note)
    return course.accept()


def unfit_result(context: Context, match: Match, result: DecideMatch | CorrectResult) -> Refuse | None:
    """Why staff can't give a match this result."""
    if result.winner not in (match.a, match.b, NOBODY):
        return Refuse(Code.INVALID, "The winner isn't on a side of this match.", "winner")
    if result.draw and not stage_of(context.tournament, result.match).settings.draws:
        return Refuse(Code.INVALID, "No match of this stage can be drawn.", "draw")
    if result.draw and result.winner:
        return Refuse(Code.INVALID, "Nobody wins a match that is drawn.", "draw")
    if not result.scores:
        return None
    try:
        winner = won_by(context.tournament, result.match, result.scores)
    except ValueError as error:
        return Refuse(Code.INVALID, str(error), "scores")
    if winner != side_of(match, result.winner) or (winner is None) is not result.draw:
        return Refuse(Code.INVALID, "By these scores it has ended otherwise.", "scores")
    return None


def won_by(tournament: Tournament, number: int, scores: Scores) -> int | None:
    """The side that has won a match by these games; None if it is drawn. Raises ValueError as ``winner_of`` does."""
    draws = stage_of(tournament, number).settings.draws
    return winner_of(scores, terms_of(tournament, number).best_of, draws=draws)


def side_of(match: Match, winner: int) -> int | None:
    """The side that this entrant, one of the two or nobody, is on."""
    return sides_of(match).index(winner) if winner else None


def kind_of(winner: int | None, *, draw: bool) -> ResultKind:
    """What a result is that staff give."""
    return "double_forfeit" if winner is None and not draw else "decided"


def deciders(tournament: Tournament) -> dict[str, Mark]:
    """The mark that names whom a match calls that staff must decide."""
    staff = [user for user, role in tournament.staff.items() if role != "streamer"]
    called = staff if tournament.owner is None else [tournament.owner, *staff]
    return {"staff": tuple(called)} if called else {}


# --- what a match comes to ---------------------------------------------------------------------------------


def take_report(course: Course, number: int) -> None:
    """The match ends as it was reported."""
    match = match_of(course.tournament, number)
    scores = games_of(match.scores)
    finish(course, number, won_by(course.tournament, number, scores), "played", scores)


def forfeit(course: Course, number: int, *, absent: frozenset[int] = frozenset()) -> None:
    """The match ends without a game: whoever is out of the tournament or ``absent`` forfeits it."""
    tournament = course.tournament
    match = match_of(tournament, number)
    lost = [
        side in absent or side is None or tournament.entrants[side].status not in ASKING
        for side in sides_of(match)
    ]
    winner = None if all(lost) else lost.index(False)
    finish(course, number, winner, "double_forfeit" if winner is None else "forfeit")


def finish(
    course: Course,
    number: int,
    winner: int | None,
    kind: ResultKind,
    scores: Scores = (),
    note: str = "",
) -> None:
    """The match ends, with all that follows for others; with the last one the tournament has finished."""
    tournament = course.tournament
    match = match_of(tournament, number)
    sides = (match.a or NOBODY, match.b or NOBODY)
    follows = outcome_of(tournament, number, winner, most=limits.FILLS_PER_EVENT_MAX)
    course.add(
        MatchFinished(
            match=number,
            winner=NOBODY if winner is None else sides[winner],
            loser=NOBODY if winner is None else sides[1 - winner],
            kind=kind,
            scores=scores,
            note=note,
            fills=_fills(tournament, follows.fills),
            later=follows.later,
            # In a stage that ends with standings, these say who has which place.
            placed=()
            if needs_standings(tournament)
            else tuple(part for placed in follows.places for part in placed),
        ),
        marks=closes(tournament, number),
    )
    if is_over(course.tournament):
        end(course)


def end(course: Course) -> None:
    """The tournament has finished, with these places."""
    order = sorted(zip(course.tournament.places, course.tournament.first, strict=True))
    course.add(
        TournamentFinished(
            entrants=tuple(entrant for _, entrant in order), places=tuple(place for place, _ in order)
        )
    )


def _fills(tournament: Tournament, fills: tuple[Fill, ...]) -> tuple[int, ...]:
    """Each match that they change with both its sides, those first that lead to others."""
    changed: dict[int, Sides] = {}
    for number, side, entrant in fills:
        sides = changed.get(number) or sides_of(match_of(tournament, number))
        changed[number] = with_side(sides, side, entrant)
    # Each match is numbered after those that lead to it.
    return fills_for((number, *changed[number]) for number in sorted(changed))


RULES: Final[Rules] = {
    SayReady: Rule(say_ready, Rank.SPECTATOR, RUNNING),
    ReportResult: Rule(report, Rank.SPECTATOR, RUNNING),
    ConfirmResult: Rule(confirm, Rank.SPECTATOR, RUNNING),
    DisputeResult: Rule(dispute, Rank.SPECTATOR, RUNNING),
    DecideMatch: Rule(decide, Rank.REFEREE, RUNNING),
}
