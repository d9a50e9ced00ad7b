"""What a command causes in a room: who may send it at all; the modules it names say what comes of it.

Strangers are told ``not_found`` by every room but a public one, whatever they ask of it, just as by one that was
never made; by a public one ``not_a_member``. Only users can be members. An owner who leaves passes the room on; a room
that everybody left stays, ownerless, and the next to join owns it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct

from actors.kind import Decision, FactKey, Refuse
from actors.room import invitations, lifecycle, members, messages, moderation, reactions, settings
from actors.room.context import Context, block_key, memberships_key, person_keys
from actors.room.permissions import Permission, Rank, permits
from actors.room.rows import FILTER_KEY, authored_key, count_key, message_key, reaction_key
from actors.room.state import Room
from protocol.codes import Code
from protocol.frames import Command
from protocol.ids import SYSTEM
from protocol.room.commands import (
    ArchiveRoom,
    BanUser,
    ChangeRoom,
    CreateInvite,
    CreateRoom,
    DeleteMessage,
    EditMessage,
    EraseUser,
    InviteUser,
    JoinRoom,
    KickMember,
    LeaveRoom,
    MuteMember,
    OpenDirect,
    PinMessage,
    PostMessage,
    React,
    RemoveRoom,
    RestoreRoom,
    RevokeInvite,
    SetFilter,
    SetRole,
    UnarchiveRoom,
    UnbanUser,
    UninviteUser,
    UnmuteMember,
    UnpinMessage,
    Unreact,
)

Decide = Callable[[Context, Any], Decision]


class Rule(Struct, frozen=True):
    """Who may send a command that members send, and when; then ``decide`` says what comes of it."""

    decide: Decide
    permission: Permission | None = None
    """None: any member may, as far as ``decide`` lets them."""
    muted: bool = True
    """Whether those may who are muted."""
    archived: bool = True
    """Whether it may be done in an archived room."""


_RULES: Final[dict[type[Command], Rule]] = {
    LeaveRoom: Rule(members.leave, Permission.LEAVE),
    KickMember: Rule(members.kick, Permission.KICK),
    SetRole: Rule(members.set_role, Permission.SET_ROLE),
    ChangeRoom: Rule(settings.change, Permission.CHANGE, archived=False),
    SetFilter: Rule(settings.set_filter, Permission.SET_FILTER, archived=False),
    InviteUser: Rule(invitations.invite, Permission.INVITE, muted=False, archived=False),
    UninviteUser: Rule(invitations.uninvite, Permission.UNINVITE),
    CreateInvite: Rule(invitations.create, Permission.CREATE_INVITE, muted=False, archived=False),
    RevokeInvite: Rule(invitations.revoke, Permission.REVOKE_INVITE),
    PostMessage: Rule(messages.post, Permission.POST, muted=False, archived=False),
    EditMessage: Rule(messages.edit, Permission.POST, muted=False, archived=False),
    DeleteMessage: Rule(messages.delete),
    React: Rule(reactions.react, Permission.REACT, muted=False, archived=False),
    Unreact: Rule(reactions.unreact, Permission.REACT, archived=False),
    PinMessage: Rule(messages.pin, Permission.PIN, muted=False, archived=False),
    UnpinMessage: Rule(messages.unpin, Permission.PIN, muted=False, archived=False),
    MuteMember: Rule(moderation.mute, Permission.MUTE),
    UnmuteMember: Rule(moderation.unmute, Permission.MUTE),
    BanUser: Rule(moderation.ban, Permission.BAN),
    UnbanUser: Rule(moderation.unban, Permission.BAN),
    ArchiveRoom: Rule(lifecycle.archive, Permission.ARCHIVE),
    UnarchiveRoom: Rule(lifecycle.unarchive, Permission.ARCHIVE),
    RemoveRoom: Rule(lifecycle.remove, Permission.REMOVE),
    RestoreRoom: Rule(lifecycle.restore, Permission.REMOVE),
}


def decide(context: Context, command: Command) -> Decision:
    """The events of a command, or why not."""
    rule = _RULES.get(type(command))
    if rule is None:
        return _of_anybody(context, command)
    room, rank = context.room, context.rank
    removed = room.removed_at is not None
    if not room.created or (removed and not isinstance(command, RestoreRoom)):
        return Refuse(Code.NOT_FOUND)
    if rank is Rank.STRANGER:
        return _of_stranger(context, command)
    if rule.permission is not None and not permits(room.access, rank, rule.permission):
        return Refuse(Code.NOT_FOUND if removed else Code.FORBIDDEN)
    if room.archived and not rule.archived:
        return Refuse(Code.ARCHIVED)
    if not rule.muted and (until := room.muted_until(context.by, context.now)) is not None:
        return Refuse(Code.MUTED, retry_after_s=(until - context.now) / 1000)
    return rule.decide(context, command)


def _of_anybody(context: Context, command: Command) -> Decision:
    """What one needn't be in the room for."""
    room = context.room
    match command:
        case CreateRoom():
            return lifecycle.create(context, command)
        case OpenDirect():
            return lifecycle.open_direct(context, command)
        case EraseUser() if room.created and context.by == SYSTEM:
            return members.erase(context, command)
        case JoinRoom() if room.created and room.removed_at is None:
            return members.join(context, command)
        case _:
            return Refuse(Code.NOT_FOUND)


def _of_stranger(context: Context, command: Command) -> Decision:
    room = context.room
    if isinstance(command, UninviteUser) and command.user == context.by:
        return invitations.uninvite(context, command)
    open_to_all = room.access == "public" and room.removed_at is None
    return Refuse(Code.NOT_A_MEMBER if open_to_all else Code.NOT_FOUND)


def needed_facts(room: Room, command: Command, *, by: str) -> tuple[FactKey, ...]:
    """The rows that deciding looks at."""
    match command:
        case PostMessage():
            return (*_texts(room, by), *messages.needed_facts(command))
        case CreateRoom() | JoinRoom():
            return (memberships_key(by),)
        case OpenDirect(user=user):
            return (*person_keys(by, user), memberships_key(by))
        case InviteUser(user=user):
            return person_keys(by, user)
        case EditMessage(message=message):
            return (*_texts(room, by), message_key(message))
        case EraseUser(events=events):
            return tuple(key for seq in events for key in (message_key(seq), authored_key(seq)))
        case DeleteMessage(message=message) | PinMessage(message=message):
            return (message_key(message),)
        case React(message=seq, reaction=reaction) | Unreact(message=seq, reaction=reaction):
            keys = message_key(seq), reaction_key(seq, by, reaction), count_key(seq, reaction)
            return (*keys, *_blocks(room, by))
        case _:
            return ()


def _texts(room: Room, by: str) -> tuple[FactKey, ...]:
    filtered = (FILTER_KEY,) if room.filtered else ()
    return filtered + _blocks(room, by)


def _blocks(room: Room, by: str) -> tuple[FactKey, ...]:
    peer = room.peer(by)
    return () if peer is None else (block_key(peer, by), block_key(by, peer))
