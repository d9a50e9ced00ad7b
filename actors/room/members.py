"""Who is in a room and what they are."""

from __future__ import annotations

from typing import Final, cast

from actors.kind import Accept, Decision, Refuse, authored_key
from actors.room.context import Context, emit, owner_after, too_many
from actors.room.permissions import Permission, Rank
from actors.room.rows import BAN, MUTE, message_key
from actors.room.rule import Rule, Rules
from actors.room.state import Room
from protocol import limits
from protocol.codes import Code
from protocol.event import Mark
from protocol.ids import kind_of
from protocol.room import Role
from protocol.room.commands import EraseUser, JoinRoom, KickMember, LeaveRoom, SetRole
from protocol.room.events import MemberJoined, MemberKicked, MemberLeft, RoleSet, UserErased


def join(context: Context, command: JoinRoom) -> Decision:
    """Who isn't let in by anything is told no more than of a room that isn't there."""
    room, by = context.room, context.by
    if by in room.members:
        return Refuse(Code.ALREADY_EXISTS)
    # An invite is looked at only when nothing else lets in, so that none is used up for nothing.
    public, invited = room.access == "public", by in room.invited
    number = None if command.invite is None else context.codes.number(room.room, command.invite)
    invite = None if number is None else room.invites.get(number)
    good = invite is not None and invite.good(context.now)
    if kind_of(by) != "user":
        return Refuse(Code.FORBIDDEN if public or context.rank is Rank.OPERATOR else Code.NOT_FOUND)
    if not (public or invited or number is not None):
        return Refuse(Code.NOT_FOUND)
    if room.is_banned(by, context.now):
        return Refuse(Code.BANNED)
    if command.invite is not None and not good and not invited:
        return Refuse(Code.INVITE_INVALID, field="invite")
    if refusal := _full(context):
        return refusal
    marks: dict[str, Mark] = {}
    if room.owner is None and not room.members and not room.operated:
        marks["owner"] = by
    if number is not None and invite is not None and good and not public and not invited:
        marks |= {"invite": number, "used": invite.used + 1}
    if not room.history:
        marks["history"] = False
    return emit(MemberJoined(), marks=marks)


def _full(context: Context) -> Refuse | None:
    room = context.room
    if room.archived:
        return Refuse(Code.ARCHIVED)
    most = limits.GROUP_MEMBERS_MAX if room.access == "group" else limits.ROOM_MEMBERS_MAX
    if len(room.members) >= most:
        return too_many("Members of a room", most)
    return context.too_many_rooms()


def leave(context: Context, _: LeaveRoom) -> Decision:
    """Anybody may leave who is in."""
    if context.by not in context.room.members:
        return Refuse(Code.FORBIDDEN)
    return emit(MemberLeft(), revokes=(context.by,), marks=owner_after(context.room, context.by))


def kick(context: Context, command: KickMember) -> Decision:
    """End a membership, of somebody of lower rank."""
    if refusal := context.cannot_act_on(command.user):
        return refusal
    payload = MemberKicked(user=command.user, reason=command.reason)
    return emit(payload, revokes=(command.user,), marks=owner_after(context.room, command.user))


def set_role(context: Context, command: SetRole) -> Decision:
    """Roles are the owner's to give; ownership passes from one to the other."""
    room, user = context.room, command.user
    if refusal := context.cannot_act_on(user):
        # An operator outranks the owner, and an owner everybody else.
        return refusal
    if _role(room, user) == command.role:
        return Refuse(Code.ALREADY_EXISTS)
    if user == room.owner:
        return Refuse(Code.INVALID, "Make another member the owner instead.", "role")
    newcomer = {"moderator": user, "owner": room.owner}.get(command.role)
    full = len([m for m in room.moderators if m != user]) >= limits.ROOM_MODERATORS_MAX
    if newcomer is not None and full:
        return too_many("Moderators of a room", limits.ROOM_MODERATORS_MAX)
    marks: dict[str, Mark] = {"user": user, "role": command.role}
    if command.role == "owner":
        marks["owner"] = user
        if room.owner is not None:
            marks["former"] = room.owner
    return emit(RoleSet(user=user, role=command.role), marks=marks)


def _role(room: Room, user: str) -> Role:
    if user == room.owner:
        return "owner"
    return "moderator" if user in room.moderators else "member"


def erase(context: Context, command: EraseUser) -> Decision:
    """The server's own: forget a user and what they wrote. Nothing happens when nothing is left."""
    room, user = context.room, command.user
    erases = _theirs(context, command)
    if not erases and user not in room.members and user not in room.invited:
        return Accept()
    revokes = (user,) if user in room.members else ()
    marks: dict[str, Mark] = {"user": user, **owner_after(room, user)}
    if room.named_at in erases:
        marks["name"] = True
    if room.topic_at in erases:
        marks["topic"] = True
    for table in (BAN, MUTE):
        texts = [row for seq in erases if (row := context.facts.get(authored_key(seq))) is not None]
        kept_down = [str(row["of"]).partition(" ") for row in texts]
        if users := tuple(other for what, _, other in kept_down if what == table):
            marks[table] = users
    return emit(UserErased(user=user), revokes=revokes, erases=tuple(erases), marks=marks)


def _theirs(context: Context, command: EraseUser) -> list[int]:
    """Of the named events those that are the user's and not empty yet, messages with their edits, as many as fit."""
    erases: list[int] = []
    for seq in command.events:
        message, text = context.facts.get(message_key(seq)), context.facts.get(authored_key(seq))
        more: list[int] = []
        if message is not None and message["author"] == command.user and message["deleted_at"] is None:
            more = [seq, *cast("list[int]", message["edits"])]
        elif text is not None and text["author"] == command.user:
            more = [seq]
        if len(erases) + len(more) > limits.ERASE_SEQS_MAX:
            break
        erases += more
    return erases


RULES: Final[Rules] = {
    LeaveRoom: Rule(leave, Permission.LEAVE),
    KickMember: Rule(kick, Permission.KICK),
    SetRole: Rule(set_role, Permission.SET_ROLE),
}
