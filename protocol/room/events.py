"""What happened in a room: payloads; who, when and where stand in the event's header.

Every field a person wrote (body, name, topic, reason) is absent from a payload that was erased: the payload as a whole
is emptied.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from protocol.ids import UserId
from protocol.room import Access, Links, Role
from protocol.room.hosting import UsersSeated


class RoomCreated(Struct, frozen=True, kw_only=True):
    """A room was created: always its first event. The author is its owner and first member, unless it is no user.

    The marks ``access`` and ``history`` repeat the fields; in a direct room ``peer`` is the other member, and nobody
    is owner.
    """

    name: str
    access: Access
    history: bool = True


class RoomChanged(Struct, frozen=True, kw_only=True):
    """Settings of the room were changed to those values that are not None.

    Marks repeat all but name and topic, of which ``named`` and ``topic`` tell that they changed.
    """

    name: str | None = None
    topic: str | None = None
    access: Access | None = None
    history: bool | None = None
    slow_mode_s: int | None = None


class FilterSet(Struct, frozen=True, kw_only=True):
    """The room's filter was replaced. The mark ``filters`` tells whether there is anything in it."""

    words: tuple[str, ...]
    links: Links
    hosts: tuple[str, ...]


class MemberJoined(Struct, frozen=True, kw_only=True):
    """The author joined the room.

    Marks: ``owner`` names them if they also became the owner; ``invite`` is the number of the invite they used, and
    ``used`` how many have used it now; ``history`` is False if they may not read what was before.
    """


class MemberLeft(Struct, frozen=True, kw_only=True):
    """The author left the room.

    If they owned the room, the mark ``owner`` names the next owner, ``""`` when nobody is left.
    """


class UserInvited(Struct, frozen=True, kw_only=True):
    """A user was invited to the room. The mark ``user`` repeats the field."""

    user: UserId


class UserUninvited(Struct, frozen=True, kw_only=True):
    """The invitation of a user was withdrawn or declined. The mark ``user`` repeats the field."""

    user: UserId


class InviteMade(Struct, frozen=True, kw_only=True):
    """An invite was created. Marks: ``invite``, ``expires_at``, and ``uses`` unless any number may join."""

    invite: int
    expires_at: int
    uses: int | None = None


class InviteRevoked(Struct, frozen=True, kw_only=True):
    """An invite was revoked. The mark ``invite`` repeats the field."""

    invite: int


class RoleSet(Struct, frozen=True, kw_only=True):
    """The role of a member was changed.

    Marks: ``user``, ``role``; ``owner`` names a new owner, ``former`` who was it.
    """

    user: UserId
    role: Role


class MessagePosted(Struct, frozen=True, kw_only=True):
    """A message was posted; the header's seq names the message.

    Marks: ``number`` counts messages from 1; ``reply_to`` and ``replied`` (which other member's message that was);
    ``thread``; ``mentions`` (other members), ``everyone`` when it is for all of them.
    """

    body: str


class MessageEdited(Struct, frozen=True, kw_only=True):
    """The message at seq ``message`` was edited and has another body.

    Marks: ``message``, and of the original ``number``, ``posted_at`` (Unix ms), ``reply_to``, ``thread``; ``edits``:
    the earlier edits' seqs.
    """

    message: int
    body: str


class MessageDeleted(Struct, frozen=True, kw_only=True):
    """The message at seq ``message`` was deleted, and so were the bodies at the header's ``erases``.

    Marks: ``message``, and of the original ``number``, ``author``, ``posted_at`` (Unix ms), ``reply_to``, ``thread``.
    """

    message: int


class Reacted(Struct, frozen=True, kw_only=True):
    """The author added a reaction to a message.

    Marks: ``message``; ``count``: how many have put this one now; ``kinds``: how many different ones the message has,
    if that changed.
    """

    message: int
    reaction: str


class Unreacted(Struct, frozen=True, kw_only=True):
    """The author removed a reaction from a message. Marks as in ``Reacted``."""

    message: int
    reaction: str


class MessagePinned(Struct, frozen=True, kw_only=True):
    """A message was pinned. The mark ``message`` repeats the field."""

    message: int


class MessageUnpinned(Struct, frozen=True, kw_only=True):
    """A message was unpinned. The mark ``message`` repeats the field."""

    message: int


class MemberMuted(Struct, frozen=True, kw_only=True):
    """A member was muted and may only read. Marks: ``user``, ``until`` (Unix ms)."""

    user: UserId
    until: int
    reason: str = ""


class MemberUnmuted(Struct, frozen=True, kw_only=True):
    """The mute of a member was ended early. The mark ``user`` repeats the field."""

    user: UserId


class MemberKicked(Struct, frozen=True, kw_only=True):
    """A member was removed by the author. If it was the owner, the mark ``owner`` names the next one."""

    user: UserId
    reason: str = ""


class UserBanned(Struct, frozen=True, kw_only=True):
    """A user was banned from the room.

    Marks: ``user``, ``until`` (Unix ms) if it ends, and ``owner`` as in ``MemberKicked``.
    """

    user: UserId
    until: int | None = None
    reason: str = ""


class UserUnbanned(Struct, frozen=True, kw_only=True):
    """The ban of a user was lifted. The mark ``user`` repeats the field."""

    user: UserId


class UserErased(Struct, frozen=True, kw_only=True):
    """A user's account was erased, and so were their texts at the header's ``erases``.

    Marks: ``user``; ``owner`` as in ``MemberKicked``; ``name`` and ``topic`` if the room's is gone with them; ``ban``
    and ``mute``: users whose ban or mute has no reason any more.
    """

    user: UserId


class RoomArchived(Struct, frozen=True, kw_only=True):
    """The room was archived: everybody may only read."""


class RoomUnarchived(Struct, frozen=True, kw_only=True):
    """The room was unarchived and is as it was before."""


class RoomRemoved(Struct, frozen=True, kw_only=True):
    """The room was removed for everybody: the header revokes ``*``."""


class RoomRestored(Struct, frozen=True, kw_only=True):
    """The room was restored and is as it was before its removal."""


EVENTS: Final[dict[str, type[Struct]]] = {
    "room.created": RoomCreated,
    "room.changed": RoomChanged,
    "room.filtered": FilterSet,
    "room.joined": MemberJoined,
    "room.seated": UsersSeated,
    "room.left": MemberLeft,
    "room.invited": UserInvited,
    "room.uninvited": UserUninvited,
    "room.invite_made": InviteMade,
    "room.invite_revoked": InviteRevoked,
    "room.role_set": RoleSet,
    "room.posted": MessagePosted,
    "room.edited": MessageEdited,
    "room.deleted": MessageDeleted,
    "room.reacted": Reacted,
    "room.unreacted": Unreacted,
    "room.pinned": MessagePinned,
    "room.unpinned": MessageUnpinned,
    "room.muted": MemberMuted,
    "room.unmuted": MemberUnmuted,
    "room.kicked": MemberKicked,
    "room.banned": UserBanned,
    "room.unbanned": UserUnbanned,
    "room.user_erased": UserErased,
    "room.archived": RoomArchived,
    "room.unarchived": RoomUnarchived,
    "room.removed": RoomRemoved,
    "room.restored": RoomRestored,
}
