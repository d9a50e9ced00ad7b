"""Who is in a room, who may come in, and who is kept out."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from protocol import limits
from protocol.frames import Position
from protocol.http.base import Answer, CommandBody, Cursor, Limit
from protocol.ids import StreamId, UserId
from protocol.room import Access, InviteCode, Role
from protocol.text import Reason


class Join(CommandBody, frozen=True, kw_only=True):
    """Join a room, with the code of an invite if the room needs one."""

    invite: InviteCode | None = None


class OfUser(CommandBody, frozen=True, kw_only=True):
    """A command about a user."""

    user: UserId


class Kick(OfUser, frozen=True, kw_only=True):
    """Remove a member from a room."""

    reason: Reason = ""


class Mute(OfUser, frozen=True, kw_only=True):
    """Mute a member: for a while they can read the room but not post."""

    for_s: Annotated[int, Meta(ge=1, le=limits.MUTE_S_MAX)]
    reason: Reason = ""


class NewBan(OfUser, frozen=True, kw_only=True):
    """Ban a user from a room."""

    for_s: Annotated[int, Meta(ge=1, le=limits.BAN_S_MAX)] | None = None
    """None: until it is lifted."""
    reason: Reason = ""


class NewRole(OfUser, frozen=True, kw_only=True):
    """Change the role of a member."""

    role: Role


class NewInvite(CommandBody, frozen=True, kw_only=True):
    """Create an invite for whoever has its code; ``answer`` is an ``InviteCreated``."""

    lifetime_s: Annotated[int, Meta(ge=60, le=limits.INVITE_LIFETIME_S_MAX)] = limits.INVITE_LIFETIME_S
    uses: Annotated[int, Meta(ge=1, le=limits.INVITE_USES_MAX)] | None = None
    """How many may join by it; None for any number."""


class RoomPeopleQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of a list of people."""

    cursor: Cursor | None = None
    limit: Limit = limits.PAGE_ITEMS_DEFAULT


class Member(Answer, frozen=True, kw_only=True):
    """A member of a room."""

    user: UserId
    role: Role
    muted_until: int | None
    """Until when they may only listen, Unix time in milliseconds."""


class MemberPage(Answer, frozen=True, kw_only=True):
    """Members, by user id."""

    members: list[Member]
    position: Position | None = None
    """Where in the room's log this was read: apply the events after it, and what they change is right. A page may hold
    some of that already. Pages of one list may be read at different positions. Nodes of the release before don't say.
    """
    next: str | None
    """The cursor of the page after this one; None on the last."""
    previous: str | None
    """The cursor of the page before this one; None on the first."""


class BannedUser(Answer, frozen=True, kw_only=True):
    """Somebody who is kept out."""

    user: UserId
    by: str
    """Who banned them."""
    at: int
    """Unix time in milliseconds."""
    until: int | None
    """None: until it is lifted."""
    reason: str


class RoomBanPage(Answer, frozen=True, kw_only=True):
    """Bans, by user."""

    bans: list[BannedUser]
    next: str | None
    """The cursor of the page after this one; None on the last."""
    previous: str | None
    """The cursor of the page before this one; None on the first."""


class InvitedUser(Answer, frozen=True, kw_only=True):
    """Somebody who was invited and hasn't joined."""

    user: UserId
    by: str
    """Who invited them."""
    at: int
    """Unix time in milliseconds."""


class InvitedPage(Answer, frozen=True, kw_only=True):
    """Who was invited, by user id."""

    invited: list[InvitedUser]
    next: str | None
    """The cursor of the page after this one; None on the last."""
    previous: str | None
    """The cursor of the page before this one; None on the first."""


class RoomInvite(Answer, frozen=True, kw_only=True):
    """An invite that is good now; its code was told whoever made it."""

    invite: int
    """Its number, by which it is revoked."""
    by: str
    """Who made it."""
    made_at: int
    """Unix time in milliseconds."""
    expires_at: int
    """Unix time in milliseconds."""
    uses: int | None
    """How many may join by it in all; None for any number."""
    used: int
    """How many have."""


class Invites(Answer, frozen=True, kw_only=True):
    """The room's invites, the oldest first."""

    invites: list[RoomInvite]


class InvitedTo(Answer, frozen=True, kw_only=True):
    """What an invite leads to."""

    room: StreamId
    name: str | None
    access: Access
    members: int
    expires_at: int
    """Unix time in milliseconds."""
