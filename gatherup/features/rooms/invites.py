"""Who may come into a room: invited users, and invites for whoever has their code."""

from __future__ import annotations

from typing import Final, cast

import msgspec

from actors.ports.time import Clock
from actors.room.invites import InviteCodes
from actors.room.permissions import Permission
from gatherup.features.rooms.members import part_of
from gatherup.features.rooms.messages import seq_of
from gatherup.features.rooms.room_access import RoomAccess, room_id
from gatherup.features.rooms.rooms import ROOM
from gatherup.http.commands import Commands, fields_of
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.paging import Pages
from gatherup.http.problem import ProblemError
from gatherup.http.throttle import Throttle
from protocol.codes import Code
from protocol.http.base import CommandAccepted, CommandBody
from protocol.http.rooms.members import (
    InvitedPage,
    InvitedTo,
    InvitedUser,
    Invites,
    NewInvite,
    OfUser,
    RoomInvite,
    RoomPeopleQuery,
)
from protocol.room import Access, InviteCode
from protocol.room.commands import CreateInvite, InviteUser, RevokeInvite, UninviteUser
from storage.postgres.rooms.people import RoomPeople, UserKey

GROUP: Final = "invites"
INVITE: Final = ROOM + "/invites/<invite>"


class InvitesResource:
    """Invitations of users, and invites for whoever has the code."""

    def __init__(
        self,
        people: RoomPeople,
        access: RoomAccess,
        commands: Commands,
        codes: InviteCodes,
        looks: Throttle,
        clock: Clock,
    ) -> None:
        self._people = people
        self._access = access
        self._commands = commands
        self._codes = codes
        self._looks = looks
        self._clock = clock
        self._pages = Pages(UserKey)

    @endpoint(
        "GET",
        ROOM + "/invited",
        query=RoomPeopleQuery,
        answer=InvitedPage,
        refuses=(Code.NOT_A_MEMBER, Code.FORBIDDEN),
        group=GROUP,
    )
    async def invited(self, caller: Caller, room: str, query: RoomPeopleQuery) -> InvitedPage:
        """List the users who were invited and haven't joined, for members who may invite."""
        edge = self._pages.edge(query.cursor)
        await self._access.permitted(caller, room, Permission.INVITE)
        found = await self._people.invited(room, **part_of(edge, query, self._clock))
        page = self._pages.page(found, edge, query.limit, lambda row: UserKey(row.user))
        invited = [InvitedUser(user=row.user, by=row.by, at=row.at) for row in page.rows]
        return InvitedPage(invited=invited, next=page.next, previous=page.previous)

    @endpoint("POST", ROOM + "/invite", body=OfUser, answer=CommandAccepted, group=GROUP)
    async def invite(self, caller: Caller, room: str, body: OfUser) -> CommandAccepted:
        """Invite a user to a room, and tell their inbox."""
        return await self._commands.send(caller, InviteUser, body, stream=room_id(room), **fields_of(body))

    @endpoint("POST", ROOM + "/uninvite", body=OfUser, answer=CommandAccepted, group=GROUP)
    async def uninvite(self, caller: Caller, room: str, body: OfUser) -> CommandAccepted:
        """Withdraw the invitation of a user, or decline one's own."""
        return await self._commands.send(caller, UninviteUser, body, stream=room_id(room), **fields_of(body))

    @endpoint(
        "GET", ROOM + "/invites", answer=Invites, refuses=(Code.NOT_A_MEMBER, Code.FORBIDDEN), group=GROUP
    )
    async def page(self, caller: Caller, room: str) -> Invites:
        """List the invites that work now, without their codes, for members who may create invites."""
        await self._access.permitted(caller, room, Permission.CREATE_INVITE)
        found = await self._people.invites(room, now=self._clock.now())
        return Invites(
            invites=[
                RoomInvite(
                    invite=row.invite,
                    by=row.by,
                    made_at=row.at,
                    expires_at=row.expires_at,
                    uses=row.uses,
                    used=row.used,
                )
                for row in found
            ]
        )

    @endpoint("POST", ROOM + "/invites", body=NewInvite, answer=CommandAccepted, status=201, group=GROUP)
    async def create(self, caller: Caller, room: str, body: NewInvite) -> CommandAccepted:
        """Create an invite to a room. ``answer`` has its code, which is told this once, and its number."""
        return await self._commands.send(caller, CreateInvite, body, stream=room_id(room), **fields_of(body))

    @endpoint("GET", INVITE, answer=InvitedTo, refuses=(Code.INVITE_INVALID,), group=GROUP)
    async def look(self, caller: Caller, room: str, invite: str) -> InvitedTo:
        """Show the room that an invite's code leads to, for whoever has the code.

        Any other code is ``invite_invalid``.
        """
        self._looks.admit(caller.user, caller.address)
        number = self._codes.number(room, invite) if _may_be_code(invite) else None
        found = None
        if number is not None:
            found = await self._people.invited_to(room, number, now=self._clock.now())
        if found is None:
            raise ProblemError(Code.INVITE_INVALID, field="invite")
        return InvitedTo(
            room=room,
            name=found.name,
            access=cast(Access, found.access),
            members=found.members,
            expires_at=found.expires_at,
        )

    @endpoint("DELETE", INVITE, body=CommandBody, answer=CommandAccepted, group=GROUP)
    async def revoke(self, caller: Caller, room: str, invite: str, body: CommandBody) -> CommandAccepted:
        """Revoke an invite, named by its number: nobody can join with its code any more."""
        return await self._commands.send(
            caller, RevokeInvite, body, stream=room_id(room), invite=seq_of(invite, "invite")
        )


def _may_be_code(text: str) -> bool:
    """Whether this has the shape of an invite's code."""
    try:
        msgspec.convert(text, InviteCode)
    except msgspec.ValidationError:
        return False
    return True
