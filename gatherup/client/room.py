"""One room, with a method for each of its commands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal, Protocol, TypeVar

import msgspec

from gatherup.client.streams import Stream
from protocol import limits
from protocol.frames import Accepted, Command, Position, Signal, StreamCommand
from protocol.room import Links, Role
from protocol.room.commands import (
    ArchiveRoom,
    BanUser,
    ChangeRoom,
    CreateInvite,
    DeleteMessage,
    EditMessage,
    InviteCreated,
    InviteUser,
    JoinRoom,
    KickMember,
    LeaveRoom,
    MuteMember,
    PinMessage,
    PostMessage,
    React,
    RemoveRoom,
    RestoreRoom,
    RevokeInvite,
    SendTyping,
    SetFilter,
    SetRole,
    UnarchiveRoom,
    UnbanUser,
    UninviteUser,
    UnmuteMember,
    UnpinMessage,
    Unreact,
)

C = TypeVar("C", bound=StreamCommand)


class Speaks(Protocol):
    """The client, as far as a room needs it."""

    def new_id(self) -> str:
        """A fresh client id."""
        ...

    async def send(self, command: Command) -> Accepted:
        """Send a command until it has its reply; raises as ``Client.send`` does."""
        ...

    def signal(self, signal: Signal) -> None:
        """Send a signal now, or drop it."""
        ...

    def mark_read(self, room: str, number: int) -> None:
        """Tell soon how far the user has read."""
        ...

    async def subscribe(self, stream: str, *, since: Position | None = None) -> Stream:
        """Follow a stream, as ``Client.subscribe`` does."""
        ...


class Room:
    """A room by its id; made by ``Client.room``, ``create_room`` and ``open_direct``.

    What changes it is durable when the method returns, and raises as ``Client.send`` does. ``message`` is always the
    seq of ``room.posted``, which ``post`` answers as ``accepted.seq``.
    """

    def __init__(self, client: Speaks, room: str) -> None:
        self.id: Final = room
        self._client = client

    async def subscribe(self, *, since: Position | None = None) -> Stream:
        """Follow the room; what the stream yields is told at ``Client.subscribe``."""
        return await self._client.subscribe(self.id, since=since)

    def mark_read(self, number: int) -> None:
        """The user has read up to this message number: ``number`` in the marks of ``room.posted``."""
        self._client.mark_read(self.id, number)

    def typing(self) -> None:
        """Tell those present that one is typing."""
        self._client.signal(SendTyping(stream=self.id))

    # --- messages ------------------------------------------------------------------------------------------

    async def post(self, body: str, *, reply_to: int | None = None, thread: int | None = None) -> Accepted:
        """Post a message, maybe in the thread of a message or as an answer to one."""
        return await self._send(PostMessage, body=body, reply_to=reply_to, thread=thread)

    async def edit(self, message: int, body: str) -> Accepted:
        """Edit the body of one's own message."""
        return await self._send(EditMessage, message=message, body=body)

    async def delete(self, message: int) -> Accepted:
        """Erase a message everywhere."""
        return await self._send(DeleteMessage, message=message)

    async def react(self, message: int, reaction: str) -> Accepted:
        """Add a reaction to a message."""
        return await self._send(React, message=message, reaction=reaction)

    async def unreact(self, message: int, reaction: str) -> Accepted:
        """Remove one's own reaction from a message."""
        return await self._send(Unreact, message=message, reaction=reaction)

    async def pin(self, message: int) -> Accepted:
        """Add a message to those that the room shows first."""
        return await self._send(PinMessage, message=message)

    async def unpin(self, message: int) -> Accepted:
        """Unpin a message: the room no longer shows it first."""
        return await self._send(UnpinMessage, message=message)

    # --- who is in -----------------------------------------------------------------------------------------

    async def join(self, *, invite: str | None = None) -> Accepted:
        """Join the room, with the code of an invite if the room needs one."""
        return await self._send(JoinRoom, invite=invite)

    async def leave(self) -> Accepted:
        """Leave the room."""
        return await self._send(LeaveRoom)

    async def invite(self, user: str) -> Accepted:
        """Invite a user to the room, and tell their inbox."""
        return await self._send(InviteUser, user=user)

    async def uninvite(self, user: str) -> Accepted:
        """Withdraw the invitation of a user, or decline one's own."""
        return await self._send(UninviteUser, user=user)

    async def create_invite(
        self, *, lifetime_s: int = limits.INVITE_LIFETIME_S, uses: int | None = None
    ) -> InviteCreated:
        """Make an invite for whoever has its code, which only this answer tells."""
        accepted = await self._send(CreateInvite, lifetime_s=lifetime_s, uses=uses)
        return msgspec.msgpack.decode(accepted.answer or b"", type=InviteCreated)

    async def revoke_invite(self, invite: int) -> Accepted:
        """Revoke an invite, named by its number: nobody can join with its code any more."""
        return await self._send(RevokeInvite, invite=invite)

    # --- keeping order -------------------------------------------------------------------------------------

    async def set_role(self, user: str, role: Role) -> Accepted:
        """Change the role of a member."""
        return await self._send(SetRole, user=user, role=role)

    async def mute(self, user: str, for_s: int, *, reason: str = "") -> Accepted:
        """Mute a member: for a while they can read the room but not post."""
        return await self._send(MuteMember, user=user, for_s=for_s, reason=reason)

    async def unmute(self, user: str) -> Accepted:
        """Unmute a member before the mute ends by itself."""
        return await self._send(UnmuteMember, user=user)

    async def kick(self, user: str, *, reason: str = "") -> Accepted:
        """Remove a member from the room."""
        return await self._send(KickMember, user=user, reason=reason)

    async def ban(self, user: str, *, for_s: int | None = None, reason: str = "") -> Accepted:
        """Keep a user out, for so many seconds or until it is lifted."""
        return await self._send(BanUser, user=user, for_s=for_s, reason=reason)

    async def unban(self, user: str) -> Accepted:
        """Lift the ban of a user from the room."""
        return await self._send(UnbanUser, user=user)

    # --- the room itself -----------------------------------------------------------------------------------

    async def change(
        self,
        *,
        name: str | None = None,
        topic: str | None = None,
        access: Literal["public", "private"] | None = None,
        history: bool | None = None,
        slow_mode_s: int | None = None,
        confirm: bool = False,
    ) -> Accepted:
        """Give the room other settings; what is None stays as it is.

        Refused with ``confirm_needed`` if messages become readable to others, unless that is confirmed.
        """
        return await self._send(
            ChangeRoom,
            name=name,
            topic=topic,
            access=access,
            history=history,
            slow_mode_s=slow_mode_s,
            confirm=confirm,
        )

    async def set_filter(
        self, *, words: Sequence[str] = (), links: Links = "allowed", hosts: Sequence[str] = ()
    ) -> Accepted:
        """Say which words and links messages may not hold, instead of what was said before."""
        return await self._send(SetFilter, words=tuple(words), links=links, hosts=tuple(hosts))

    async def archive(self) -> Accepted:
        """Archive the room: members can read it, but nobody can post or join."""
        return await self._send(ArchiveRoom)

    async def unarchive(self) -> Accepted:
        """Unarchive the room: members can post and users can join again."""
        return await self._send(UnarchiveRoom)

    async def remove(self) -> Accepted:
        """Take the room away from everybody."""
        return await self._send(RemoveRoom)

    async def restore(self) -> Accepted:
        """Bring the removed room back."""
        return await self._send(RestoreRoom)

    async def _send(self, command: type[C], **fields: Any) -> Accepted:
        return await self._client.send(command(client_id=self._client.new_id(), stream=self.id, **fields))
