"""Corrections: another result of a match that is done, or none, and entrants who come back."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from actors.kind import Accept, Decision, Refuse
from actors.staffing import Rank
from actors.tournament.apply_matches import fills_for
from actors.tournament.chats import closes
from actors.tournament.context import Context, Course
from actors.tournament.engine.correction import Change, Correction
from actors.tournament.engine.progress import without_game
from actors.tournament.matches import end, kind_of, side_of, unfit_result
from actors.tournament.plays import FORMATS
from actors.tournament.reopening import NOTHING, Voided, reopen
from actors.tournament.rule import STARTED, Rule, Rules
from actors.tournament.sides import find
from actors.tournament.stages import (
    correction_of,
    current_match,
    has_match,
    is_over,
    is_past,
    match_of,
    needs_standings,
    sides_of,
    stage_of,
    taken_back,
)
from actors.tournament.state import ASKING, GOING, Match, StageState, Tournament
from protocol.codes import Code
from protocol.tournament import NOBODY, MatchPhase, Policy, flattened
from protocol.tournament.commands import Consequences, CorrectResult, ReinstateEntrant, UndoResult
from protocol.tournament.corrections import EntrantReinstated, MatchCorrected, MatchUndone, TournamentReopened

_NAMED_MAX: Final = 8
"""Matches that a refusal names."""
_NO_PLACE: Final = 0
"""In ``placed``: no place any more."""
_DONE: Final[frozenset[MatchPhase]] = frozenset({"done"})


def correct(context: Context, command: CorrectResult) -> Decision:
    """Nobody's way through the bracket changes if the same side has won."""
    match = _played(context, command.match)
    if isinstance(match, Refuse):
        return match
    if refusal := unfit_result(context, match, command):
        return refusal
    scores = flattened(command.scores)
    if (command.winner, command.draw, scores) == (match.winner, match.drawn, match.scores):
        return Refuse(Code.ALREADY_EXISTS, "This is the result of the match.")
    course = Course(context)
    winner, sides = side_of(match, command.winner), sides_of(match)
    found, voided = Correction(), NOTHING
    policy = _policy(stage_of(course.tournament, command.match), command.policy)
    changes = command.winner != match.winner
    if changes and policy == "reset":
        voided = reopen(course, command.match)
    if changes and not is_past(course.tournament, command.match):
        found = correction_of(course.tournament, command.match, winner)
    plan = _plan(course.tournament, found, policy, voided)
    course.add(
        MatchCorrected(
            match=command.match,
            winner=command.winner,
            loser=NOBODY if winner is None else sides[1 - winner] or NOBODY,
            kind=kind_of(winner, draw=command.draw),
            policy=plan.policy,
            done=plan.done(course.tournament),
            scores=command.scores,
            note=command.note,
            fills=plan.fills,
            placed=plan.placed,
            out=plan.out,
        ),
        marks=closes(course.tournament, *plan.void),
    )
    return _decided(course, command, plan)


def undo(context: Context, command: UndoResult) -> Decision:
    """The match is due again."""
    match = _played(context, command.match)
    if isinstance(match, Refuse):
        return match
    course = Course(context)
    plan = _take_back(course, command.match, "reset")
    _undone(course, command.match, plan)
    return _decided(course, command, plan)


def reinstate(context: Context, command: ReinstateEntrant) -> Decision:
    """What they forfeited as they left is due again, unless matches that must stand depend on it."""
    tournament, number = context.tournament, command.entrant
    if number not in tournament.entrants:
        return Refuse(Code.NOT_FOUND, "There is no such entrant.", "entrant")
    entrant = tournament.entrants[number]
    if entrant.status in ASKING:
        return Refuse(Code.ALREADY_EXISTS, "This entrant hasn't left.", "entrant")
    if not (entrant.left_in or entrant.left_stage):
        return Refuse(Code.WRONG_PHASE, "This entrant was out before the start.", "entrant")
    if entrant.user is not None and (refusal := context.unknown(entrant.user, "entrant")):
        return refusal
    left = tournament.stages[min(entrant.left_stage, len(tournament.stages)) - 1]
    course, plan = Course(context), _Plan(_policy(left, command.policy))
    frozen = entrant.left_stage < len(tournament.stages)
    course.add(EntrantReinstated(entrant=number, was=entrant.status, frozen=frozen))
    left_in = entrant.left_in
    if has_match(tournament, left_in) and _forfeited(match_of(tournament, left_in), number):
        if plan.policy == "reset" or not is_past(tournament, left_in):
            plan = _take_back(course, left_in, plan.policy)
        if plan.changes:
            _undone(course, left_in, plan)
    return _decided(course, command, plan)


def _policy(stage: StageState, chosen: Policy | None) -> Policy:
    return chosen or FORMATS[stage.settings.format].policy


def _played(context: Context, number: int) -> Match | Refuse:
    """The match, if it is done and two entrants were on its sides."""
    match = find(context, number, _DONE)
    if isinstance(match, Match) and not match.known:
        return Refuse(Code.WRONG_PHASE, "Nobody has played this match: it follows from others.", "match")
    return match


