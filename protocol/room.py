"""Rooms on the wire: commands, events, signals and the snapshot view.

``MessagePosted`` … are payloads; who, when and where stand in the event's header. Every field a person wrote
(body, name, topic, reason) is absent from a payload that was erased: the payload as a whole is emptied.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from protocol import limits
from protocol.frames import CreateCommand, Signal, StreamCommand
from protocol.ids import StreamId, UserId
from protocol.text import Body, FilteredWord, Host, Reaction, Reason, RoomName, Topic

KIND: Final = "room"
Seq = Annotated[int, Meta(ge=1, le=limits.SEQ_MAX)]
InviteCode = Annotated[
    str,
    Meta(
        max_length=limits.INVITE_CODE_CHARS_MAX,
        pattern=r"^[1-9][0-9]{0,8}-[0-9a-f]{24}$(?!\n)",
        description="what lets a stranger in: the invite's number and a secret",
    ),
]

Access = Literal["public", "private", "group", "direct"]
"""*public*: listed, anyone may join. *private*: moderators invite. *group*: a small one in which every member may
invite. *direct*: two people, for ever the same two.
"""
Role = Literal["owner", "moderator", "member"]
Links = Literal["allowed", "known_hosts", "forbidden"]
"""What a message may link to: anything, only the hosts of the filter, nothing."""

# --- commands ------------------------------------------------------------------------------------------


class CreateRoom(CreateCommand, frozen=True, kw_only=True, tag="room.create"):
    """Make a room; its creator is its first member and owner. ``accepted.stream`` is the room's id.

    What an API key makes has no members, and no owner until the key makes a member the owner.
    """

    name: RoomName
    access: Literal["public", "private", "group"] = "public"
    history: bool = True
    """Whether who joins may read what was said before."""


class OpenDirect(CreateCommand, frozen=True, kw_only=True, tag="room.open_direct"):
    """Make the direct room of oneself and this user, or find it: there is one for each pair.

    ``accepted.stream`` is its id either way. Blocks and the other's privacy settings may forbid it.
    """

    user: UserId


class ChangeRoom(StreamCommand, frozen=True, kw_only=True, tag="room.change"):
    """Give a room other settings; what is None stays as it is."""

    name: RoomName | None = None
    topic: Topic | None = None
    """``""`` for none."""
    access: Literal["public", "private"] | None = None
    history: bool | None = None
    slow_mode_s: Annotated[int, Meta(ge=0, le=limits.SLOW_MODE_S_MAX)] | None = None
    """Seconds between two messages of one member; 0 for none. Moderators don't wait."""


class SetFilter(StreamCommand, frozen=True, kw_only=True, tag="room.filter"):
    """Which words and links messages may not hold. It replaces the filter there was; moderators pass it."""

    words: Annotated[tuple[FilteredWord, ...], Meta(max_length=limits.FILTERED_WORDS_MAX)] = ()
    links: Links = "allowed"
    hosts: Annotated[tuple[Host, ...], Meta(max_length=limits.FILTERED_HOSTS_MAX)] = ()
    """What may be linked to when ``links`` is ``known_hosts``, subdomains included."""


class JoinRoom(StreamCommand, frozen=True, kw_only=True, tag="room.join"):
    """Become a member: of a public room, of one that invited this user, or with an invite's code."""

    invite: InviteCode | None = None


class LeaveRoom(StreamCommand, frozen=True, kw_only=True, tag="room.leave"):
    """Stop being a member; the subscription ends with the event."""


class InviteUser(StreamCommand, frozen=True, kw_only=True, tag="room.invite"):
    """Let this user join, and tell their inbox. Blocks and their privacy settings may forbid it."""

    user: UserId


class UninviteUser(StreamCommand, frozen=True, kw_only=True, tag="room.uninvite"):
    """Take back an invitation, or decline one's own."""

    user: UserId


class CreateInvite(StreamCommand, frozen=True, kw_only=True, tag="room.create_invite"):
    """Make an invite for whoever has its code; ``accepted.answer`` is an ``InviteCreated``."""

    lifetime_s: Annotated[int, Meta(ge=60, le=limits.INVITE_LIFETIME_S_MAX)] = limits.INVITE_LIFETIME_S
    uses: Annotated[int, Meta(ge=1, le=limits.INVITE_USES_MAX)] | None = None
    """How many may join by it; None for any number."""


