"""Tournaments over HTTP: what changes them goes through their actors, what is read of them comes from their rows."""

from __future__ import annotations

from typing import Final

from gatherup.feature import Base, Feature
from gatherup.features.tournaments.attempts import AttemptsResource
from gatherup.features.tournaments.calendars import TOKEN, CalendarsResource
from gatherup.features.tournaments.corrections import CorrectionsResource
from gatherup.features.tournaments.entering_file import EnteringFile
from gatherup.features.tournaments.entrants import EntrantsResource
from gatherup.features.tournaments.explaining_stages import ExplainingResource
from gatherup.features.tournaments.exports import ExportsResource
from gatherup.features.tournaments.files import FilesResource
from gatherup.features.tournaments.foreign import ForeignResource
from gatherup.features.tournaments.imports import ImportsResource
from gatherup.features.tournaments.keeps import tournament_keeps
from gatherup.features.tournaments.lists import TournamentLists
from gatherup.features.tournaments.matches import MatchesResource
from gatherup.features.tournaments.next_matches import NextMatches
from gatherup.features.tournaments.overseeing import OverseeingResource, ServerTournamentsResource
from gatherup.features.tournaments.picking import PickingResource
from gatherup.features.tournaments.pictures import PicturesResource
from gatherup.features.tournaments.replay import Replays
from gatherup.features.tournaments.stage_results import StageReader
from gatherup.features.tournaments.standings import StandingsResource
from gatherup.features.tournaments.teams import TeamsResource
from gatherup.features.tournaments.templates import TemplatesResource
from gatherup.features.tournaments.tournament_access import NUMBER
from gatherup.features.tournaments.tournaments import TournamentsResource
from gatherup.http.endpoint import HEX, PathPart
from gatherup.http.overseeing import Overseer
from gatherup.offloop.pool import OffLoop
from storage.postgres.admin.admins import Admins
from storage.postgres.audit_log import AuditLog
from storage.postgres.tournaments.attempts import Attempts
from storage.postgres.tournaments.calendars import Calendars
from storage.postgres.tournaments.collisions import Collisions
from storage.postgres.tournaments.entrants import Entrants
from storage.postgres.tournaments.history import History
from storage.postgres.tournaments.matches import Matches
from storage.postgres.tournaments.newcomers import Newcomers
from storage.postgres.tournaments.rounds import Rounds
from storage.postgres.tournaments.stage_ends import StageEnds
from storage.postgres.tournaments.templates import Templates
from storage.postgres.tournaments.tournaments import Tournaments

DRAWINGS_WAITING_MAX: Final = 16
"""Large pictures, files and calendars that wait for a process; who asks for more comes again."""
PAIRINGS_WAITING_MAX: Final = 8
"""Files of other programs that wait to be paired, which may take seconds."""
DAY_MS: Final = 86_400_000
PATH_PARTS: Final = (
    PathPart(
        "tournament",
        "the id of a tournament",
        f"^tournament:{HEX}$",
        "tournament:5f0c1a52b4f24f2f9a0c6f1d2e3b4a59",
    ),
    PathPart("entrant", "the number of an entrant within the tournament", NUMBER, "7"),
    PathPart("match", "the number of a match within the tournament", NUMBER, "12"),
    PathPart("template", "the id of a template of tournaments"),
    PathPart("attempt", "the number of an attempt of an entrant", NUMBER, "1"),
    TOKEN,
)


def next_matches_of(base: Base) -> NextMatches:
    """Who plays what next, for features that stand on this one."""
    return NextMatches(Matches(base.pool), Collisions(base.pool), base.clock)


def tournaments_of(base: Base) -> Feature:
    """The feature."""
    pool, commands = base.pool, base.commands
    tournaments, entrants, matches = Tournaments(pool), Entrants(pool), Matches(pool)
    attempts = Attempts(pool)
    drawing = OffLoop(processes=1, waiting_max=DRAWINGS_WAITING_MAX)
    pairing = OffLoop(processes=1, waiting_max=PAIRINGS_WAITING_MAX)
    files = EnteringFile(tournaments, Newcomers(pool), History(pool), commands, drawing)
    reader = StageReader(matches, entrants, attempts, drawing)
    audit, keep_ms = AuditLog(pool), base.config.tournaments.keep_removed_days * DAY_MS
    lists = TournamentLists(tournaments, keep_ms=keep_ms)
    return Feature(
        resources=(
            TournamentsResource(tournaments, lists, commands),
            OverseeingResource(lists, Overseer(commands, Admins(pool), audit)),
            ServerTournamentsResource(commands, audit),
            EntrantsResource(entrants, files, commands),
            MatchesResource(matches, Rounds(pool), next_matches_of(base), commands),
            TemplatesResource(Templates(pool), commands, base.clock, base.throttle),
            PickingResource(commands),
            TeamsResource(commands),
            CorrectionsResource(commands),
            AttemptsResource(attempts, commands),
            PicturesResource(matches, entrants, reader, drawing),
            ExportsResource(tournaments, matches, entrants, drawing),
            FilesResource(tournaments, matches, entrants, attempts),
            ForeignResource(pairing),
            ImportsResource(commands, pairing),
            CalendarsResource(Calendars(pool), drawing, base.clock, base.randomness),
            StandingsResource(matches, entrants, attempts, Replays(History(pool)), reader),
            ExplainingResource(matches, StageEnds(pool), reader, drawing),
        ),
        tasks=(drawing.close_at_end, pairing.close_at_end),
        keeps=tournament_keeps(base),
        path_parts=PATH_PARTS,
    )