def _forfeited(match: Match, entrant: int) -> bool:
    """Whether this entrant was on a side of it and lost it by being away."""
    lost = entrant in sides_of(match) and match.winner != entrant
    return lost and match.kind in ("forfeit", "double_forfeit")


# --- what follows ------------------------------------------------------------------------------------------


class _Plan(Struct, frozen=True):
    """What follows from a correction under a policy."""

    policy: Policy
    changes: tuple[Change, ...] = ()
    """All matches that begin anew."""
    void: tuple[int, ...] = ()
    """Of other matches, those that were opened and begin anew."""
    kept: tuple[int, ...] = ()
    """Those that were opened and stand, so that nothing follows."""
    placed: tuple[int, ...] = ()
    out: tuple[int, ...] = ()
    """In a stage that ends with standings, which give the places: who plays no more in it."""
    voided: Voided = NOTHING
    """The later stages that are void."""

    @property
    def fills(self) -> tuple[int, ...]:
        """The changes as marks hold them."""
        return fills_for(self.changes)

    def done(self, tournament: Tournament) -> int:
        """How many matches are done then."""
        before = sum(match_of(tournament, change.match).phase == "done" for change in self.changes)
        after = sum(without_game((change.a, change.b)) is not None for change in self.changes)
        return tournament.matches_done - before + after


def _plan(
    tournament: Tournament,
    found: Correction,
    policy: Policy,
    voided: Voided,
    again: tuple[Change, ...] = (),
) -> _Plan:
    """What the engine has found, unless matches stand by the policy; ``again``: what is played again itself."""
    opened = tuple(c.match for c in found.changes if _was_opened(match_of(tournament, c.match)))
    if policy == "keep" and opened:
        return _Plan(policy, kept=opened)
    changes = (*again, *found.changes)
    if needs_standings(tournament):
        out = tuple(place.entrant for place in found.places)
        return _Plan(policy, changes, void=opened, out=out, voided=voided)
    placed = [part for place in found.places for part in place]
    for entrant in found.playing:
        if not current_match(tournament, entrant):
            placed += (entrant, _NO_PLACE)
    return _Plan(policy, changes, void=opened, placed=tuple(placed))


def _take_back(course: Course, number: int, policy: Policy) -> _Plan:
    """What follows when a match is played again; with *reset* later stages are void by then."""
    voided = reopen(course, number) if policy == "reset" else NOTHING
    tournament = course.tournament
    again = (Change(number, *sides_of(match_of(tournament, number))),)
    return _plan(tournament, taken_back(tournament, number), policy, voided, again)


def _was_opened(match: Match) -> bool:
    return match.phase in GOING or (match.phase == "done" and match.kind != "bye")


def followed(course: Course, *, preview: bool) -> Decision:
    """What follows from a correction on which no match depends."""
    return _ended(course, _Plan("keep"), preview=preview)


def _undone(course: Course, number: int, plan: _Plan) -> None:
    done = plan.done(course.tournament)
    undone = MatchUndone(match=number, done=done, fills=plan.fills, placed=plan.placed, out=plan.out)
    course.add(undone, marks=closes(course.tournament, *plan.void))


def _decided(course: Course, command: CorrectResult | UndoResult | ReinstateEntrant, plan: _Plan) -> Decision:
    """The events so far with the end of the tournament, or that it isn't over any more; or only what they would be."""
    if (plan.void or plan.voided.begun) and not (command.confirm or command.preview):
        return _unconfirmed(plan)
    return _ended(course, plan, preview=command.preview)


def _ended(course: Course, plan: _Plan, *, preview: bool) -> Decision:
    finished = course.tournament.phase == "finished"
    if is_over(course.tournament):
        if not finished or plan.changes or plan.placed:
            end(course)
    elif finished:
        course.add(TournamentReopened())
    answer = Consequences(
        policy=plan.policy,
        fills=plan.fills,
        void=plan.void,
        kept=plan.kept,
        placed=plan.placed,
        phase=course.tournament.phase or "running",
        stages=plan.voided.stages,
    )
    return Accept(() if preview else tuple(course.events), answer)


def _unconfirmed(plan: _Plan) -> Refuse:
    void = plan.void
    if begun := plan.voided.begun:
        stages = f"Stage {begun[0]} has" if len(begun) == 1 else f"Stages {begun[0]} to {begun[-1]} have"
        return Refuse(Code.CONFIRM_NEEDED, f"{stages} begun and would become void: confirm it.")
    if len(void) == 1:
        return Refuse(Code.CONFIRM_NEEDED, f"Match {void[0]} was opened and becomes void: confirm it.")
    numbers, more = ", ".join(map(str, void[:_NAMED_MAX])), " and more" if len(void) > _NAMED_MAX else ""
    return Refuse(Code.CONFIRM_NEEDED, f"Matches {numbers}{more} were opened and become void: confirm it.")


RULES: Final[Rules] = {
    CorrectResult: Rule(correct, Rank.REFEREE, STARTED),
    UndoResult: Rule(undo, Rank.REFEREE, STARTED),
    ReinstateEntrant: Rule(reinstate, Rank.ORGANISER, STARTED),
}
