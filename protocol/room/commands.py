"""What a room is asked for: commands, signals, and the answers that say more than *accepted*."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from protocol import limits
from protocol.frames import CreateCommand, Signal, StreamCommand
from protocol.ids import UserId
from protocol.room import InviteCode, Links, Role, Seq
from protocol.text import Body, FilteredWord, Host, Reaction, Reason, RoomName, Topic


class CreateRoom(CreateCommand, frozen=True, kw_only=True, tag="room.create"):
    """Make a room; its creator is its first member and owner. ``accepted.stream`` is the room's id.

    What an API key makes has no members, and no owner until the key makes a member the owner.
    """

    name: RoomName
    access: Literal["public", "private", "group"] = "public"
    history: bool = True
    """Whether who joins may read what was said before."""


class OpenDirect(CreateCommand, frozen=True, kw_only=True, tag="room.open_direct"):
    """Open the direct room with a user: it is made unless the two have one.

    ``accepted.stream`` is its id either way. Blocks and the other's privacy settings may forbid it.
    """

    user: UserId


class ChangeRoom(StreamCommand, frozen=True, kw_only=True, tag="room.change"):
    """Change the settings of a room. A setting that is None stays as it is."""

    name: RoomName | None = None
    topic: Topic | None = None
    """``""`` for none."""
    access: Literal["public", "private"] | None = None
    history: bool | None = None
    slow_mode_s: Annotated[int, Meta(ge=0, le=limits.SLOW_MODE_S_MAX)] | None = None
    """Seconds between two messages of one member; 0 for none. Moderators don't wait."""
    confirm: bool = False
    """That messages may become readable to others: to who joins later, by ``history``, or to everybody, by ``access``.
    Else it is refused with ``confirm_needed`` if there are any.
    """


class SetFilter(StreamCommand, frozen=True, kw_only=True, tag="room.filter"):
    """Replace the room's filter: the words and links that messages may not hold. Moderators pass the filter."""

    words: Annotated[tuple[FilteredWord, ...], Meta(max_length=limits.FILTERED_WORDS_MAX)] = ()
    links: Links = "allowed"
    hosts: Annotated[tuple[Host, ...], Meta(max_length=limits.FILTERED_HOSTS_MAX)] = ()
    """What may be linked to when ``links`` is ``known_hosts``, subdomains included."""


class JoinRoom(StreamCommand, frozen=True, kw_only=True, tag="room.join"):
    """Join a room that is public or has invited this user, or any room with the code of an invite."""

    invite: InviteCode | None = None


class LeaveRoom(StreamCommand, frozen=True, kw_only=True, tag="room.leave"):
    """Leave a room. The subscription ends with the event."""


class InviteUser(StreamCommand, frozen=True, kw_only=True, tag="room.invite"):
    """Invite a user to a room, and tell their inbox. Blocks and the user's privacy settings may forbid it."""

    user: UserId


class UninviteUser(StreamCommand, frozen=True, kw_only=True, tag="room.uninvite"):
    """Withdraw the invitation of a user, or decline one's own."""

    user: UserId


class CreateInvite(StreamCommand, frozen=True, kw_only=True, tag="room.create_invite"):
    """Create an invite to a room for whoever has its code; ``accepted.answer`` is an ``InviteCreated``."""

    lifetime_s: Annotated[int, Meta(ge=60, le=limits.INVITE_LIFETIME_S_MAX)] = limits.INVITE_LIFETIME_S
    uses: Annotated[int, Meta(ge=1, le=limits.INVITE_USES_MAX)] | None = None
    """How many may join by it; None for any number."""


class RevokeInvite(StreamCommand, frozen=True, kw_only=True, tag="room.revoke_invite"):
    """Revoke an invite: nobody can join with its code any more."""

    invite: Seq
    """Its number."""


class SetRole(StreamCommand, frozen=True, kw_only=True, tag="room.set_role"):
    """Change the role of a member. Making somebody the owner makes the owner a moderator."""

    user: UserId
    role: Role


