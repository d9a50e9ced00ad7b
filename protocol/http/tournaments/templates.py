"""Templates: definitions of tournaments that a person keeps."""

from __future__ import annotations

from protocol.http.base import Answer, RequestBody
from protocol.http.integrations import HexId
from protocol.http.tournaments.tournaments import ChangedTournament
from protocol.tournament.definition import Definition


class KeptDefinition(RequestBody, frozen=True, kw_only=True):
    """Keep this definition of tournaments."""

    definition: Definition
    """What creating a tournament takes, without the times."""


class TournamentTemplate(Answer, frozen=True, kw_only=True):
    """A definition of tournaments that one has kept."""

    template: HexId
    definition: Definition
    created_at: int
    changed_at: int
    """When it was kept, and when it was last replaced, Unix time in milliseconds."""


class TournamentTemplates(Answer, frozen=True, kw_only=True):
    """All of one's templates."""

    templates: list[TournamentTemplate]
    """The newest first."""


class TournamentFromTemplate(ChangedTournament, frozen=True, kw_only=True):
    """Create a tournament from a template. What is left out is as the template says; a time that is left out, or 0,
    waits for a command.
    """
