"""Mutes and bans. They end by themselves when their time is over, without an event."""

from __future__ import annotations

from actors.kind import Decision, Refuse
from actors.room.asked import Asked, happens, owner_after, too_many
from actors.room.state import still
from protocol import limits
from protocol.codes import Code
from protocol.event import Mark
from protocol.room.commands import BanUser, MuteMember, UnbanUser, UnmuteMember
from protocol.room.events import MemberMuted, MemberUnmuted, UserBanned, UserUnbanned


def mute(asked: Asked, command: MuteMember) -> Decision:
    """Let somebody of lower rank only listen; a new mute replaces the old one."""
    if refusal := asked.cannot_act_on(command.user):
        return refusal
    if len(still(asked.room.muted, asked.now).keys() - {command.user}) >= limits.ROOM_MUTES_MAX:
        return too_many("Mutes of a room", limits.ROOM_MUTES_MAX)
    until = asked.now + command.for_s * 1000
    payload = MemberMuted(user=command.user, until=until, reason=command.reason)
    return happens(payload, marks={"user": command.user, "until": until})


def unmute(asked: Asked, command: UnmuteMember) -> Decision:
    """End a mute early; never one's own."""
    if command.user == asked.by:
        return Refuse(Code.INVALID, "You can't do this to yourself.", "user")
    if asked.room.muted_until(command.user, asked.now) is None:
        return Refuse(Code.NOT_FOUND, "This user isn't muted.", "user")
    return happens(MemberUnmuted(user=command.user), marks={"user": command.user})


def ban(asked: Asked, command: BanUser) -> Decision:
    """Keep a user out, whether they are in or not; a new ban replaces the old one."""
    room, user = asked.room, command.user
    if (user in room.members or user == asked.by) and (refusal := asked.cannot_act_on(user)):
        return refusal
    if len(still(room.banned, asked.now).keys() - {user}) >= limits.ROOM_BANS_MAX:
        return too_many("Bans of a room", limits.ROOM_BANS_MAX)
    until = None if command.for_s is None else asked.now + command.for_s * 1000
    marks: dict[str, Mark] = {"user": user, **owner_after(room, user)}
    if until is not None:
        marks["until"] = until
    revokes = (user,) if user in room.members else ()
    payload = UserBanned(user=user, until=until, reason=command.reason)
    return happens(payload, revokes=revokes, marks=marks)


def unban(asked: Asked, command: UnbanUser) -> Decision:
    """They may come back as anybody may."""
    if not asked.room.is_banned(command.user, asked.now):
        return Refuse(Code.NOT_FOUND, "This user isn't banned.", "user")
    return happens(UserUnbanned(user=command.user), marks={"user": command.user})
