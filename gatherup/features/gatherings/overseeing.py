"""What admins and games' own backends do with gatherings that aren't theirs."""

from __future__ import annotations

from typing import Final

from gatherup.features.gatherings.answers import gathering_id
from gatherup.features.gatherings.lists import GatheringLists
from gatherup.http.commands import Commands, fields_of
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.overseeing import Overseer
from protocol.codes import Code
from protocol.gathering import KIND
from protocol.gathering.commands import CreateGathering, RestoreGathering, TransferGathering
from protocol.http.base import CommandAccepted, CommandBody
from protocol.http.gatherings import GatheringPage, NewGathering, RemovedGatheringsQuery
from protocol.http.tournaments.tournaments import NewOwner
from storage.postgres.audit_log import AuditLog
from storage.postgres.gatherings.gatherings import GatheringFilter

GROUP: Final = "admin"
SERVER_GROUP: Final = "server"
ADMIN: Final = "/v1/admin/gatherings"
SERVER: Final = "/v1/server/gatherings"
SCOPE: Final = "tournaments.manage"
_REMOVED: Final = GatheringFilter(removed=True)


class GatheringOverseeingResource:
    """Gatherings for admins: whose they are, and those that were removed."""

    def __init__(self, lists: GatheringLists, overseer: Overseer) -> None:
        self._lists = lists
        self._overseer = overseer

    @endpoint(
        "GET",
        ADMIN,
        query=RemovedGatheringsQuery,
        answer=GatheringPage,
        refuses=(Code.FORBIDDEN,),
        group=GROUP,
    )
    async def removed_gatherings(self, caller: Caller, query: RemovedGatheringsQuery) -> GatheringPage:
        """As admin, list the gatherings that were removed and aren't erased yet, the newest first."""
        await self._overseer.require(caller)
        return await self._lists.page(caller.user, _REMOVED, query)

    @endpoint(
        "PUT",
        ADMIN + "/<gathering>/owner",
        body=NewOwner,
        answer=CommandAccepted,
        refuses=(Code.FORBIDDEN,),
        group=GROUP,
    )
    async def take_over_gathering(self, caller: Caller, gathering: str, body: NewOwner) -> CommandAccepted:
        """As admin, make a user the owner of a gathering, such as oneself. Who owned it has no role any more."""
        after = {"owner": body.user}
        return await self._overseer.do(
            caller, KIND, gathering, TransferGathering, body, "gathering.taken_over", after
        )

    @endpoint(
        "POST",
        ADMIN + "/<gathering>/restore",
        body=CommandBody,
        answer=CommandAccepted,
        refuses=(Code.FORBIDDEN,),
        group=GROUP,
    )
    async def restore_gathering(self, caller: Caller, gathering: str, body: CommandBody) -> CommandAccepted:
        """As admin, restore a removed gathering as it was."""
        act = "gathering.restored"
        return await self._overseer.do(caller, KIND, gathering, RestoreGathering, body, act, {})


class ServerGatheringsResource:
    """Gatherings as a key sees them."""

    def __init__(self, commands: Commands, audit: AuditLog) -> None:
        self._commands = commands
        self._audit = audit

    @endpoint(
        "POST",
        SERVER,
        body=NewGathering,
        answer=CommandAccepted,
        status=201,
        scope=SCOPE,
        group=SERVER_GROUP,
    )
    async def create_gathering(
        self, caller: Caller, body: NewGathering
    ) -> tuple[CommandAccepted, dict[str, str]]:
        """Create a gathering as a draft, which nobody owns. ``stream`` is its id."""
        client_id = self._commands.admitted(caller, body)
        on = f"client_id:{client_id}"
        await self._audit.note(
            "server.create_gathering", by=caller.user, on=on, address=caller.address, after={}
        )
        command = CreateGathering(client_id=client_id, resend=body.resend, **fields_of(body))
        made = await self._commands.accepted(caller, command)
        return made, {"Location": f"/v1/gatherings/{made.stream}"}

    @endpoint(
        "PUT",
        SERVER + "/<gathering>/owner",
        body=NewOwner,
        answer=CommandAccepted,
        scope=SCOPE,
        group=SERVER_GROUP,
    )
    async def put_gathering_owner(self, caller: Caller, gathering: str, body: NewOwner) -> CommandAccepted:
        """Make a user the owner of a gathering. Who owned it has no role any more."""
        stream, client_id = gathering_id(gathering), self._commands.admitted(caller, body)
        after = {"owner": body.user}
        await self._audit.note(
            "server.put_owner", by=caller.user, on=stream, address=caller.address, after=after
        )
        command = TransferGathering(client_id=client_id, resend=body.resend, stream=stream, user=body.user)
        return await self._commands.accepted(caller, command)
