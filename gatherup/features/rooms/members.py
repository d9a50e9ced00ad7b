"""Who is in a room, and how order is kept there."""

from __future__ import annotations

from typing import Final, TypedDict

from actors.kind import Instant
from actors.ports.time import Clock
from actors.room.permissions import Permission
from gatherup.features.rooms.room_access import RoomAccess, role_of, room_id
from gatherup.features.rooms.rooms import ROOM
from gatherup.http.commands import Commands, fields_of
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.paging import Edge, Pages
from protocol.codes import Code
from protocol.frames import Position
from protocol.http.base import CommandAccepted, CommandBody
from protocol.http.rooms.members import (
    BannedUser,
    Join,
    Kick,
    Member,
    MemberPage,
    Mute,
    NewBan,
    NewRole,
    OfUser,
    RoomBanPage,
    RoomPeopleQuery,
)
from protocol.room.commands import (
    BanUser,
    JoinRoom,
    KickMember,
    LeaveRoom,
    MuteMember,
    SetRole,
    UnbanUser,
    UnmuteMember,
)
from storage.postgres.rooms.people import RoomPeople, UserKey

GROUP: Final = "members"


class MembersResource:
    """Memberships, roles, mutes, kicks, bans."""

    def __init__(self, people: RoomPeople, access: RoomAccess, commands: Commands, clock: Clock) -> None:
        self._people = people
        self._access = access
        self._commands = commands
        self._clock = clock
        self._pages = Pages(UserKey)

    @endpoint("POST", ROOM + "/join", body=Join, answer=CommandAccepted, group=GROUP)
    async def join(self, caller: Caller, room: str, body: Join) -> CommandAccepted:
        """Join a room, with the code of an invite if the room needs one."""
        return await self._commands.send(caller, JoinRoom, body, stream=room_id(room), **fields_of(body))

    @endpoint("POST", ROOM + "/leave", body=CommandBody, answer=CommandAccepted, group=GROUP)
    async def leave(self, caller: Caller, room: str, body: CommandBody) -> CommandAccepted:
        """Leave a room."""
        return await self._commands.send(caller, LeaveRoom, body, stream=room_id(room))

    @endpoint(
        "GET",
        ROOM + "/members",
        query=RoomPeopleQuery,
        answer=MemberPage,
        polled=True,
        refuses=(Code.NOT_A_MEMBER,),
        group=GROUP,
    )
    async def page(self, caller: Caller, room: str, query: RoomPeopleQuery) -> MemberPage:
        """List a part of a room's members, for members, and where in the room's log it was read."""
        edge = self._pages.edge(query.cursor)
        await self._access.entered(caller, room)
        found = await self._people.members(room, **part_of(edge, query, self._clock))
        # Roles stand in the actor's state, which is asked after the rows. It is as new as they are, or newer, except in
        # the moment between a commit and its actor's learning of it: the older of the two is true of both.
        head, view = await self._access.shown(caller, room)
        page = self._pages.page(found.rows, edge, query.limit, lambda row: UserKey(row.user))
        members = [
            Member(user=row.user, role=role_of(view, row.user), muted_until=row.muted_until)
            for row in page.rows
        ]
        seq = min(found.seq, head)
        position = Position(stream=room_id(room), incarnation=found.incarnation, seq=seq)
        return MemberPage(members=members, position=position, next=page.next, previous=page.previous)

    @endpoint("POST", ROOM + "/role", body=NewRole, answer=CommandAccepted, group=GROUP)
    async def set_role(self, caller: Caller, room: str, body: NewRole) -> CommandAccepted:
        """Change the role of a member."""
        return await self._commands.send(caller, SetRole, body, stream=room_id(room), **fields_of(body))

    @endpoint("POST", ROOM + "/mute", body=Mute, answer=CommandAccepted, group=GROUP)
    async def mute(self, caller: Caller, room: str, body: Mute) -> CommandAccepted:
        """Mute a member: for a while they can read the room but not post."""
        return await self._commands.send(caller, MuteMember, body, stream=room_id(room), **fields_of(body))

    @endpoint("POST", ROOM + "/unmute", body=OfUser, answer=CommandAccepted, group=GROUP)
    async def unmute(self, caller: Caller, room: str, body: OfUser) -> CommandAccepted:
        """Unmute a member before the mute ends by itself."""
        return await self._commands.send(caller, UnmuteMember, body, stream=room_id(room), **fields_of(body))

    @endpoint("POST", ROOM + "/kick", body=Kick, answer=CommandAccepted, group=GROUP)
    async def kick(self, caller: Caller, room: str, body: Kick) -> CommandAccepted:
        """Remove a member from a room."""
        return await self._commands.send(caller, KickMember, body, stream=room_id(room), **fields_of(body))

    @endpoint(
        "GET",
        ROOM + "/bans",
        query=RoomPeopleQuery,
        answer=RoomBanPage,
        refuses=(Code.NOT_A_MEMBER, Code.FORBIDDEN),
        group=GROUP,
    )
    async def bans(self, caller: Caller, room: str, query: RoomPeopleQuery) -> RoomBanPage:
        """List the bans from a room, for members who may ban."""
        edge = self._pages.edge(query.cursor)
        await self._access.permitted(caller, room, Permission.BAN)
        found = await self._people.bans(room, **part_of(edge, query, self._clock))
        page = self._pages.page(found, edge, query.limit, lambda row: UserKey(row.user))
        bans = [
            BannedUser(user=row.user, by=row.by, at=row.at, until=row.until, reason=row.reason or "")
            for row in page.rows
        ]
        return RoomBanPage(bans=bans, next=page.next, previous=page.previous)

    @endpoint("POST", ROOM + "/ban", body=NewBan, answer=CommandAccepted, group=GROUP)
    async def ban(self, caller: Caller, room: str, body: NewBan) -> CommandAccepted:
        """Ban a user from a room."""
        return await self._commands.send(caller, BanUser, body, stream=room_id(room), **fields_of(body))

    @endpoint("POST", ROOM + "/unban", body=OfUser, answer=CommandAccepted, group=GROUP)
    async def unban(self, caller: Caller, room: str, body: OfUser) -> CommandAccepted:
        """Lift the ban of a user from a room."""
        return await self._commands.send(caller, UnbanUser, body, stream=room_id(room), **fields_of(body))


class Part(TypedDict):
    """Which part of a list of people is read."""

    beside: UserKey | None
    back: bool
    now: Instant
    limit: int


def part_of(edge: Edge[UserKey], query: RoomPeopleQuery, clock: Clock) -> Part:
    """The part that a query asks for, and one row more, which tells whether there are more."""
    return Part(
        beside=edge.beside,
        back=edge.back,
        now=clock.now(),
        limit=query.limit + 1,
    )
