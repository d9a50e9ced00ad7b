"""Rooms that another stream hosts: who has a seat in them, and when they are open, is that stream's to say alone.

Whatever else is said and done in them is as in any private room that an operator has made.
"""

from __future__ import annotations

from typing import Final

from actors.kind import Accept, Decision, Emit, Refuse
from actors.room.context import Context
from actors.room.state import Room
from protocol import limits
from protocol.codes import Code
from protocol.event import Mark
from protocol.ids import kind_of
from protocol.room.events import RoomArchived, RoomCreated, RoomUnarchived
from protocol.room.hosting import CloseRoom, HostRoom, UsersSeated
from protocol.tournament import KIND as TOURNAMENT

HOSTS: Final = frozenset({TOURNAMENT})
"""The kinds of streams that have rooms."""


def host(context: Context, command: HostRoom) -> Decision:
    """Nothing happens if all is so already."""
    room = context.room
    if kind_of(context.by) not in HOSTS or room.host not in (None, context.by):
        return Refuse(Code.NOT_FOUND)
    events: list[Emit] = []
    if not room.created:
        made = RoomCreated(name=command.name, access="private", history=True)
        events.append(Emit(made, marks={"access": "private", "history": True}))
    elif room.removed_at is not None or room.host is None:
        return Refuse(Code.NOT_FOUND)
    if room.archived:
        events.append(Emit(RoomUnarchived()))
    if (seated := _seated(context, command)) is not None:
        events.append(seated)
    return Accept(tuple(events))


def _seated(context: Context, command: HostRoom) -> Emit | None:
    room = context.room
    seats = [user for user in command.seats if not room.is_banned(user, context.now)]
    new = tuple(user for user in dict.fromkeys(seats) if user not in room.members)
    alone = command.leave is None
    gone = tuple(
        user for user in (room.members if alone else command.leave or ()) if _goes(room, user, seats)
    )
    moderators = tuple(
        user for user in dict.fromkeys(command.moderators) if user in seats and user != room.owner
    )
    marks: dict[str, Mark] = {"users": new} if new else {}
    if alone and moderators != room.moderators:
        marks["moderators"] = moderators[: limits.ROOM_MODERATORS_MAX]
    if room.owner in gone:  # an operator has made them the owner
        marks["owner"] = ""
    return Emit(UsersSeated(), revokes=gone, marks=marks) if marks or gone else None


def _goes(room: Room, user: str, seats: list[str]) -> bool:
    return user in room.members and user not in seats


def close(context: Context, _: CloseRoom) -> Decision:
    """Who is seated may read on."""
    room = context.room
    if room.host != context.by or room.removed_at is not None:
        return Refuse(Code.NOT_FOUND)
    return Accept() if room.archived else Accept((Emit(RoomArchived()),))
