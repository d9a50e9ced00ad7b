"""What an event of a room causes in people's inboxes and in the audit log; from its header alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from actors.kind import Effect, Send
from actors.room.acts import act
from protocol.event import Header
from protocol.inbox import Invite, Mention, inbox_of


def effects(header: Header) -> Sequence[Effect]:
    """Mentions, answers and invitations, to whom they concern; acts on others, to the audit log."""
    match header.type:
        case "room.posted":
            return _told(header) if len(header.marks) > 1 else ()
        case "room.invited":
            return (_invited(header, cast(str, header.marks["user"]), direct=False),)
        case "room.created" if "peer" in header.marks:
            return (_invited(header, cast(str, header.marks["peer"]), direct=True),)
        case _:
            noted = act(header)
            return () if noted is None else (noted,)


def _told(header: Header) -> list[Effect]:
    replied = cast("str | None", header.marks.get("replied"))
    mentioned = cast("Sequence[str]", header.marks.get("mentions", ()))
    users = [*([replied] if replied else []), *(user for user in mentioned if user != replied)]
    return [
        Send(
            Mention(
                client_id="",
                stream=inbox_of(user),
                room=header.stream,
                message=header.seq,
                number=cast(int, header.marks["number"]),
                by=header.author,
                reply=user == replied,
            )
        )
        for user in users
    ]


def _invited(header: Header, user: str, *, direct: bool) -> Effect:
    inbox = inbox_of(user)
    return Send(Invite(client_id="", stream=inbox, room=header.stream, by=header.author, direct=direct))
