"""What moderators and owners did to others: for the audit log, from an event's header alone."""

from __future__ import annotations

from typing import Final

from actors.kind import Job
from actors.tables import Value
from protocol.event import Header
from protocol.ids import kind_of

QUEUE: Final = "audit"
"""The jobs that note an act: ``act``, ``room``, ``seq``, ``at``, ``by``, and ``user`` if it was done to one."""
_ACTS: Final = frozenset(
    {
        "room.kicked",
        "room.banned",
        "room.unbanned",
        "room.muted",
        "room.unmuted",
        "room.role_set",
        "room.filtered",
        "room.archived",
        "room.unarchived",
        "room.removed",
        "room.restored",
    }
)


def act(header: Header) -> Job | None:
    """The job that notes this event; None for one that is no act on others."""
    user = header.marks.get("user") or next(iter(header.revokes), None)
    if header.type == "room.deleted":
        user = header.marks.get("author")
        if user == header.author:
            return None  # one's own message
    elif header.type not in _ACTS:
        return None
    if kind_of(header.author) not in ("user", "key"):
        return None  # what the server does, or a stream with its room
    arguments: dict[str, Value] = {
        "act": header.type,
        "room": header.stream,
        "seq": header.seq,
        "at": header.at,
        "by": header.author,
    }
    if isinstance(user, str) and user.startswith("user:"):
        arguments["user"] = user
    for name in ("role", "until", "message"):
        if isinstance(value := header.marks.get(name), str | int):
            arguments[name] = value
    return Job(QUEUE, arguments)
