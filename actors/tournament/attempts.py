"""Attempts of a leaderboard: submitted while its window is open, and corrected by staff."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, Final

from actors.kind import Decision, Instant, Refuse
from actors.tournament.apply_attempts import rescored
from actors.tournament.context import Context, Course, emit
from actors.tournament.corrections import followed
from actors.tournament.engine.leaderboard import Score, Tried, score_of
from actors.tournament.plays import FORMATS
from actors.tournament.rule import RUNNING, STARTED, Rule, Rules
from actors.tournament.state import ASKING, Attempt, Rank, StageState
from protocol import limits
from protocol.codes import Code
from protocol.tournament.attempts import (
    AttemptCorrected,
    AttemptSubmitted,
    CorrectAttempt,
    SetWindow,
    SubmitAttempt,
    WindowSet,
)

STEP_ENTRANTS: Final = 128
"""Entrants whose attempts are counted before others have their turn."""


def submit(context: Context, command: SubmitAttempt) -> Decision:
    """The next attempt of an entrant, as long as they have any left."""
    tournament = context.tournament
    stage = tournament.stages[-1]
    if refusal := _closed(stage, context.now):
        return refusal
    entrant = _whose(context, command, stage)
    if isinstance(entrant, Refuse):
        return entrant
    made = stage.attempts.get(entrant) or ()
    if len(made) >= (most := stage.settings.attempts):
        return Refuse(Code.TOO_MANY, f"Attempts of an entrant in this stage: at most {most}.", "entrant")
    attempts = (*made, Attempt(command.score, tournament.seq + 1))
    submitted = AttemptSubmitted(
        stage=len(tournament.stages),
        entrant=entrant,
        attempt=len(attempts),
        score=command.score,
        **_counts(stage, attempts),
    )
    return emit(submitted)


def correct(context: Context, command: CorrectAttempt) -> Decision:
    """All standings of its stage that aren't settled follow."""
    tournament = context.tournament
    number = command.stage or len(tournament.stages)
    if number > len(tournament.stages) or not takes_attempts(stage := tournament.stages[number - 1]):
        return Refuse(Code.NOT_FOUND, "There is no such leaderboard.", "stage")
    made = stage.attempts.get(command.entrant) or ()
    if command.attempt > len(made):
        return Refuse(Code.NOT_FOUND, "There is no such attempt.", "attempt")
    was = made[command.attempt - 1]
    if was.score == command.score:
        return Refuse(Code.ALREADY_EXISTS, "This is the score of the attempt.", "score")
    course = Course(context)
    after = rescored(made, command.attempt, command.score)
    course.add(
        AttemptCorrected(
            stage=number,
            entrant=command.entrant,
            attempt=command.attempt,
            submitted=was.seq,
            score=command.score,
            **_counts(stage, after),
        )
    )
    return followed(course, preview=command.preview)


def set_window(context: Context, command: SetWindow) -> Decision:
    """The timer closes it, also at once."""
    tournament, latest = context.tournament, context.now + limits.LEADERBOARD_S_MAX * 1000
    stage = tournament.stages[-1]
    if refusal := _closed(stage, context.now):
        return refusal
    if command.closes_at == stage.closes_at:
        return Refuse(Code.ALREADY_EXISTS, field="closes_at")
    if command.closes_at > latest:
        most = f"A leaderboard takes attempts for {limits.LEADERBOARD_S_MAX} seconds at most."
        return Refuse(Code.INVALID, most, "closes_at")
    return emit(WindowSet(stage=len(tournament.stages), closes_at=command.closes_at))


def takes_attempts(stage: StageState) -> bool:
    """Whether a stage is played by attempts, and not by matches."""
    return FORMATS[stage.settings.format].attempts


def score_in(stage: StageState, attempts: Sequence[Attempt]) -> Score | None:
    """What attempts come to in this stage; None if none of them counts."""
    tried = [Tried(one.score, one.seq) for one in attempts if one.score is not None]
    return score_of(tried, stage.settings.counted, higher=stage.settings.higher)


def scores_of(stage: StageState) -> Generator[None, None, list[tuple[int, ...]]]:
    """What all entrants have come to, as ``LeaderboardPlay`` takes it. There may be thousands: others have their turn
    in between.
    """
    found: list[tuple[int, ...]] = []
    for number, entrant in enumerate(stage.seeds, 1):
        if score := score_in(stage, stage.attempts.get(entrant) or ()):
            found.append((entrant, *score))
        if not number % STEP_ENTRANTS:
            yield
    return found


def _counts(stage: StageState, attempts: Sequence[Attempt]) -> dict[str, Any]:
    """What attempts come to, as events tell it."""
    score = score_in(stage, attempts)
    return {} if score is None else score._asdict()


def _closed(stage: StageState, now: Instant) -> Refuse | None:
    """Why a stage takes no attempts now."""
    if not takes_attempts(stage):
        return Refuse(Code.WRONG_PHASE, "The stage that is being played is no leaderboard.")
    if stage.closed or stage.closes_at is None or now >= stage.closes_at:
        return Refuse(Code.WRONG_PHASE, "This leaderboard takes no attempts any more.")
    return None


def _whose(context: Context, command: SubmitAttempt, stage: StageState) -> int | Refuse:
    """The entrant whose attempt it is, if the one who asks may submit it."""
    staff = context.rank >= Rank.REFEREE
    if not staff and command.entrant is not None:
        return Refuse(Code.FORBIDDEN, "Only staff can submit attempts of others.", "entrant")
    if not staff and stage.settings.attempts_by == "staff":
        return Refuse(Code.FORBIDDEN, "Only staff can submit attempts in this stage.")
    entrant = context.own if command.entrant is None else command.entrant
    if entrant is None or entrant not in stage.seeds:
        if command.entrant is None:
            return Refuse(Code.FORBIDDEN, "You don't play this stage.")
        return Refuse(Code.NOT_FOUND, "This entrant doesn't play this stage.", "entrant")
    if context.tournament.entrants[entrant].status not in ASKING:
        return Refuse(Code.WRONG_PHASE, "This entrant has left the tournament.", "entrant")
    return entrant


RULES: Final[Rules] = {
    SubmitAttempt: Rule(submit, Rank.SPECTATOR, RUNNING),
    CorrectAttempt: Rule(correct, Rank.REFEREE, STARTED),
    SetWindow: Rule(set_window, Rank.ORGANISER, RUNNING),
}
