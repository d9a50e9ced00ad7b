"""Replies as a session words them."""

from __future__ import annotations

from msgspec import structs

from protocol.codec import Codec
from protocol.codes import CODES, Code
from protocol.frames import Accepted, Command, Refused, Reply, Unknown


def refused(
    code: Code,
    *,
    client_id: str | None = None,
    stream: str | None = None,
    message: str | None = None,
    field: str | None = None,
    retry_after_s: float | None = None,
) -> Refused:
    """A refusal, with the code's own sentence unless there is a better one."""
    info = CODES[code]
    return Refused(
        client_id=client_id,
        stream=stream,
        code=code,
        message=message or info.sentence,
        field=field,
        retry=info.retry,
        retry_after_s=retry_after_s,
    )


def held_back(command: Command, code: Code, retry_after_s: float) -> Reply:
    """The answer to a command that isn't taken to its stream now.

    A refusal says that nothing happened. That isn't known of a resend, whose first sending may have been accepted.
    """
    if command.resend:
        return Unknown(client_id=command.client_id, retry_after_s=retry_after_s)
    return refused(code, client_id=command.client_id, retry_after_s=retry_after_s)


def worded(reply: Reply, codec: Codec) -> Reply:
    """A stream's reply as this codec can encode it: owners answer in MessagePack."""
    if isinstance(reply, Accepted) and reply.answer is not None and not codec.binary:
        return structs.replace(reply, answer=codec.transcoded(bytes(reply.answer)))
    return reply
