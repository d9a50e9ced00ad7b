"""Where a subscription begins: replay, snapshot, or not at all. Pure."""

from __future__ import annotations

from enum import Enum, auto

from msgspec import structs

from actors.ports.log import Standing
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


def owned(standing: Standing) -> Standing:
    """How a stream stands that is the user's own whatever the rows say, and before it has any."""
    return structs.replace(standing, exists=True, may_listen=True)


def decide(since: Position | None, standing: Standing) -> Resume:
    """How to go on from ``since`` (None: from nothing), as the stream stands for this user."""
    if not (standing.exists and standing.may_listen):
        return Resume.REFUSED
    if since is None or since.incarnation != standing.incarnation or since.seq < standing.readable_after:
        return Resume.SNAPSHOT
    if 0 <= standing.head - since.seq <= limits.RESUME_EVENTS_MAX:
        return Resume.REPLAY
    return Resume.SNAPSHOT
