"""Who may see what of a room: asked in one place, so that every endpoint answers a stranger alike."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from actors.ports.streams import Streams
from actors.room.permissions import Permission, Rank, permits
from gatherup.http.endpoint import Caller
from gatherup.http.ids import stream_id
from gatherup.http.problem import ProblemError, of_refused
from protocol.codes import Code
from protocol.frames import Refused
from protocol.room import KIND as ROOM
from protocol.room import Role
from protocol.room.view import RoomView
from storage.postgres.rooms.rooms import RoomRow, Rooms


def room_id(text: str) -> str:
    """A room's id from the path. Raises ProblemError."""
    return stream_id(ROOM, text)


class RoomAccess:
    """What each user finds of rooms. Methods raise ProblemError, and PostgresError.

    A room that is private or removed is ``not_found``, as one that never was.
    """

    def __init__(self, rooms: Rooms, router: Streams) -> None:
        self._rooms = rooms
        self._router = router

    async def visible(self, caller: Caller, room: str) -> RoomRow:
        """A public room, one's own, or one that one was invited to."""
        found = await self._rooms.get(caller.user, room_id(room))
        if found is None or not (found.access == "public" or found.member or found.invited):
            raise ProblemError(Code.NOT_FOUND)
        return found

    async def entered(self, caller: Caller, room: str) -> RoomRow:
        """A room of one's own; ``not_a_member`` for another public one."""
        found = await self.visible(caller, room)
        if not found.member:
            raise ProblemError(Code.NOT_A_MEMBER)
        return found

    async def view(self, caller: Caller, room: str) -> RoomView:
        """The state of a room of one's own, as its actor has it."""
        await self.entered(caller, room)
        return await self.seen(caller, room)

    async def permitted(self, caller: Caller, room: str, permission: Permission) -> RoomView:
        """The state of a room in which one has this permission; ``forbidden`` to other members."""
        view = await self.view(caller, room)
        if not permits(view.access, _RANKS[view.role], permission):
            raise ProblemError(Code.FORBIDDEN)
        return view

    async def seen(self, caller: Caller, room: str) -> RoomView:
        """The state of a room that the caller is known to have the right to see."""
        _, view = await self.shown(caller, room)
        return view

    async def shown(self, caller: Caller, room: str) -> tuple[int, RoomView]:
        """The same, and the head at which it was so."""
        match await self._router.view(room, user=caller.user):
            case Refused() as refused:
                raise of_refused(refused)
            case shown:
                return shown.head, _room_view(shown.view, caller.user)


def _room_view(view: Struct | bytes, user: str) -> RoomView:
    """The view of this user's, whichever node showed it."""
    if isinstance(view, bytes):  # another node showed it
        return _completed(msgspec.msgpack.decode(view, type=RoomView), user)
    assert isinstance(view, RoomView)
    return view


def _completed(view: RoomView, user: str) -> RoomView:
    """What a node of the release before doesn't say, from what it does: its view names all members."""
    count = max(view.member_count, len(view.members))
    role = role_of(view, user) if view.role is None and user in view.members else view.role
    return replace(view, member_count=count, role=role)


def role_of(view: RoomView, member: str) -> Role:
    """The role of a member, whether or not the view names them."""
    if member == view.owner:
        return "owner"
    return "moderator" if member in view.moderators else "member"


_RANKS: Final[dict[Role | None, Rank]] = {
    None: Rank.STRANGER,
    "member": Rank.MEMBER,
    "moderator": Rank.MODERATOR,
    "owner": Rank.OWNER,
}
