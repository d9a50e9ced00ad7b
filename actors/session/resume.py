"""Where a subscription begins: replay, snapshot, or not at all. Pure."""

from __future__ import annotations

from enum import Enum, auto

from msgspec import structs

from actors.ports.log import ReadAccess
from protocol import limits
from protocol.frames import Position


class Resume(Enum):
    """How a subscription begins."""

    REPLAY = auto()
    """Every event after the client's position follows."""
    SNAPSHOT = auto()
    """The client forgets what it had, and gets the state."""
    REFUSED = auto()
    """There is no such stream, or this user may not listen. Both get the same answer."""


def owned(access: ReadAccess) -> ReadAccess:
    """How a stream stands that is the user's own whatever the rows say, and before it has any."""
    return structs.replace(access, exists=True, may_listen=True)


def decide(since: Position | None, access: ReadAccess) -> Resume:
    """How to go on from ``since`` (None: from nothing), as the stream stands for this user."""
    if not (access.exists and access.may_listen):
        return Resume.REFUSED
    if since is None or since.incarnation != access.incarnation or since.seq < access.readable_after:
        return Resume.SNAPSHOT
    if 0 <= access.head - since.seq <= limits.RESUME_EVENTS_MAX:
        return Resume.REPLAY
    return Resume.SNAPSHOT
