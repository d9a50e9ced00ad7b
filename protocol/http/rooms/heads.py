"""Read positions and heads: how much is new in one's rooms."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from protocol import limits
from protocol.frames import RoomHead
from protocol.http.base import Answer, Cursor, Limit, Query, RequestBody
from protocol.ids import StreamId


class RoomRead(RequestBody, frozen=True, kw_only=True):
    """Mark a room as read up to this message."""

    number: Annotated[int, Meta(ge=0, le=limits.SEQ_MAX)]
    """Beyond the room's last message: all of them."""


class HeadsQuery(Query, frozen=True, kw_only=True):
    """Whose heads to show: of the rooms that are named, or of all one is in, page by page."""

    exclusive = ("room", "cursor")

    room: Annotated[list[StreamId], Meta(max_length=limits.HEADS_ROOMS_MAX)] = []  # noqa: RUF012 - msgspec copies it
    """May be repeated."""
    cursor: Cursor | None = None
    limit: Limit = limits.PAGE_ITEMS_DEFAULT


class HeadsPage(Answer, frozen=True, kw_only=True):
    """How the rooms stand that the user is in; rooms that were named come in that order, without the others."""

    rooms: list[RoomHead]
    next: str | None
    """The cursor of the page after this one; None on the last."""
    previous: str | None
    """The cursor of the page before this one; None on the first."""