class PostMessage(StreamCommand, frozen=True, kw_only=True, tag="room.post"):
    """Post a message to a room. ``accepted.seq`` names the message from then on.

    ``@handle`` in the body mentions a member; ``@room`` everybody, for who may.
    """

    body: Body
    reply_to: Seq | None = None
    """The seq of the message it answers."""
    thread: Seq | None = None
    """The seq of the message whose thread it belongs to: one that is in no thread itself."""


class EditMessage(StreamCommand, frozen=True, kw_only=True, tag="room.edit"):
    """Edit the body of one's own message. Mentions in the new body notify nobody."""

    message: Seq
    body: Body


class DeleteMessage(StreamCommand, frozen=True, kw_only=True, tag="room.delete"):
    """Delete a message, one's own or as moderator anyone's: its body and all edits are erased everywhere."""

    message: Seq


class React(StreamCommand, frozen=True, kw_only=True, tag="room.react"):
    """Add a reaction to a message. Refused with ``already_exists`` if the user has added the same one."""

    message: Seq
    reaction: Reaction


class Unreact(StreamCommand, frozen=True, kw_only=True, tag="room.unreact"):
    """Remove one's own reaction from a message."""

    message: Seq
    reaction: Reaction


class PinMessage(StreamCommand, frozen=True, kw_only=True, tag="room.pin"):
    """Pin a message, so that the room shows it first."""

    message: Seq


class UnpinMessage(StreamCommand, frozen=True, kw_only=True, tag="room.unpin"):
    """Unpin a message: the room no longer shows it first."""

    message: Seq


class MuteMember(StreamCommand, frozen=True, kw_only=True, tag="room.mute"):
    """Mute a member: for a while they can read the room but not post."""

    user: UserId
    for_s: Annotated[int, Meta(ge=1, le=limits.MUTE_S_MAX)]
    reason: Reason = ""


class UnmuteMember(StreamCommand, frozen=True, kw_only=True, tag="room.unmute"):
    """Unmute a member before the mute ends by itself."""

    user: UserId


class KickMember(StreamCommand, frozen=True, kw_only=True, tag="room.kick"):
    """Remove a member from a room, and end their right to listen. They may join again as anybody may."""

    user: UserId
    reason: Reason = ""


class BanUser(StreamCommand, frozen=True, kw_only=True, tag="room.ban"):
    """Ban a user from a room: a member is removed, and no invitation and no invite lets the user in."""

    user: UserId
    for_s: Annotated[int, Meta(ge=1, le=limits.BAN_S_MAX)] | None = None
    """None: until it is lifted."""
    reason: Reason = ""


class UnbanUser(StreamCommand, frozen=True, kw_only=True, tag="room.unban"):
    """Lift the ban of a user from a room."""

    user: UserId


class ArchiveRoom(StreamCommand, frozen=True, kw_only=True, tag="room.archive"):
    """Archive a room: members can read it, but nobody can post or join."""


class UnarchiveRoom(StreamCommand, frozen=True, kw_only=True, tag="room.unarchive"):
    """Unarchive a room: members can post and users can join again."""


class RemoveRoom(StreamCommand, frozen=True, kw_only=True, tag="room.remove"):
    """Remove a room for everybody; its owner may restore it within ``ROOM_RESTORE_DAYS``."""


class RestoreRoom(StreamCommand, frozen=True, kw_only=True, tag="room.restore"):
    """Restore a removed room as it was."""


class EraseUser(StreamCommand, frozen=True, kw_only=True, tag="room.erase_user"):
    """The server's own: this user's account is gone. Ends their membership and empties those of these events that are
    theirs, messages with their edits, as many as one event may empty.

    Sent again, each time with another client_id, until no row of ``message`` or ``authored`` is theirs. Their
    reactions stay: no text can stand in one.
    """

    user: UserId
    events: Annotated[tuple[Seq, ...], Meta(max_length=limits.ERASE_SEQS_MAX)] = ()


class SendTyping(Signal, frozen=True, kw_only=True, tag="room.typing"):
    """Tell the people present in a room that the user is typing. Not logged, not answered."""


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


class InviteCreated(Struct, frozen=True, kw_only=True):
    """The invite that ``room.create_invite`` created, with its code."""

    invite: int
    """Its number, by which it is revoked."""
    code: str
    """What ``room.join`` takes. Told this once."""
    expires_at: int
    """Unix milliseconds."""
