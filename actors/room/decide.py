"""What a command to a room causes.

Strangers are told ``not_found`` by a private room, whatever they ask of it, and ``not_a_member`` by a public
one. Nobody but a user can be a member. An owner who leaves passes the room on to whoever has been in it
longest; a room that everybody left stays, ownerless, and the next to join owns it (nobody can join a private
one any more).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never, cast

from msgspec import Struct

from actors.kind import Accept, Decision, FactKey, Facts, Happened, Instant, Refuse, Row
from actors.room.project import message_key
from actors.room.state import Room
from protocol import limits
from protocol.codes import Code
from protocol.event import Mark
from protocol.ids import kind_of
from protocol.room import (
    CreateRoom,
    DeleteMessage,
    EditMessage,
    JoinRoom,
    KickMember,
    LeaveRoom,
    MemberJoined,
    MemberKicked,
    MemberLeft,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    PostMessage,
    RoomCreated,
)

RoomCommand = CreateRoom | JoinRoom | LeaveRoom | PostMessage | EditMessage | DeleteMessage | KickMember


def needed_facts(command: RoomCommand) -> tuple[FactKey, ...]:
    """The row of the message that is edited or deleted."""
    if isinstance(command, EditMessage | DeleteMessage):
        return (message_key(command.message),)
    return ()


def decide(room: Room, facts: Facts, command: RoomCommand, *, by: str, now: Instant) -> Decision:
    """The events of a command, or why not."""
    if isinstance(command, CreateRoom):
        return _create(room, command, by)
    if isinstance(command, JoinRoom):
        return _join(room, by)
    if by not in room.members:
        return Refuse(Code.NOT_A_MEMBER if room.public else Code.NOT_FOUND)
    match command:
        case LeaveRoom():
            return _leave(room, by)
        case PostMessage():
            number = {"number": room.messages + 1}
            return _happens(MessagePosted(body=command.body), marks=number)
        case EditMessage():
            return _edit(command, facts.get(message_key(command.message)), by)
        case DeleteMessage():
            return _delete(room, command, facts.get(message_key(command.message)), by)
        case KickMember():
            return _kick(room, command, by)
        case _:
            assert_never(command)


def _create(room: Room, command: CreateRoom, by: str) -> Decision:
    if kind_of(by) != "user":
        return Refuse(Code.FORBIDDEN)
    if room.created:
        return Refuse(Code.ALREADY_EXISTS)
    return _happens(RoomCreated(name=command.name, public=command.public), marks={"public": command.public})


def _join(room: Room, by: str) -> Decision:
    if by in room.members:
        return Refuse(Code.ALREADY_EXISTS)
    if not room.public:
        return Refuse(Code.NOT_FOUND)
    if kind_of(by) != "user":
        return Refuse(Code.FORBIDDEN)
    if len(room.members) >= limits.ROOM_MEMBERS_MAX:
        return Refuse(Code.TOO_MANY, f"A room has at most {limits.ROOM_MEMBERS_MAX} members.")
    return _happens(MemberJoined(), marks={"owner": by} if room.owner is None else {})


def _leave(room: Room, by: str) -> Decision:
    marks = {"owner": room.heir(by) or ""} if by == room.owner else {}
    return _happens(MemberLeft(), revokes=(by,), marks=marks)


def _edit(command: EditMessage, message: Row | None, by: str) -> Decision:
    if message is None or message["deleted_at"] is not None:
        return Refuse(Code.NOT_FOUND, "There is no such message.", "message")
    if message["author"] != by:
        return Refuse(Code.FORBIDDEN, "Only its author can edit a message.", "message")
    edits = cast("list[int]", message["edits"])
    if len(edits) >= limits.EDITS_PER_MESSAGE_MAX:
        return Refuse(
            Code.TOO_MANY, f"A message is edited at most {limits.EDITS_PER_MESSAGE_MAX} times.", "message"
        )
    marks: dict[str, Mark] = {**_origin(command.message, message), "edits": tuple(edits)}
    return _happens(MessageEdited(message=command.message, body=command.body), marks=marks)


def _delete(room: Room, command: DeleteMessage, message: Row | None, by: str) -> Decision:
    if message is None or message["deleted_at"] is not None:
        return Refuse(Code.NOT_FOUND, "There is no such message.", "message")
    if by not in (message["author"], room.owner):
        return Refuse(Code.FORBIDDEN, "Only its author or the room's owner can delete a message.", "message")
    erases = (command.message, *cast("list[int]", message["edits"]))
    marks: dict[str, Mark] = {**_origin(command.message, message), "author": cast(str, message["author"])}
    payload = MessageDeleted(message=command.message)
    return _happens(payload, erases=erases, marks=marks)


def _kick(room: Room, command: KickMember, by: str) -> Decision:
    if by != room.owner:
        return Refuse(Code.FORBIDDEN, "Only the room's owner can do this.")
    if command.user == by:
        return Refuse(Code.INVALID, "An owner leaves instead.", "user")
    if command.user not in room.members:
        return Refuse(Code.NOT_FOUND, "This user isn't in the room.", "user")
    return _happens(MemberKicked(user=command.user, reason=command.reason), revokes=(command.user,))


def _origin(seq: int, message: Row) -> dict[str, Mark]:
    """What the message's row keeps; it goes along so that ``project`` can write the row whole."""
    return {"message": seq, "number": cast(int, message["number"]), "posted_at": cast(int, message["at"])}


def _happens(
    payload: Struct,
    *,
    revokes: tuple[str, ...] = (),
    erases: tuple[int, ...] = (),
    marks: Mapping[str, Mark] | None = None,
) -> Accept:
    return Accept((Happened(payload, revokes=revokes, erases=erases, marks=marks or {}),))
