"""Corrections by staff: results, and entrants who come back."""

from __future__ import annotations

from typing import Final

from gatherup.features.tournaments.entrants import ENTRANT
from gatherup.features.tournaments.matches import MATCH
from gatherup.features.tournaments.tournament_access import entrant_in, match_in
from gatherup.http.commands import Commands, fields_of
from gatherup.http.endpoint import Caller, endpoint
from protocol.http.base import CommandAccepted
from protocol.http.tournaments.corrections import CorrectedResult, Reinstatement, Undoing
from protocol.tournament.commands import CorrectResult, ReinstateEntrant, UndoResult

GROUP: Final = "corrections"


class CorrectionsResource:
    """Corrections; with ``preview`` each only tells what would follow."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    @endpoint("POST", MATCH + "/correct", body=CorrectedResult, answer=CommandAccepted, group=GROUP)
    async def correct(
        self, caller: Caller, tournament: str, match: str, body: CorrectedResult
    ) -> CommandAccepted:
        """Correct the result of a match that is done, as an organiser or referee, also after the end."""
        return await self._commands.send(
            caller,
            CorrectResult,
            body,
            **match_in(tournament, match),
            **fields_of(body),
        )

    @endpoint("POST", MATCH + "/undo", body=Undoing, answer=CommandAccepted, group=GROUP)
    async def undo(self, caller: Caller, tournament: str, match: str, body: Undoing) -> CommandAccepted:
        """Take back the result of a match, as an organiser or referee: it is opened again."""
        return await self._commands.send(
            caller,
            UndoResult,
            body,
            **match_in(tournament, match),
            **fields_of(body),
        )

    @endpoint("POST", ENTRANT + "/reinstate", body=Reinstatement, answer=CommandAccepted, group=GROUP)
    async def reinstate(
        self, caller: Caller, tournament: str, entrant: str, body: Reinstatement
    ) -> CommandAccepted:
        """Let an entrant come back who has left the running tournament or was removed, as an organiser."""
        return await self._commands.send(
            caller,
            ReinstateEntrant,
            body,
            **entrant_in(tournament, entrant),
            **fields_of(body),
        )
