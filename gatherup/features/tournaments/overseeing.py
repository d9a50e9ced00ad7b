"""What admins and games' own backends do with tournaments that aren't theirs. What they are about to do stands in the
audit log before it happens.
"""

from __future__ import annotations

from typing import Final

from gatherup.features.tournaments.lists import TournamentLists
from gatherup.features.tournaments.tournament_access import tournament_id
from gatherup.http.commands import Commands, fields_of
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.overseeing import Overseer
from protocol.codes import Code
from protocol.http.base import CommandAccepted, CommandBody
from protocol.http.tournaments.tournaments import NewOwner, NewTournament, RemovedQuery, TournamentPage
from protocol.tournament import KIND
from protocol.tournament.commands import CreateTournament
from protocol.tournament.ownership import RestoreTournament, TransferTournament
from storage.postgres.audit_log import AuditLog
from storage.postgres.tournaments.tournaments import TournamentFilter

GROUP: Final = "admin"
SERVER_GROUP: Final = "server"
ADMIN: Final = "/v1/admin/tournaments"
SERVER: Final = "/v1/server/tournaments"
SCOPE: Final = "tournaments.manage"
_REMOVED: Final = TournamentFilter(removed=True)


class OverseeingResource:
    """Tournaments for admins: whose they are, and those that were removed."""

    def __init__(self, lists: TournamentLists, overseer: Overseer) -> None:
        self._lists = lists
        self._overseer = overseer

    @endpoint("GET", ADMIN, query=RemovedQuery, answer=TournamentPage, refuses=(Code.FORBIDDEN,), group=GROUP)
    async def removed_tournaments(self, caller: Caller, query: RemovedQuery) -> TournamentPage:
        """As admin, list the tournaments that were removed and aren't erased yet, the newest first."""
        await self._overseer.require(caller)
        return await self._lists.page(caller.user, _REMOVED, query)

    @endpoint(
        "PUT",
        ADMIN + "/<tournament>/owner",
        body=NewOwner,
        answer=CommandAccepted,
        refuses=(Code.FORBIDDEN,),
        group=GROUP,
    )
    async def take_over_tournament(self, caller: Caller, tournament: str, body: NewOwner) -> CommandAccepted:
        """As admin, make a user the owner of a tournament, such as oneself. Who owned it has no role any more."""
        after = {"owner": body.user}
        return await self._overseer.do(
            caller, KIND, tournament, TransferTournament, body, "tournament.taken_over", after
        )

    @endpoint(
        "POST",
        ADMIN + "/<tournament>/restore",
        body=CommandBody,
        answer=CommandAccepted,
        refuses=(Code.FORBIDDEN,),
        group=GROUP,
    )
    async def restore_tournament(self, caller: Caller, tournament: str, body: CommandBody) -> CommandAccepted:
        """As admin, restore a removed tournament as it was."""
        act = "tournament.restored"
        return await self._overseer.do(caller, KIND, tournament, RestoreTournament, body, act, {})


class ServerTournamentsResource:
    """Tournaments as a key sees them."""

    def __init__(self, commands: Commands, audit: AuditLog) -> None:
        self._commands = commands
        self._audit = audit

    @endpoint(
        "POST",
        SERVER,
        body=NewTournament,
        answer=CommandAccepted,
        status=201,
        scope=SCOPE,
        group=SERVER_GROUP,
    )
    async def create_tournament(
        self, caller: Caller, body: NewTournament
    ) -> tuple[CommandAccepted, dict[str, str]]:
        """Create a tournament as a draft, which nobody owns. ``stream`` is its id."""
        client_id = self._commands.admitted(caller, body)
        await self._note(caller, "server.create_tournament", f"client_id:{client_id}")
        command = CreateTournament(client_id=client_id, resend=body.resend, **fields_of(body))
        made = await self._commands.accepted(caller, command)
        return made, {"Location": f"/v1/tournaments/{made.stream}"}

    @endpoint(
        "PUT",
        SERVER + "/<tournament>/owner",
        body=NewOwner,
        answer=CommandAccepted,
        scope=SCOPE,
        group=SERVER_GROUP,
    )
    async def put_tournament_owner(self, caller: Caller, tournament: str, body: NewOwner) -> CommandAccepted:
        """Make a user the owner of a tournament. Who owned it has no role any more."""
        stream, client_id = tournament_id(tournament), self._commands.admitted(caller, body)
        await self._note(caller, "server.put_owner", stream, owner=body.user)
        command = TransferTournament(client_id=client_id, resend=body.resend, stream=stream, user=body.user)
        return await self._commands.accepted(caller, command)

    async def _note(self, caller: Caller, act: str, on: str, **after: str) -> None:
        await self._audit.note(act, by=caller.user, on=on, address=caller.address, after=after)
