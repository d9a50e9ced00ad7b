"""What a command causes in a room: who may send it at all. The modules it names say the rest, each in its ``RULES``.

Strangers are told ``not_found`` by every room but a public one, whatever they ask of it, just as by one that was
never made; by a public one ``not_a_member``. Only users can be members. An owner who leaves passes the room on; a room
that everybody left stays, ownerless, and the next to join owns it.
"""

from __future__ import annotations

from typing import Final

from actors.kind import Decision, FactKey, Refuse, authored_key, block_key
from actors.room import hosting, invitations, lifecycle, members, messages, moderation, reactions, settings
from actors.room.context import Context, memberships_key, person_keys
from actors.room.permissions import Rank, permits
from actors.room.rows import FILTER_KEY, count_key, message_key, reaction_key
from actors.room.rule import Rules
from actors.room.state import Room
from protocol.codes import Code
from protocol.frames import Command
from protocol.ids import SYSTEM
from protocol.room.commands import (
    CreateRoom,
    DeleteMessage,
    EditMessage,
    EraseUser,
    InviteUser,
    JoinRoom,
    OpenDirect,
    PinMessage,
    PostMessage,
    React,
    RestoreRoom,
    UninviteUser,
    Unreact,
)
from protocol.room.hosting import CloseRoom, HostRoom

_RULES: Final[Rules] = {
    **lifecycle.RULES,
    **settings.RULES,
    **members.RULES,
    **invitations.RULES,
    **moderation.RULES,
    **messages.RULES,
    **reactions.RULES,
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
        case HostRoom():
            return hosting.host(context, command)
        case CloseRoom():
            return hosting.close(context, command)
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
