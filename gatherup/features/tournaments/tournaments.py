"""Tournaments themselves: what changes them goes through their actor, what lists them comes from their rows."""

from __future__ import annotations

from typing import Final

from gatherup.features.tournaments.answers import detail_of
from gatherup.features.tournaments.lists import TournamentLists
from gatherup.features.tournaments.tournament_access import found, tournament_id
from gatherup.http.commands import Commands, fields_of
from gatherup.http.endpoint import Caller, endpoint
from protocol.http.base import CommandAccepted, CommandBody
from protocol.http.tournaments.tournaments import (
    Cancellation,
    ChangedTournament,
    NewOwner,
    NewStaffRole,
    NewTournament,
    TournamentDetail,
    TournamentPage,
    TournamentsQuery,
)
from protocol.tournament.commands import (
    CancelTournament,
    ChangeTournament,
    CreateTournament,
    OpenCheckIn,
    OpenRegistration,
    SetStaff,
    StartTournament,
)
from protocol.tournament.ownership import RemoveTournament, RestoreTournament, TransferTournament
from storage.postgres.tournaments.tournaments import TournamentFilter, Tournaments

GROUP: Final = "tournaments"
TOURNAMENT: Final = "/v1/tournaments/<tournament>"


class TournamentsResource:
    """Tournaments: made, listed, changed, brought from phase to phase."""

    def __init__(self, tournaments: Tournaments, lists: TournamentLists, commands: Commands) -> None:
        self._tournaments = tournaments
        self._lists = lists
        self._commands = commands

    @endpoint("POST", "/v1/tournaments", body=NewTournament, answer=CommandAccepted, status=201, group=GROUP)
    async def create(self, caller: Caller, body: NewTournament) -> tuple[CommandAccepted, dict[str, str]]:
        """Create a tournament as a draft, which one owns. ``stream`` is its id."""
        made = await self._commands.send(caller, CreateTournament, body, **fields_of(body))
        return made, {"Location": f"/v1/tournaments/{made.stream}"}

    @endpoint(
        "GET", "/v1/tournaments", query=TournamentsQuery, answer=TournamentPage, polled=True, group=GROUP
    )
    async def index(self, caller: Caller, query: TournamentsQuery) -> TournamentPage:
        """List public tournaments, or one's own: the newest first, or upcoming ones by their start.

        Of the removed ones those are listed that one owned and can restore.
        """
        matching = TournamentFilter(
            mine=query.mine,
            upcoming=query.upcoming,
            removed=query.removed,
            phase=query.phase,
            game=query.game,
            region=query.region,
            owner=caller.user if query.removed else query.owner,
        )
        return await self._lists.page(caller.user, matching, query)

    @endpoint("GET", TOURNAMENT, answer=TournamentDetail, polled=True, group=GROUP)
    async def get(self, caller: Caller, tournament: str) -> TournamentDetail:
        """Get a tournament, and where in its log it was read. One for invited people is ``not_found`` to others."""
        return detail_of(found(await self._tournaments.get(caller.user, tournament_id(tournament))))

    @endpoint("PATCH", TOURNAMENT, body=ChangedTournament, answer=CommandAccepted, group=GROUP)
    async def change(self, caller: Caller, tournament: str, body: ChangedTournament) -> CommandAccepted:
        """Change the settings of a tournament, as an organiser."""
        return await self._commands.send(
            caller, ChangeTournament, body, stream=tournament_id(tournament), **fields_of(body)
        )

    @endpoint("POST", TOURNAMENT + "/staff", body=NewStaffRole, answer=CommandAccepted, group=GROUP)
    async def set_staff(self, caller: Caller, tournament: str, body: NewStaffRole) -> CommandAccepted:
        """Give a user a role on the staff of a tournament, or take it away, as its owner."""
        return await self._commands.send(
            caller, SetStaff, body, stream=tournament_id(tournament), **fields_of(body)
        )

    @endpoint("POST", TOURNAMENT + "/transfer", body=NewOwner, answer=CommandAccepted, group=GROUP)
    async def transfer(self, caller: Caller, tournament: str, body: NewOwner) -> CommandAccepted:
        """Give a tournament to one of its organisers, as its owner; one is an organiser then."""
        return await self._commands.send(
            caller, TransferTournament, body, stream=tournament_id(tournament), **fields_of(body)
        )

    @endpoint("DELETE", TOURNAMENT, body=CommandBody, answer=CommandAccepted, group=GROUP)
    async def remove(self, caller: Caller, tournament: str, body: CommandBody) -> CommandAccepted:
        """Remove a tournament that is a draft or over, as its owner: it is hidden from everybody at once.

        The owner finds it among the ``removed`` ones, and may restore it until it is erased.
        """
        return await self._commands.send(caller, RemoveTournament, body, stream=tournament_id(tournament))

    @endpoint("POST", TOURNAMENT + "/restore", body=CommandBody, answer=CommandAccepted, group=GROUP)
    async def restore(self, caller: Caller, tournament: str, body: CommandBody) -> CommandAccepted:
        """Restore a removed tournament as it was, as its owner."""
        return await self._commands.send(caller, RestoreTournament, body, stream=tournament_id(tournament))

    @endpoint(
        "POST", TOURNAMENT + "/open-registration", body=CommandBody, answer=CommandAccepted, group=GROUP
    )
    async def open_registration(self, caller: Caller, tournament: str, body: CommandBody) -> CommandAccepted:
        """Open the registration of a tournament, as an organiser. From the check-in it goes back to it."""
        return await self._commands.send(caller, OpenRegistration, body, stream=tournament_id(tournament))

    @endpoint("POST", TOURNAMENT + "/open-check-in", body=CommandBody, answer=CommandAccepted, group=GROUP)
    async def open_check_in(self, caller: Caller, tournament: str, body: CommandBody) -> CommandAccepted:
        """Open the check-in of a tournament, as an organiser. Who hasn't checked in at the start doesn't take part."""
        return await self._commands.send(caller, OpenCheckIn, body, stream=tournament_id(tournament))

    @endpoint("POST", TOURNAMENT + "/start", body=CommandBody, answer=CommandAccepted, group=GROUP)
    async def start(self, caller: Caller, tournament: str, body: CommandBody) -> CommandAccepted:
        """Start a tournament, as an organiser: seeds and format are settled, and the first matches are opened."""
        return await self._commands.send(caller, StartTournament, body, stream=tournament_id(tournament))

    @endpoint("POST", TOURNAMENT + "/cancel", body=Cancellation, answer=CommandAccepted, group=GROUP)
    async def cancel(self, caller: Caller, tournament: str, body: Cancellation) -> CommandAccepted:
        """Cancel a tournament for good, as an organiser."""
        return await self._commands.send(
            caller, CancelTournament, body, stream=tournament_id(tournament), **fields_of(body)
        )
