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


class InviteCreated(Struct, frozen=True, kw_only=True):
    """The answer to ``room.create_invite``."""

    invite: int
    """Its number, by which it is revoked."""
    code: str
    """What ``room.join`` takes. Told this once."""
    expires_at: int
    """Unix milliseconds."""