class RevokeInvite(StreamCommand, frozen=True, kw_only=True, tag="room.revoke_invite"):
    """Nobody joins by this invite any more."""

    invite: Seq
    """Its number."""


class SetRole(StreamCommand, frozen=True, kw_only=True, tag="room.set_role"):
    """Give a member another role. Making somebody the owner makes the owner a moderator."""

    user: UserId
    role: Role


class PostMessage(StreamCommand, frozen=True, kw_only=True, tag="room.post"):
    """Append one message. ``accepted.seq`` names it from then on.

    ``@handle`` in the body mentions a member; ``@room`` everybody, for who may.
    """

    body: Body
    reply_to: Seq | None = None
    """The seq of the message it answers."""
    thread: Seq | None = None
    """The seq of the message whose thread it belongs to: one that is in no thread itself."""


class EditMessage(StreamCommand, frozen=True, kw_only=True, tag="room.edit"):
    """Give one's own message another body. Nobody is told of mentions in it again."""

    message: Seq
    body: Body


class DeleteMessage(StreamCommand, frozen=True, kw_only=True, tag="room.delete"):
    """Erase a message, one's own or as moderator anyone's: its bodies, edits included, vanish everywhere."""

    message: Seq


class React(StreamCommand, frozen=True, kw_only=True, tag="room.react"):
    """Put a reaction to a message. Refused ``already_exists`` if one has put it."""

    message: Seq
    reaction: Reaction


class Unreact(StreamCommand, frozen=True, kw_only=True, tag="room.unreact"):
    """Take one's reaction back."""

    message: Seq
    reaction: Reaction


class PinMessage(StreamCommand, frozen=True, kw_only=True, tag="room.pin"):
    """Add a message to those that the room shows first."""

    message: Seq


class UnpinMessage(StreamCommand, frozen=True, kw_only=True, tag="room.unpin"):
    """Take a message from those."""

    message: Seq


class MuteMember(StreamCommand, frozen=True, kw_only=True, tag="room.mute"):
    """Let a member only listen for a while."""

    user: UserId
    for_s: Annotated[int, Meta(ge=1, le=limits.MUTE_S_MAX)]
    reason: Reason = ""


class UnmuteMember(StreamCommand, frozen=True, kw_only=True, tag="room.unmute"):
    """End a mute."""

    user: UserId


class KickMember(StreamCommand, frozen=True, kw_only=True, tag="room.kick"):
    """End somebody's membership and their right to listen. They may come back as anybody may."""

    user: UserId
    reason: Reason = ""


class BanUser(StreamCommand, frozen=True, kw_only=True, tag="room.ban"):
    """Kick, if they are in, and keep out: no invitation and no invite lets them in."""

    user: UserId
    for_s: Annotated[int, Meta(ge=1, le=limits.BAN_S_MAX)] | None = None
    """None: until it is lifted."""
    reason: Reason = ""


class UnbanUser(StreamCommand, frozen=True, kw_only=True, tag="room.unban"):
    """Lift a ban."""

    user: UserId


class ArchiveRoom(StreamCommand, frozen=True, kw_only=True, tag="room.archive"):
    """Let everybody only listen: nothing is posted, nobody joins."""


class UnarchiveRoom(StreamCommand, frozen=True, kw_only=True, tag="room.unarchive"):
    """End that."""


class RemoveRoom(StreamCommand, frozen=True, kw_only=True, tag="room.remove"):
    """Take a room away from everybody; its owner may restore it within ``ROOM_RESTORE_DAYS``."""


class RestoreRoom(StreamCommand, frozen=True, kw_only=True, tag="room.restore"):
    """Bring a removed room back as it was."""


class EraseUser(StreamCommand, frozen=True, kw_only=True, tag="room.erase_user"):
    """The server's own: this user's account is gone. Ends their membership and empties those of these events that are
    theirs, messages with their edits, as many as one event may empty.

    Sent again, each time with another client_id, until no row of ``message`` or ``authored`` is theirs. Their
    reactions stay: no text can stand in one.
    """

    user: UserId
    events: Annotated[tuple[Seq, ...], Meta(max_length=limits.ERASE_SEQS_MAX)] = ()


