"""From a request to its stream's actor and back: the same commands, the same three replies as on the socket."""

from __future__ import annotations

import re
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Raw
from quart import request

from actors.ports.streams import Streams
from gatherup.http.endpoint import Caller
from gatherup.http.problem import ProblemError, of_refused, of_unknown
from gatherup.http.throttle import Throttle
from protocol.codes import Code
from protocol.frames import Accepted, Command, Refused
from protocol.http.base import CommandAccepted, CommandBody
from protocol.ids import CLIENT_ID_PATTERN

IDEMPOTENCY_KEY: Final = "Idempotency-Key"

C = TypeVar("C", bound=Command)


class Commands:
    """Sends the commands of HTTP requests, each user's at the rate that a session has."""

    def __init__(self, router: Streams, throttle: Throttle) -> None:
        self._router = router
        self._throttle = throttle

    async def send(
        self, caller: Caller, kind: type[C], sent: CommandBody, /, **fields: Any
    ) -> CommandAccepted:
        """Make the command, send it, wait for its reply. Raises ProblemError unless it is accepted."""
        client_id = self.admitted(caller, sent)
        return await self.accepted(caller, kind(client_id=client_id, resend=sent.resend, **fields))

    async def accepted(self, caller: Caller, command: Command) -> CommandAccepted:
        """Send a command that was ``admitted``, wait for its reply. Raises ProblemError unless it is accepted."""
        match reply := await self._router.ask(command, by=caller.user):
            case Accepted():
                return CommandAccepted(
                    client_id=reply.client_id,
                    stream=reply.stream,
                    seq=reply.seq,
                    events=reply.events,
                    answer=None if reply.answer is None else _as_json(reply.answer),
                )
            case Refused():
                raise of_refused(reply)
            case _:
                raise of_unknown(reply)

    def admitted(self, caller: Caller, sent: CommandBody) -> str:
        """The client id of what was sent, counted as one command. Raises ProblemError."""
        client_id = client_id_of(sent)
        wait_s = self._throttle.take(caller.user)
        if wait_s > 0:
            # What was sent before may have been accepted: only 'unknown' is true of a resend.
            code = Code.UNKNOWN_OUTCOME if sent.resend else Code.RATE_LIMITED
            raise ProblemError(code, retry_after_s=wait_s, client_id=client_id)
        return client_id


def fields_of(body: CommandBody) -> dict[str, Any]:
    """What a body holds beyond its client_id: fields of the command by the same names."""
    fields = msgspec.structs.asdict(body)
    del fields["client_id"], fields["resend"]
    return fields


def client_id_of(body: CommandBody) -> str:
    """The command's client id, from the body or the header. Raises ProblemError."""
    header = request.headers.get(IDEMPOTENCY_KEY)
    if header is None:
        if body.client_id is None:
            raise ProblemError(
                Code.INVALID, f"Give a client_id, or the header {IDEMPOTENCY_KEY}.", field="client_id"
            )
        return body.client_id
    header = header.lower()
    if not re.match(CLIENT_ID_PATTERN, header):
        raise ProblemError(Code.INVALID, "This must be a UUID with dashes.", field=IDEMPOTENCY_KEY)
    if body.client_id not in (None, header):
        raise ProblemError(
            Code.INVALID, "The header names another client_id than the body.", field=IDEMPOTENCY_KEY
        )
    return header


def _as_json(answer: Raw) -> Raw:
    return Raw(msgspec.json.encode(msgspec.msgpack.decode(answer)))
