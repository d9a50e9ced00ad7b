"""What is asked of a match that is played: readiness, reports, disputes and decisions."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from protocol import limits
from protocol.frames import StreamCommand
from protocol.tournament import EntrantNumber, Evidence, MatchNumber, Note, Scores


class SayReady(StreamCommand, frozen=True, kw_only=True, tag="tournament.ready"):
    """Say that one is ready to play a match that is open."""

    match: MatchNumber
    entrant: EntrantNumber | None = None
    """Whose side staff say it of; None: one's own."""


class ReportResult(StreamCommand, frozen=True, kw_only=True, tag="tournament.report"):
    """Report the result of one's own match. The same report by the other side confirms it, another one disputes it."""

    match: MatchNumber
    scores: Scores
    """Who has won the games that it takes has won the match."""


class ConfirmResult(StreamCommand, frozen=True, kw_only=True, tag="tournament.confirm"):
    """Confirm the result that the other side of one's own match has reported."""

    match: MatchNumber


class DisputeResult(StreamCommand, frozen=True, kw_only=True, tag="tournament.dispute"):
    """Dispute one's own match, so that staff decide it."""

    match: MatchNumber
    note: Note = ""
    evidence: Evidence | None = None


class DecideMatch(StreamCommand, frozen=True, kw_only=True, tag="tournament.decide"):
    """Decide a match as staff, from its opening until it is done, whatever its sides have said."""

    match: MatchNumber
    winner: Annotated[int, Meta(ge=0, le=limits.TOURNAMENT_ENTRIES_MAX)]
    """The number of the entrant who has won; 0: nobody, both forfeit unless it is drawn."""
    draw: bool = False
    """That it is drawn, in a stage with draws."""
    scores: Scores = ()
    """None, or some that lead to this result."""
    note: Note = ""
