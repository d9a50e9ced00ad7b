"""What a snapshot shows of a room. Its size and the work it takes are bounded, however many members there are."""

from __future__ import annotations

from itertools import chain, islice
from typing import Final

from actors.room.permissions import Rank
from actors.room.state import Room
from protocol import limits
from protocol.room import Role
from protocol.room.view import RoomView

_ROLES: Final[dict[Rank, Role]] = {
    Rank.OWNER: "owner",
    Rank.MODERATOR: "moderator",
    Rank.MEMBER: "member",
}


def view(room: Room, user: str) -> RoomView:
    """The room as this user sees it."""
    return RoomView(
        room=room.room,
        access=room.access,
        owner=room.owner,
        moderators=list(room.moderators),
        members=_first_members(room),
        member_count=len(room.members),
        role=_ROLES.get(room.rank(user)),
        messages=room.messages,
        pinned=list(room.pinned),
        slow_mode_s=room.slow_mode_s,
        history=room.history,
        archived=room.archived,
        muted_until=room.muted.get(user),
        readable_after=room.readable_after.get(user, 0),
    )


def _first_members(room: Room) -> list[str]:
    """The owner, the moderators, then the others: ``members`` is in the order of joining, so nothing is sorted."""
    leading = dict.fromkeys((*((room.owner,) if room.owner else ()), *room.moderators))
    others = (user for user in room.members if user not in leading)
    return list(islice(chain(leading, others), limits.VIEW_MEMBERS_MAX))
