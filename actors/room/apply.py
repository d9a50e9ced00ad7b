"""What an event makes of a room's state.

Headers alone decide, never payloads: a payload may have been erased, and the state must be the same
without it.
"""

from __future__ import annotations

from typing import cast

from msgspec.structs import replace

from actors.room.state import Room
from protocol.event import Header


def apply(room: Room, header: Header) -> Room:
    """The state after one event; types of later versions change nothing."""
    match header.type:
        case "room.created":
            return replace(
                room,
                created=True,
                public=header.marks["public"] is True,
                owner=header.author,
                members={header.author: header.seq},
            )
        case "room.joined":
            return replace(
                room, members={**room.members, header.author: header.seq}, owner=_owner(room, header)
            )
        case "room.left" | "room.kicked":
            rest = {user: seq for user, seq in room.members.items() if user not in header.revokes}
            return replace(room, members=rest, owner=_owner(room, header))
        case "room.posted":
            return replace(room, messages=cast(int, header.marks["number"]))
        case _:
            return room


def _owner(room: Room, header: Header) -> str | None:
    """The mark ``owner`` names the new one, ``""`` for nobody; without it nothing changes."""
    owner = cast("str | None", header.marks.get("owner"))
    return room.owner if owner is None else owner or None
