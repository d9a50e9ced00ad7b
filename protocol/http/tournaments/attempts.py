"""Attempts of leaderboards."""

from __future__ import annotations

from msgspec import Struct

from protocol import limits
from protocol.frames import Position
from protocol.http.base import Answer, CommandBody, Cursor, Limit
from protocol.tournament import At, EntrantNumber, StageNumber
from protocol.tournament.attempts import Score


class NewAttempt(CommandBody, frozen=True, kw_only=True):
    """Submit the score of an attempt in the leaderboard that is being played."""

    score: Score
    entrant: EntrantNumber | None = None
    """Whose attempt staff submit; None: one's own."""


class ServerAttempt(CommandBody, frozen=True, kw_only=True):
    """Submit the score of an attempt of somebody, as the game's own backend."""

    entrant: EntrantNumber
    score: Score


class CorrectedAttempt(CommandBody, frozen=True, kw_only=True):
    """Correct the score of an attempt, or make it void; ``answer`` is a ``Consequences``."""

    score: Score | None = None
    """None: it is void."""
    stage: StageNumber | None = None
    """Of which stage; None: the one that was started last."""
    preview: bool = False
    """Only answer what would follow."""


class Window(CommandBody, frozen=True, kw_only=True):
    """Until when the leaderboard that is being played takes attempts."""

    closes_at: At
    """A time that has passed closes it at once."""


class AttemptsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which attempts to list; None for any."""

    stage: StageNumber | None = None
    entrant: EntrantNumber | None = None
    cursor: Cursor | None = None
    limit: Limit = limits.PAGE_ITEMS_DEFAULT


class TournamentAttempt(Answer, frozen=True, kw_only=True):
    """An attempt in a leaderboard."""

    stage: int
    entrant: int
    """The number of the entrant within the tournament."""
    attempt: int
    """From 1 on, for each entrant in a stage."""
    score: int | None
    """None: it is void."""
    submitted_at: int
    """Unix milliseconds."""
    corrected_at: int | None
    """When staff have changed it last, Unix milliseconds; None if they haven't."""


class AttemptPage(Answer, frozen=True, kw_only=True):
    """Attempts, the last one first."""

    attempts: list[TournamentAttempt]
    position: Position
    """Where in the tournament's log this was read. Pages of one list may be read at different positions."""
    next: str | None
    """The cursor of the page after this one; None on the last."""
    previous: str | None
    """The cursor of the page before this one; None on the first."""
