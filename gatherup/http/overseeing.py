"""What admins do with streams that aren't theirs. It stands in the audit log before it happens."""

from __future__ import annotations

from msgspec.structs import replace

from gatherup.http.admins import Admins, require_admin
from gatherup.http.commands import Commands, fields_of
from gatherup.http.endpoint import Caller
from gatherup.http.ids import stream_id
from protocol.frames import StreamCommand
from protocol.http.base import CommandAccepted, CommandBody
from protocol.ids import SYSTEM, derive_client_id
from storage.postgres.audit_log import AuditLog


class Overseer:
    """Does what an admin asks for."""

    def __init__(self, commands: Commands, admins: Admins, audit: AuditLog) -> None:
        self._commands = commands
        self._admins = admins
        self._audit = audit

    async def require(self, caller: Caller) -> None:
        """Raises ProblemError if the caller isn't an admin."""
        await require_admin(self._admins, caller)

    async def do(
        self,
        caller: Caller,
        kind: str,
        text: str,
        make: type[StreamCommand],
        body: CommandBody,
        act: str,
        after: dict[str, str],
    ) -> CommandAccepted:
        """Do it in the name of the server, to which no actor refuses it; ``text`` is the id of a stream of this kind,
        from the path. Raises ProblemError.
        """
        await self.require(caller)
        stream = stream_id(kind, text)
        client_id = self._commands.admitted(caller, body)
        await self._audit.note(act, by=caller.user, on=stream, address=caller.address, after=after)
        own = derive_client_id("oversee", caller.user, client_id)
        command = make(client_id=own, resend=body.resend, stream=stream, **fields_of(body))
        done = await self._commands.accepted(replace(caller, user=SYSTEM), command)
        return replace(done, client_id=client_id)
