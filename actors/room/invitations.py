"""How strangers get in: invited by name, or with an invite's code."""

from __future__ import annotations

from typing import Final

from actors.kind import Decision, Refuse
from actors.room.context import Context, emit, too_many
from actors.room.permissions import Permission
from actors.room.rule import Rule, Rules
from protocol import limits
from protocol.codes import Code
from protocol.event import Mark
from protocol.room.commands import CreateInvite, InviteCreated, InviteUser, RevokeInvite, UninviteUser
from protocol.room.events import InviteMade, InviteRevoked, UserInvited, UserUninvited


def invite(context: Context, command: InviteUser) -> Decision:
    """Let a user in who may want that."""
    room, user = context.room, command.user
    if user in room.members or user in room.invited:
        return Refuse(Code.ALREADY_EXISTS, field="user")
    if room.is_banned(user, context.now):
        return Refuse(Code.FORBIDDEN, "This user is banned here.", "user")
    if refusal := context.unwanted(user, "invites_from"):
        return refusal
    if len(room.invited) >= limits.ROOM_INVITED_MAX:
        return too_many("Users who were invited and haven't joined", limits.ROOM_INVITED_MAX)
    return emit(UserInvited(user=user), marks={"user": user})


def uninvite(context: Context, command: UninviteUser) -> Decision:
    """Take an invitation back, or decline one's own."""
    if command.user not in context.room.invited:
        known = context.may(Permission.UNINVITE)
        return Refuse(Code.NOT_FOUND, "This user isn't invited.", "user") if known else Refuse(Code.NOT_FOUND)
    return emit(UserUninvited(user=command.user), marks={"user": command.user})


def create(context: Context, command: CreateInvite) -> Decision:
    """Make an invite; its code stands in the answer and nowhere else."""
    room = context.room
    good = sum(invite.good(context.now) for invite in room.invites.values())
    if good >= limits.ROOM_INVITES_MAX:
        return too_many("Invites of a room", limits.ROOM_INVITES_MAX)
    number, expires_at = room.invites_made + 1, context.now + command.lifetime_s * 1000
    marks: dict[str, Mark] = {"invite": number, "expires_at": expires_at}
    if command.uses is not None:
        marks["uses"] = command.uses
    payload = InviteMade(invite=number, expires_at=expires_at, uses=command.uses)
    code = context.codes.code(room.room, number)
    return emit(payload, marks=marks, answer=InviteCreated(invite=number, code=code, expires_at=expires_at))


def revoke(context: Context, command: RevokeInvite) -> Decision:
    """Nobody joins by it any more."""
    if command.invite not in context.room.invites:
        return Refuse(Code.NOT_FOUND, "There is no such invite.", "invite")
    return emit(InviteRevoked(invite=command.invite), marks={"invite": command.invite})


RULES: Final[Rules] = {
    InviteUser: Rule(invite, Permission.INVITE, muted=False, archived=False),
    UninviteUser: Rule(uninvite, Permission.UNINVITE),
    CreateInvite: Rule(create, Permission.CREATE_INVITE, muted=False, archived=False),
    RevokeInvite: Rule(revoke, Permission.REVOKE_INVITE),
}
