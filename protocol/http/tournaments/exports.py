"""A whole tournament in one file."""

from __future__ import annotations

from protocol.http.base import Answer, Query
from protocol.http.tournaments.entrants import Standing, TournamentEntrant
from protocol.http.tournaments.matches import BracketMatch, BracketScore
from protocol.http.tournaments.tournaments import TournamentDetail
from protocol.tournament import Format, StageNumber


class ExportedStage(Answer, frozen=True, kw_only=True):
    """A stage that has started."""

    stage: int
    """From 1 on."""
    format: Format
    seeds: list[int]
    """The numbers of the entrants who play it, the best first."""
    matches: list[BracketMatch]
    scores: tuple[BracketScore, ...] = ()
    """In a leaderboard, of everybody who has an attempt that counts."""


class TournamentExport(Answer, frozen=True, kw_only=True):
    """A tournament with all of its entrants, matches and places."""

    tournament: TournamentDetail
    entrants: list[TournamentEntrant]
    """By number."""
    stages: list[ExportedStage]
    standings: list[Standing]
    """Those who have a place, the best first."""


class MatchesFileQuery(Query, frozen=True, kw_only=True):
    """Which matches a file holds."""

    stage: StageNumber | None = None
    """None: those of all stages."""
