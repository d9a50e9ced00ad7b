"""The replies that a session makes by itself."""

from __future__ import annotations

from msgspec import structs

from actors.refusals import refused
from protocol.codec import Codec
from protocol.codes import Code
from protocol.frames import Accepted, Command, Reply, Unknown


def refused_early(command: Command, code: Code, retry_after_s: float) -> Reply:
    """The answer to a command that isn't taken to its stream now.

    A refusal says that nothing happened. That isn't known of a resend, whose first sending may have been accepted.
    """
    if command.resend:
        return Unknown(client_id=command.client_id, retry_after_s=retry_after_s)
    return refused(code, client_id=command.client_id, retry_after_s=retry_after_s)


def transcoded(reply: Reply, codec: Codec) -> Reply:
    """A stream's reply as this codec can encode it: owners answer in MessagePack."""
    if isinstance(reply, Accepted) and reply.answer is not None and not codec.binary:
        return structs.replace(reply, answer=codec.transcoded(bytes(reply.answer)))
    return reply
