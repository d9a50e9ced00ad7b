"""Rooms on the wire: commands, events, signals and the snapshot view.

``MessagePosted`` … are payloads; who, when and where stand in the event's header. Every field a person wrote
(body, name, reason) is absent from a payload that was erased: the payload as a whole is emptied.
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from protocol import limits
from protocol.frames import CreateCommand, Signal, StreamCommand
from protocol.ids import StreamId, UserId
from protocol.text import Body, Reason, RoomName

KIND: Final = "room"
Seq = Annotated[int, Meta(ge=1, le=limits.SEQ_MAX)]

# --- commands ------------------------------------------------------------------------------------------


class CreateRoom(CreateCommand, frozen=True, kw_only=True, tag="room.create"):
    """Make a room; its creator is its first member and owner. ``accepted.stream`` is the room's id."""

    name: RoomName
    public: bool = True
    """Anyone may join a public room; a private one only by invitation."""


class JoinRoom(StreamCommand, frozen=True, kw_only=True, tag="room.join"):
    """Become a member."""


class LeaveRoom(StreamCommand, frozen=True, kw_only=True, tag="room.leave"):
    """Stop being a member; the subscription ends with the event."""


class PostMessage(StreamCommand, frozen=True, kw_only=True, tag="room.post"):
    """Append one message. ``accepted.seq`` names it from then on."""

    body: Body


class EditMessage(StreamCommand, frozen=True, kw_only=True, tag="room.edit"):
    """Give one's own message another body."""

    message: Seq
    body: Body


class DeleteMessage(StreamCommand, frozen=True, kw_only=True, tag="room.delete"):
    """Erase a message, one's own or as owner anyone's: its bodies, edits included, vanish everywhere."""

    message: Seq


class KickMember(StreamCommand, frozen=True, kw_only=True, tag="room.kick"):
    """As owner, end somebody's membership and their right to listen."""

    user: UserId
    reason: Reason = ""


class SendTyping(Signal, frozen=True, kw_only=True, tag="room.typing"):
    """Tell those present that one is typing. Not logged, not answered."""


COMMANDS: Final = (CreateRoom, JoinRoom, LeaveRoom, PostMessage, EditMessage, DeleteMessage, KickMember)
SIGNALS: Final = (SendTyping,)

# --- events --------------------------------------------------------------------------------------------


class RoomCreated(Struct, frozen=True, kw_only=True):
    """The first event of a room; the author is its owner and first member.

    The mark ``public`` repeats the field.
    """

    name: str
    public: bool


class MemberJoined(Struct, frozen=True, kw_only=True):
    """The author is a member now; the mark ``owner`` names them if they also became the owner."""


class MemberLeft(Struct, frozen=True, kw_only=True):
    """The author is a member no longer.

    If they owned the room, the mark ``owner`` names the next owner, ``""`` when nobody is left.
    """


class MessagePosted(Struct, frozen=True, kw_only=True):
    """A message; the header's seq names it, its mark ``number`` counts messages from 1."""

    body: str


class MessageEdited(Struct, frozen=True, kw_only=True):
    """The message at seq ``message`` has another body.

    Marks: ``message``, and of the original ``number`` and ``posted_at`` (Unix ms); ``edits``: the earlier edits' seqs.
    """

    message: int
    body: str


class MessageDeleted(Struct, frozen=True, kw_only=True):
    """The message at seq ``message`` is gone, and so are the bodies at the header's ``erases``.

    Marks: ``message``, and of the original ``number``, ``author`` and ``posted_at`` (Unix ms).
    """

    message: int


class MemberKicked(Struct, frozen=True, kw_only=True):
    """The author ended a membership."""

    user: UserId
    reason: str = ""


EVENTS: Final[dict[str, type[Struct]]] = {
    "room.created": RoomCreated,
    "room.joined": MemberJoined,
    "room.left": MemberLeft,
    "room.posted": MessagePosted,
    "room.edited": MessageEdited,
    "room.deleted": MessageDeleted,
    "room.kicked": MemberKicked,
}

# --- what a snapshot shows -----------------------------------------------------------------------------


class RoomView(Struct, frozen=True, kw_only=True):
    """The state of a room: no bodies; history is a request of its own."""

    room: StreamId
    owner: UserId | None
    """None while nobody is in the room: the next to join becomes its owner."""
    public: bool
    members: list[UserId]
    messages: int
    """How many messages were ever posted."""
