"""Rooms themselves: what changes them goes through their actor, what lists them comes from their rows."""

from __future__ import annotations

from typing import Final, cast

from actors.ports.time import Clock
from actors.room.permissions import Permission
from gatherup.features.rooms.room_access import RoomAccess, room_id
from gatherup.http.commands import Commands, fields_of
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.paging import Pages
from protocol import limits
from protocol.codes import Code
from protocol.http.base import CommandAccepted, CommandBody
from protocol.http.rooms.rooms import (
    ChangedRoom,
    DirectRoom,
    Filter,
    NewFilter,
    NewRoom,
    RoomDetail,
    RoomPage,
    RoomsQuery,
    RoomSummary,
)
from protocol.room import Access, Links, Role
from protocol.room.commands import (
    ArchiveRoom,
    ChangeRoom,
    CreateRoom,
    OpenDirect,
    RemoveRoom,
    RestoreRoom,
    SetFilter,
    UnarchiveRoom,
)
from storage.postgres.rooms.rooms import RoomKey, RoomRow, Rooms

GROUP: Final = "rooms"
ROOM: Final = "/v1/rooms/<room>"
RESTORE_MS: Final = limits.ROOM_RESTORE_DAYS * 86_400_000


class RoomsResource:
    """Rooms: made, listed, changed, put away."""

    def __init__(self, rooms: Rooms, access: RoomAccess, commands: Commands, clock: Clock) -> None:
        self._rooms = rooms
        self._access = access
        self._commands = commands
        self._clock = clock
        self._pages = Pages(RoomKey)

    @endpoint("POST", "/v1/rooms", body=NewRoom, answer=CommandAccepted, status=201, group=GROUP)
    async def create(self, caller: Caller, body: NewRoom) -> tuple[CommandAccepted, dict[str, str]]:
        """Make a room, of which one becomes the owner and first member. ``stream`` is its id."""
        made = await self._commands.send(caller, CreateRoom, body, **fields_of(body))
        return made, {"Location": f"/v1/rooms/{made.stream}"}

    @endpoint(
        "POST",
        "/v1/direct-rooms",
        body=DirectRoom,
        answer=CommandAccepted,
        status=201,
        other=200,
        group=GROUP,
    )
    async def open_direct(
        self, caller: Caller, body: DirectRoom
    ) -> tuple[CommandAccepted, dict[str, str], int]:
        """Open the direct room with a user: made (201), or found if the two have one (200). ``stream`` is its id."""
        found = await self._commands.send(caller, OpenDirect, body, **fields_of(body))
        return found, {"Location": f"/v1/rooms/{found.stream}"}, 201 if found.events else 200

    @endpoint("GET", "/v1/rooms", query=RoomsQuery, answer=RoomPage, polled=True, group=GROUP)
    async def index(self, caller: Caller, query: RoomsQuery) -> RoomPage:
        """List public rooms, one's own, those to which one is invited, or those one can restore; the newest first."""
        edge = self._pages.edge(query.cursor)
        found = await self._rooms.page(
            caller.user,
            query.scope,
            beside=edge.beside,
            back=edge.back,
            removed_after=self._clock.now() - RESTORE_MS,
            limit=query.limit + 1,
        )
        page = self._pages.page(found, edge, query.limit, lambda row: RoomKey(row.created_at, row.room))
        rooms = page.rows
        if query.scope == "removed":
            rooms = [row for row in rooms if (await self._access.seen(caller, row.room)).owner == caller.user]
        return RoomPage(rooms=list(map(_summary, rooms)), next=page.next, previous=page.previous)

    @endpoint("GET", ROOM, answer=RoomDetail, polled=True, group=GROUP)
    async def get(self, caller: Caller, room: str) -> RoomDetail:
        """Get a public room, a room of one's own, or one to which one is invited. Other rooms are ``not_found``."""
        found = await self._access.visible(caller, room)
        if not found.member:
            return _detail(found, members=await self._rooms.members(room))
        view = await self._access.seen(caller, room)
        return _detail(
            found,
            members=view.member_count,
            role=view.role,
            muted_until=view.muted_until,
            moderators=view.moderators,
            owner=view.owner,
            messages=view.messages,
            pinned=view.pinned,
        )

    @endpoint("PATCH", ROOM, body=ChangedRoom, answer=CommandAccepted, group=GROUP)
    async def change(self, caller: Caller, room: str, body: ChangedRoom) -> CommandAccepted:
        """Change the settings of a room."""
        return await self._commands.send(caller, ChangeRoom, body, stream=room_id(room), **fields_of(body))

    @endpoint(
        "GET", ROOM + "/filter", answer=Filter, refuses=(Code.NOT_A_MEMBER, Code.FORBIDDEN), group=GROUP
    )
    async def filter(self, caller: Caller, room: str) -> Filter:
        """Read the room's filter, for members who may set it: the words and links that messages may not hold."""
        await self._access.permitted(caller, room, Permission.SET_FILTER)
        found = await self._rooms.filter(room)
        return Filter(words=found.words, links=cast(Links, found.links), hosts=found.hosts)

    @endpoint("PUT", ROOM + "/filter", body=NewFilter, answer=CommandAccepted, group=GROUP)
    async def set_filter(self, caller: Caller, room: str, body: NewFilter) -> CommandAccepted:
        """Replace the room's filter: the words and links that messages may not hold."""
        return await self._commands.send(caller, SetFilter, body, stream=room_id(room), **fields_of(body))

    @endpoint("POST", ROOM + "/archive", body=CommandBody, answer=CommandAccepted, group=GROUP)
    async def archive(self, caller: Caller, room: str, body: CommandBody) -> CommandAccepted:
        """Archive a room: members can read it, but nobody can post or join."""
        return await self._commands.send(caller, ArchiveRoom, body, stream=room_id(room))

    @endpoint("POST", ROOM + "/unarchive", body=CommandBody, answer=CommandAccepted, group=GROUP)
    async def unarchive(self, caller: Caller, room: str, body: CommandBody) -> CommandAccepted:
        """Unarchive a room: members can post and users can join again."""
        return await self._commands.send(caller, UnarchiveRoom, body, stream=room_id(room))

    @endpoint("DELETE", ROOM, body=CommandBody, answer=CommandAccepted, group=GROUP)
    async def remove(self, caller: Caller, room: str, body: CommandBody) -> CommandAccepted:
        """Remove a room for everybody. Its owner finds it in the ``removed`` ones and may restore it."""
        return await self._commands.send(caller, RemoveRoom, body, stream=room_id(room))

    @endpoint("POST", ROOM + "/restore", body=CommandBody, answer=CommandAccepted, group=GROUP)
    async def restore(self, caller: Caller, room: str, body: CommandBody) -> CommandAccepted:
        """Restore a removed room as it was."""
        return await self._commands.send(caller, RestoreRoom, body, stream=room_id(room))


def _summary(row: RoomRow) -> RoomSummary:
    return RoomSummary(
        room=row.room,
        name=row.name,
        topic=row.topic or "",
        access=cast(Access, row.access),
        peer=row.peer,
        creator=row.creator,
        created_at=row.created_at,
        archived=row.archived_at is not None,
        member=row.member,
        invited=row.invited,
        restorable_until=None if row.deleted_at is None else row.deleted_at + RESTORE_MS,
    )


def _detail(
    row: RoomRow,
    *,
    members: int,
    role: Role | None = None,
    muted_until: int | None = None,
    moderators: list[str] | None = None,
    owner: str | None = None,
    messages: int = 0,
    pinned: list[int] | None = None,
) -> RoomDetail:
    return RoomDetail(
        room=row.room,
        name=row.name,
        topic=row.topic or "",
        access=cast(Access, row.access),
        peer=row.peer,
        creator=row.creator,
        created_at=row.created_at,
        archived=row.archived_at is not None,
        history=row.history,
        slow_mode_s=row.slow_mode_s,
        member=row.member,
        invited=row.invited,
        role=role,
        muted_until=muted_until,
        members=members,
        moderators=moderators or [],
        owner=owner,
        messages=messages,
        pinned=pinned or [],
    )
