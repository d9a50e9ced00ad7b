"""How rooms come to be, rest, go and come back."""

from __future__ import annotations

from typing import Final

from actors.kind import EVERYONE, Accept, Decision, Refuse
from actors.room.context import Context, emit
from actors.room.permissions import Permission, Rank
from actors.room.rule import Rule, Rules
from protocol import limits
from protocol.codes import Code
from protocol.ids import kind_of
from protocol.room.commands import ArchiveRoom, CreateRoom, OpenDirect, RemoveRoom, RestoreRoom, UnarchiveRoom
from protocol.room.events import RoomArchived, RoomCreated, RoomRemoved, RoomRestored, RoomUnarchived

RESTORE_MS: Final = limits.ROOM_RESTORE_DAYS * 86_400_000


def create(context: Context, command: CreateRoom) -> Decision:
    """A user makes a room of their own, an operator one that nobody owns."""
    if kind_of(context.by) != "user" and context.rank is not Rank.OPERATOR:
        return Refuse(Code.FORBIDDEN)
    if context.room.created:
        return Refuse(Code.ALREADY_EXISTS)
    if refusal := context.too_many_rooms():
        return refusal
    payload = RoomCreated(name=command.name, access=command.access, history=command.history)
    return emit(payload, marks={"access": command.access, "history": command.history})


def open_direct(context: Context, command: OpenDirect) -> Decision:
    """The room of two, which the first of them to ask for makes."""
    if kind_of(context.by) != "user":
        return Refuse(Code.FORBIDDEN)
    if command.user == context.by:
        return Refuse(Code.INVALID, "Choose another person.", "user")
    if context.room.created:
        return Accept() if context.by in context.room.members else Refuse(Code.NOT_FOUND)
    if refusal := context.unwanted(command.user, "direct_from") or context.too_many_rooms():
        return refusal
    payload = RoomCreated(name="", access="direct")
    return emit(payload, marks={"access": "direct", "history": True, "peer": command.user})


def archive(context: Context, _: ArchiveRoom) -> Decision:
    """From now on everybody only listens."""
    return Refuse(Code.ALREADY_EXISTS) if context.room.archived else emit(RoomArchived())


def unarchive(context: Context, _: UnarchiveRoom) -> Decision:
    """As it was."""
    return emit(RoomUnarchived()) if context.room.archived else Refuse(Code.ALREADY_EXISTS)


def remove(_: Context, __: RemoveRoom) -> Decision:
    """Nobody may listen any more, and for everybody but its owner there is no such room."""
    return emit(RoomRemoved(), revokes=(EVERYONE,))


def restore(context: Context, _: RestoreRoom) -> Decision:
    """Everybody who was in it is in it again."""
    removed_at = context.room.removed_at
    if removed_at is None:
        return Refuse(Code.ALREADY_EXISTS)
    if context.now > removed_at + RESTORE_MS:
        return Refuse(Code.NOT_FOUND)
    return emit(RoomRestored())


RULES: Final[Rules] = {
    ArchiveRoom: Rule(archive, Permission.ARCHIVE),
    UnarchiveRoom: Rule(unarchive, Permission.ARCHIVE),
    RemoveRoom: Rule(remove, Permission.REMOVE),
    RestoreRoom: Rule(restore, Permission.REMOVE),
}