class SendTyping(Signal, frozen=True, kw_only=True, tag="room.typing"):
    """Tell those present that one is typing. Not logged, not answered."""


RoomCommand = (
    CreateRoom
    | OpenDirect
    | ChangeRoom
    | SetFilter
    | JoinRoom
    | LeaveRoom
    | InviteUser
    | UninviteUser
    | CreateInvite
    | RevokeInvite
    | SetRole
    | PostMessage
    | EditMessage
    | DeleteMessage
    | React
    | Unreact
    | PinMessage
    | UnpinMessage
    | MuteMember
    | UnmuteMember
    | KickMember
    | BanUser
    | UnbanUser
    | ArchiveRoom
    | UnarchiveRoom
    | RemoveRoom
    | RestoreRoom
)
COMMANDS: Final = RoomCommand.__args__
"""What clients may send."""
INTERNAL_COMMANDS: Final = (EraseUser,)
SIGNALS: Final = (SendTyping,)


class InviteCreated(Struct, frozen=True, kw_only=True):
    """The answer to ``room.create_invite``."""

    invite: int
    """Its number, by which it is revoked."""
    code: str
    """What ``room.join`` takes. Told this once."""
    expires_at: int
    """Unix milliseconds."""


# --- events --------------------------------------------------------------------------------------------


class RoomCreated(Struct, frozen=True, kw_only=True):
    """The first event of a room; the author is its owner and first member, unless it is no user.

    The marks ``access`` and ``history`` repeat the fields; in a direct room ``peer`` is the other member, and nobody
    is owner.
    """

    name: str
    access: Access
    history: bool = True


class RoomChanged(Struct, frozen=True, kw_only=True):
    """The settings that are not None are these now.

    Marks repeat all but name and topic, of which ``named`` and ``topic`` tell that they changed.
    """

    name: str | None = None
    topic: str | None = None
    access: Access | None = None
    history: bool | None = None
    slow_mode_s: int | None = None


class FilterSet(Struct, frozen=True, kw_only=True):
    """The room's filter. The mark ``filters`` tells whether there is anything in it."""

    words: tuple[str, ...]
    links: Links
    hosts: tuple[str, ...]


class MemberJoined(Struct, frozen=True, kw_only=True):
    """The author is a member now.

    Marks: ``owner`` names them if they also became the owner; ``invite`` is the number of the invite they used, and
    ``used`` how many have used it now; ``history`` is False if they may not read what was before.
    """


class MemberLeft(Struct, frozen=True, kw_only=True):
    """The author is a member no longer.

    If they owned the room, the mark ``owner`` names the next owner, ``""`` when nobody is left.
    """


class UserInvited(Struct, frozen=True, kw_only=True):
    """This user may join. The mark ``user`` repeats it."""

    user: UserId


class UserUninvited(Struct, frozen=True, kw_only=True):
    """The invitation is gone. The mark ``user`` repeats the field."""

    user: UserId


class InviteMade(Struct, frozen=True, kw_only=True):
    """There is an invite. Marks: ``invite``, ``expires_at``, and ``uses`` unless any number may join."""

    invite: int
    expires_at: int
    uses: int | None = None


class InviteRevoked(Struct, frozen=True, kw_only=True):
    """This invite is gone. The mark ``invite`` repeats the field."""

    invite: int


class RoleSet(Struct, frozen=True, kw_only=True):
    """A member has another role. Marks: ``user``, ``role``; ``owner`` names a new owner, ``former`` who was it."""

    user: UserId
    role: Role


class MessagePosted(Struct, frozen=True, kw_only=True):
    """A message; the header's seq names it.

    Marks: ``number`` counts messages from 1; ``reply_to`` and ``replied`` (which other member's message that was);
    ``thread``; ``mentions`` (other members), ``everyone`` when it is for all of them.
    """

    body: str


class MessageEdited(Struct, frozen=True, kw_only=True):
    """The message at seq ``message`` has another body.

    Marks: ``message``, and of the original ``number``, ``posted_at`` (Unix ms), ``reply_to``, ``thread``; ``edits``:
    the earlier edits' seqs.
    """

    message: int
    body: str


