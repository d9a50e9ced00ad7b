"""Templates: definitions of tournaments that a person keeps, and makes tournaments from."""

from __future__ import annotations

from typing import Final

from msgspec.structs import asdict

from actors.ports.time import Clock
from actors.tournament.settings import unfit_lasting
from gatherup.features.tournaments.tournament_access import found
from gatherup.http.commands import Commands, fields_of
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.ids import hex_id
from gatherup.http.problem import ProblemError
from gatherup.http.throttle import Throttle
from protocol import limits
from protocol.codes import Code
from protocol.http.base import CommandAccepted
from protocol.http.tournaments.templates import (
    KeptDefinition,
    TournamentFromTemplate,
    TournamentTemplate,
    TournamentTemplates,
)
from protocol.tournament.commands import CreateTournament
from protocol.tournament.definition import Definition, definition_of, definition_text
from storage.postgres.tournaments.templates import TemplateRow, Templates

GROUP: Final = "templates"
ALL: Final = "/v1/tournament-templates"
ONE: Final = ALL + "/<template>"
_TIMES: Final = ("registration_at", "check_in_at", "start_at")


class TemplatesResource:
    """One's templates."""

    def __init__(self, templates: Templates, commands: Commands, clock: Clock, throttle: Throttle) -> None:
        self._templates = templates
        self._commands = commands
        self._clock = clock
        self._throttle = throttle

    @endpoint("GET", ALL, answer=TournamentTemplates, group=GROUP)
    async def index(self, caller: Caller) -> TournamentTemplates:
        """List one's templates of tournaments, the newest first."""
        rows = await self._templates.all(caller.user, limit=limits.TOURNAMENT_TEMPLATES_MAX)
        return TournamentTemplates(templates=list(map(_told, rows)))

    @endpoint(
        "POST",
        ALL,
        body=KeptDefinition,
        answer=TournamentTemplate,
        status=201,
        refuses=(Code.TOO_MANY,),
        group=GROUP,
    )
    async def create(self, caller: Caller, body: KeptDefinition) -> TournamentTemplate:
        """Keep a definition of tournaments as a template of one's own."""
        text, most = self._admitted(caller, body.definition), limits.TOURNAMENT_TEMPLATES_MAX
        row = await self._templates.add(caller.user, text, at=self._clock.now(), most=most)
        if row is None:
            raise ProblemError(Code.TOO_MANY, f"At most {most} templates can be kept.")
        return _told(row)

    @endpoint("GET", ONE, answer=TournamentTemplate, group=GROUP)
    async def get(self, caller: Caller, template: str) -> TournamentTemplate:
        """Get a template of tournaments that one has kept."""
        return _told(await self._kept(caller, template))

    @endpoint("PUT", ONE, body=KeptDefinition, answer=TournamentTemplate, group=GROUP)
    async def replace(self, caller: Caller, template: str, body: KeptDefinition) -> TournamentTemplate:
        """Replace the definition of a template. Tournaments that were made from it stay as they are."""
        text = self._admitted(caller, body.definition)
        return _told(
            found(await self._templates.replace(caller.user, hex_id(template), text, at=self._clock.now()))
        )

    @endpoint("DELETE", ONE, status=204, group=GROUP)
    async def delete(self, caller: Caller, template: str) -> None:
        """Delete a template. Tournaments that were made from it stay."""
        self._throttle.admit(caller.user)
        found(await self._templates.delete(caller.user, hex_id(template)) or None)

    @endpoint(
        "POST",
        ONE + "/tournaments",
        body=TournamentFromTemplate,
        answer=CommandAccepted,
        status=201,
        group=GROUP,
    )
    async def use(
        self, caller: Caller, template: str, body: TournamentFromTemplate
    ) -> tuple[CommandAccepted, dict[str, str]]:
        """Create a tournament from a template, as a draft, which one owns. ``stream`` is its id."""
        kept = definition_of((await self._kept(caller, template)).definition)
        given = {name: value for name, value in fields_of(body).items() if value is not None}
        times = {name: given.pop(name, 0) or None for name in _TIMES}
        fields = {**asdict(kept), **given, **times}
        made = await self._commands.send(caller, CreateTournament, body, **fields)
        return made, {"Location": f"/v1/tournaments/{made.stream}"}

    async def _kept(self, caller: Caller, template: str) -> TemplateRow:
        return found(await self._templates.get(caller.user, hex_id(template)))

    def _admitted(self, caller: Caller, definition: Definition) -> str:
        """A definition as it is kept. Raises ProblemError: no tournament can be like this."""
        self._throttle.admit(caller.user)
        if refusal := unfit_lasting(definition):
            raise ProblemError(refusal.code, refusal.message, field=f"definition.{refusal.field}")
        return definition_text(definition)


def _told(row: TemplateRow) -> TournamentTemplate:
    return TournamentTemplate(
        template=row.template,
        definition=definition_of(row.definition),
        created_at=row.created_at,
        changed_at=row.changed_at,
    )
