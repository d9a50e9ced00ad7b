"""Teams: invited to, joined, left, and exchanged in."""

from __future__ import annotations

from gatherup.features.tournaments.entrants import ENTRANT, GROUP
from gatherup.features.tournaments.matches import MATCH
from gatherup.features.tournaments.tournament_access import entrant_in, match_in, tournament_id
from gatherup.features.tournaments.tournaments import TOURNAMENT
from gatherup.http.commands import Commands, fields_of
from gatherup.http.endpoint import Caller, endpoint
from protocol.http.base import CommandAccepted, CommandBody
from protocol.http.tournaments.teams import Exchange, TeamPlayer
from protocol.tournament.teams import AddPlayer, InvitePlayer, JoinTeam, RemovePlayer, SubstitutePlayer


class TeamsResource:
    """Teams and their rosters."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    @endpoint("POST", TOURNAMENT + "/invite-player", body=TeamPlayer, answer=CommandAccepted, group=GROUP)
    async def invite_player(self, caller: Caller, tournament: str, body: TeamPlayer) -> CommandAccepted:
        """Invite a user to one's team, as its captain before the start."""
        return await self._commands.send(
            caller, InvitePlayer, body, stream=tournament_id(tournament), **fields_of(body)
        )

    @endpoint("POST", ENTRANT + "/join", body=CommandBody, answer=CommandAccepted, group=GROUP)
    async def join_team(
        self, caller: Caller, tournament: str, entrant: str, body: CommandBody
    ) -> CommandAccepted:
        """Join the team that has invited one."""
        return await self._commands.send(caller, JoinTeam, body, **entrant_in(tournament, entrant))

    @endpoint("POST", ENTRANT + "/add-player", body=TeamPlayer, answer=CommandAccepted, group=GROUP)
    async def add_player(
        self, caller: Caller, tournament: str, entrant: str, body: TeamPlayer
    ) -> CommandAccepted:
        """Put a user on the roster of a team, as an organiser before the start."""
        return await self._commands.send(
            caller, AddPlayer, body, **entrant_in(tournament, entrant), **fields_of(body)
        )

    @endpoint("POST", ENTRANT + "/remove-player", body=TeamPlayer, answer=CommandAccepted, group=GROUP)
    async def remove_player(
        self, caller: Caller, tournament: str, entrant: str, body: TeamPlayer
    ) -> CommandAccepted:
        """Take a user off the roster of a team, or end their invitation: as captain, as organiser or as this user."""
        return await self._commands.send(
            caller, RemovePlayer, body, **entrant_in(tournament, entrant), **fields_of(body)
        )

    @endpoint("POST", MATCH + "/substitute", body=Exchange, answer=CommandAccepted, group=GROUP)
    async def substitute(
        self, caller: Caller, tournament: str, match: str, body: Exchange
    ) -> CommandAccepted:
        """Let somebody else play from a match on that hasn't begun, as the captain of a team or as an organiser."""
        return await self._commands.send(
            caller, SubstitutePlayer, body, **match_in(tournament, match), **fields_of(body)
        )
