"""Attempts of a leaderboard: what is sent, and what happened. Of the marks the same is true as in
``protocol.tournament.events``.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from protocol import limits
from protocol.frames import StreamCommand
from protocol.tournament import At, EntrantNumber, StageNumber

Score = Annotated[int, Meta(ge=-limits.SCORE_MAX, le=limits.SCORE_MAX)]
"""A whole number. Of scores with decimals it counts the smallest unit, such as milliseconds: ``decimals`` of the stage
says where the point stands.
"""
AttemptNumber = Annotated[int, Meta(ge=1, le=limits.ATTEMPTS_MAX)]
"""Attempts are numbered for each entrant in a stage, from 1 on."""
Counted = Literal["best", "sum", "last"]
"""What counts of an entrant's attempts."""
AttemptsBy = Literal["players", "staff"]
"""Who may submit attempts. *players*: those who made them, and staff. *staff*: organisers, referees and API keys."""


def shown_score(score: int, decimals: int) -> str:
    """A score as people read it, with so many digits behind the point: 61250 with 3 is 61.250."""
    if not decimals:
        return str(score)
    digits = f"{abs(score):0{decimals + 1}}"
    return f"{'-' if score < 0 else ''}{digits[:-decimals]}.{digits[-decimals:]}"


# --- commands ----------------------------------------------------------------------------------------------


class SubmitAttempt(StreamCommand, frozen=True, kw_only=True, tag="tournament.submit_attempt"):
    """Submit the score of an attempt in the leaderboard that is being played, while its window is open."""

    score: Score
    entrant: EntrantNumber | None = None
    """Whose attempt staff submit; None: one's own."""


class CorrectAttempt(StreamCommand, frozen=True, kw_only=True, tag="tournament.correct_attempt"):
    """Correct the score of an attempt, or make it void, as staff; also after the end of the window and of the
    tournament. ``accepted.answer`` is a ``Consequences``.
    """

    entrant: EntrantNumber
    attempt: AttemptNumber
    score: Score | None = None
    """None: it is void and doesn't count. It stays used, and can be given a score again."""
    stage: StageNumber | None = None
    """Of which stage; None: the one that was started last."""
    preview: bool = False
    """Only answer what would follow."""


class SetWindow(StreamCommand, frozen=True, kw_only=True, tag="tournament.set_window"):
    """Set until when the leaderboard that is being played takes attempts, as an organiser while it does."""

    closes_at: At
    """A time that has passed closes it at once."""


# --- what happened -----------------------------------------------------------------------------------------


class AttemptSubmitted(Struct, frozen=True, kw_only=True):
    """An attempt of an entrant was submitted."""

    stage: int
    entrant: int
    attempt: int
    """Both from 1 on."""
    score: int
    counted: int
    """What counts of all their attempts now."""
    best: int
    """The score of their best one."""
    reached: int
    """The seq of the event that brought the attempt by which they had what counts."""


class AttemptCorrected(Struct, frozen=True, kw_only=True):
    """Staff have corrected an attempt of an entrant, or made it void."""

    stage: int
    entrant: int
    attempt: int
    submitted: int
    """The seq of the event that brought it."""
    score: int | None = None
    """None: it is void."""
    counted: int | None = None
    best: int | None = None
    reached: int | None = None
    """As in ``AttemptSubmitted``; None if they have no attempt that counts."""


class WindowSet(Struct, frozen=True, kw_only=True):
    """A leaderboard takes attempts until another time."""

    stage: int
    closes_at: int


class WindowClosed(Struct, frozen=True, kw_only=True):
    """The window of a leaderboard has closed: no attempt is taken any more."""

    stage: int


EVENTS: Final[dict[str, type[Struct]]] = {
    "tournament.attempt_submitted": AttemptSubmitted,
    "tournament.attempt_corrected": AttemptCorrected,
    "tournament.window_set": WindowSet,
    "tournament.window_closed": WindowClosed,
}
