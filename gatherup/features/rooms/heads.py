"""How much is new in one's rooms, and that it was read."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from actors.ports.log import LogUnavailableError
from actors.session.read_markers import ReadMarkers
from gatherup.features.rooms.room_access import room_id
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.paging import Pages
from gatherup.http.problem import ProblemError
from gatherup.http.throttle import Throttle
from protocol.codes import Code
from protocol.frames import RoomHead
from protocol.http.rooms.heads import HeadsPage, HeadsQuery, RoomRead
from protocol.ids import StreamId
from storage.postgres.rooms.read_positions import PostgresReadPositions

GROUP: Final = "rooms"
RETRY_AFTER_S: Final = 1.0


class _Room(Struct, frozen=True, array_like=True):
    """The order of the rooms."""

    room: StreamId


class HeadsResource:
    """Read positions and heads. ``throttle`` says how often a user may ask."""

    def __init__(
        self, read_markers: ReadMarkers, positions: PostgresReadPositions, throttle: Throttle
    ) -> None:
        self._read_markers = read_markers
        self._positions = positions
        self._throttle = throttle
        self._pages = Pages(_Room)

    @endpoint("PUT", "/v1/rooms/<room>/read", body=RoomRead, answer=RoomHead, group=GROUP)
    async def read(self, caller: Caller, room: str, body: RoomRead) -> RoomHead:
        """Mark a room as read up to this message number, and get how the room stands then.

        It is durable about a second later.
        """
        self._throttle.admit(caller.user)
        room = room_id(room)
        if not self._read_markers.mark(caller.user, room, body.number):
            raise ProblemError(Code.OVERLOADED, retry_after_s=RETRY_AFTER_S)
        found = await self._counts(caller, [room])
        if not found:
            raise ProblemError(Code.NOT_FOUND)
        return found[0]

    @endpoint("GET", "/v1/heads", query=HeadsQuery, answer=HeadsPage, polled=True, group=GROUP)
    async def page(self, caller: Caller, query: HeadsQuery) -> HeadsPage:
        """Get how much is new in the named rooms, or in all rooms of which one is a member."""
        self._throttle.admit(caller.user)
        if query.room:
            rooms = await self._counts(caller, list(dict.fromkeys(query.room)))
            return HeadsPage(rooms=rooms, next=None, previous=None)
        edge = self._pages.edge(query.cursor)
        found = await self._positions.rooms(
            caller.user,
            beside=None if edge.beside is None else edge.beside.room,
            back=edge.back,
            limit=query.limit + 1,
        )
        page = self._pages.page(found, edge, query.limit, _Room)
        return HeadsPage(rooms=await self._counts(caller, page.rows), next=page.next, previous=page.previous)

    async def _counts(self, caller: Caller, rooms: list[str]) -> list[RoomHead]:
        try:
            return await self._read_markers.counts(caller.user, rooms)
        except LogUnavailableError:
            raise ProblemError(Code.UNAVAILABLE, retry_after_s=RETRY_AFTER_S) from None
