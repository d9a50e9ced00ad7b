"""Mutes and bans. They end by themselves when their time is over, without an event."""

from __future__ import annotations

from typing import Final

from actors.kind import Decision, Refuse
from actors.room.context import Context, emit, owner_after, too_many
from actors.room.permissions import Permission
from actors.room.rule import Rule, Rules
from actors.room.state import is_full
from protocol import limits
from protocol.codes import Code
from protocol.event import Mark
from protocol.room.commands import BanUser, MuteMember, UnbanUser, UnmuteMember
from protocol.room.events import MemberMuted, MemberUnmuted, UserBanned, UserUnbanned


def mute(context: Context, command: MuteMember) -> Decision:
    """Let somebody of lower rank only listen; a new mute replaces the old one."""
    if refusal := context.cannot_act_on(command.user):
        return refusal
    if is_full(context.room.muted, command.user, limits.ROOM_MUTES_MAX, context.now):
        return too_many("Mutes of a room", limits.ROOM_MUTES_MAX)
    until = context.now + command.for_s * 1000
    payload = MemberMuted(user=command.user, until=until, reason=command.reason)
    return emit(payload, marks={"user": command.user, "until": until})


def unmute(context: Context, command: UnmuteMember) -> Decision:
    """End a mute early; never one's own."""
    if command.user == context.by:
        return Refuse(Code.INVALID, "You can't do this to yourself.", "user")
    if context.room.muted_until(command.user, context.now) is None:
        return Refuse(Code.NOT_FOUND, "This user isn't muted.", "user")
    return emit(MemberUnmuted(user=command.user), marks={"user": command.user})


def ban(context: Context, command: BanUser) -> Decision:
    """Keep a user out, whether they are in or not; a new ban replaces the old one."""
    room, user = context.room, command.user
    if (user in room.members or user == context.by) and (refusal := context.cannot_act_on(user)):
        return refusal
    if is_full(room.banned, user, limits.ROOM_BANS_MAX, context.now):
        return too_many("Bans of a room", limits.ROOM_BANS_MAX)
    until = None if command.for_s is None else context.now + command.for_s * 1000
    marks: dict[str, Mark] = {"user": user, **owner_after(room, user)}
    if until is not None:
        marks["until"] = until
    revokes = (user,) if user in room.members else ()
    payload = UserBanned(user=user, until=until, reason=command.reason)
    return emit(payload, revokes=revokes, marks=marks)


def unban(context: Context, command: UnbanUser) -> Decision:
    """They may come back as anybody may."""
    if not context.room.is_banned(command.user, context.now):
        return Refuse(Code.NOT_FOUND, "This user isn't banned.", "user")
    return emit(UserUnbanned(user=command.user), marks={"user": command.user})


RULES: Final[Rules] = {
    MuteMember: Rule(mute, Permission.MUTE),
    UnmuteMember: Rule(unmute, Permission.MUTE),
    BanUser: Rule(ban, Permission.BAN),
    UnbanUser: Rule(unban, Permission.BAN),
}