class MessageDeleted(Struct, frozen=True, kw_only=True):
    """The message at seq ``message`` is gone, and so are the bodies at the header's ``erases``.

    Marks: ``message``, and of the original ``number``, ``author``, ``posted_at`` (Unix ms), ``reply_to``, ``thread``.
    """

    message: int


class Reacted(Struct, frozen=True, kw_only=True):
    """The author put a reaction to a message.

    Marks: ``message``; ``count``: how many have put this one now; ``kinds``: how many different ones the message has,
    if that changed.
    """

    message: int
    reaction: str


class Unreacted(Struct, frozen=True, kw_only=True):
    """The author took a reaction back. Marks as in ``Reacted``."""

    message: int
    reaction: str


class MessagePinned(Struct, frozen=True, kw_only=True):
    """A message is pinned. The mark ``message`` repeats the field."""

    message: int


class MessageUnpinned(Struct, frozen=True, kw_only=True):
    """A message isn't pinned any more. The mark ``message`` repeats the field."""

    message: int


class MemberMuted(Struct, frozen=True, kw_only=True):
    """A member may only listen. Marks: ``user``, ``until`` (Unix ms)."""

    user: UserId
    until: int
    reason: str = ""


class MemberUnmuted(Struct, frozen=True, kw_only=True):
    """A mute ended early. The mark ``user`` repeats the field."""

    user: UserId


class MemberKicked(Struct, frozen=True, kw_only=True):
    """The author ended a membership. If it was the owner's, the mark ``owner`` names the next one."""

    user: UserId
    reason: str = ""


class UserBanned(Struct, frozen=True, kw_only=True):
    """A user is kept out. Marks: ``user``, ``until`` (Unix ms) if it ends, and ``owner`` as in ``MemberKicked``."""

    user: UserId
    until: int | None = None
    reason: str = ""


class UserUnbanned(Struct, frozen=True, kw_only=True):
    """A ban was lifted. The mark ``user`` repeats the field."""

    user: UserId


class UserErased(Struct, frozen=True, kw_only=True):
    """A user's account is gone, and so are the texts of theirs at the header's ``erases``.

    Marks: ``user``; ``owner`` as in ``MemberKicked``; ``name`` and ``topic`` if the room's is gone with them; ``ban``
    and ``mute``: users whose ban or mute has no reason any more.
    """

    user: UserId


class RoomArchived(Struct, frozen=True, kw_only=True):
    """Everybody only listens."""


class RoomUnarchived(Struct, frozen=True, kw_only=True):
    """The room is as before it was archived."""


class RoomRemoved(Struct, frozen=True, kw_only=True):
    """The room is gone for everybody: the header revokes ``*``."""


class RoomRestored(Struct, frozen=True, kw_only=True):
    """The room is as before it was removed."""


EVENTS: Final[dict[str, type[Struct]]] = {
    "room.created": RoomCreated,
    "room.changed": RoomChanged,
    "room.filtered": FilterSet,
    "room.joined": MemberJoined,
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

# --- what a snapshot shows -----------------------------------------------------------------------------


class RoomView(Struct, frozen=True, kw_only=True):
    """The state of a room: no bodies; history, name and topic are requests of their own."""

    room: StreamId
    access: Access
    owner: UserId | None
    """None in a direct room, in one that an API key made and gave to nobody, and while nobody is in the room: the next
    to join becomes its owner then.
    """
    moderators: list[UserId]
    members: list[UserId]
    """The first VIEW_MEMBERS_MAX: the owner, the moderators, then the others in the order of their joining.

    All are read over HTTP, from ``/v1/rooms/{room}/members``.
    """
    member_count: int = 0
    """How many members there are in all."""
    role: Role | None = None
    """The role of the one who asks, whether or not ``members`` names them; None if they aren't a member."""
    messages: int
    """How many messages were ever posted."""
    pinned: list[int]
    """Seqs of messages, in the order in which they were pinned."""
    slow_mode_s: int
    history: bool
    archived: bool
    muted_until: int | None
    """Until when who asks may only listen, Unix milliseconds."""
    readable_after: int
    """Who asks may read the events after this seq."""
