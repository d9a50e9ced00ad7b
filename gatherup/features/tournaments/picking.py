"""What comes before the first game of a match: picks and bans, other starts, and holds by staff."""

from __future__ import annotations

from typing import Any

from gatherup.features.tournaments.matches import GROUP, MATCH
from gatherup.features.tournaments.tournament_access import match_in
from gatherup.http.commands import Commands, fields_of
from gatherup.http.endpoint import Caller, endpoint
from protocol.http.base import CommandAccepted, CommandBody
from protocol.http.tournaments.picking import Choice, OtherStart
from protocol.tournament.picking import AcceptStart, HoldMatch, PickGame, ProposeStart, ReleaseMatch


class PickingResource:
    """Matches before they are played."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    @endpoint("POST", MATCH + "/pick", body=Choice, answer=CommandAccepted, group=GROUP)
    async def pick(self, caller: Caller, tournament: str, match: str, body: Choice) -> CommandAccepted:
        """Do one's step of the picks and bans of one's match; referees may do so for a side."""
        return await self._send(caller, PickGame, tournament, match, body)

    @endpoint("POST", MATCH + "/hold", body=CommandBody, answer=CommandAccepted, group=GROUP)
    async def hold(self, caller: Caller, tournament: str, match: str, body: CommandBody) -> CommandAccepted:
        """Hold a match that is open, as anybody on the staff: its time stands still."""
        return await self._send(caller, HoldMatch, tournament, match, body)

    @endpoint("POST", MATCH + "/release", body=CommandBody, answer=CommandAccepted, group=GROUP)
    async def release(
        self, caller: Caller, tournament: str, match: str, body: CommandBody
    ) -> CommandAccepted:
        """Release a match that is held, as anybody on the staff: it has the time that was left."""
        return await self._send(caller, ReleaseMatch, tournament, match, body)

    @endpoint("POST", MATCH + "/propose-start", body=OtherStart, answer=CommandAccepted, group=GROUP)
    async def propose(self, caller: Caller, tournament: str, match: str, body: OtherStart) -> CommandAccepted:
        """Propose to the other side of one's match to play it at another time."""
        return await self._send(caller, ProposeStart, tournament, match, body)

    @endpoint("POST", MATCH + "/accept-start", body=OtherStart, answer=CommandAccepted, group=GROUP)
    async def accept(self, caller: Caller, tournament: str, match: str, body: OtherStart) -> CommandAccepted:
        """Accept the time that the other side of one's match has proposed."""
        return await self._send(caller, AcceptStart, tournament, match, body)

    async def _send(
        self, caller: Caller, kind: Any, tournament: str, match: str, body: CommandBody
    ) -> CommandAccepted:
        return await self._commands.send(caller, kind, body, **match_in(tournament, match), **fields_of(body))
