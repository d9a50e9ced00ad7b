"""The frames of the session protocol, version 1: what a client may send and what it gets.

Every frame is a map with its tag in ``t``. A kind's own commands (``room.post`` …) are client frames too:
they extend ``Command`` and join the union when the codec is built, see ``protocol.codec``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal

from msgspec import Meta, Raw, Struct
from msgspec.structs import force_setattr

from protocol import limits
from protocol.codes import Code
from protocol.event import Header
from protocol.ids import ClientId, StreamId, UserId

if TYPE_CHECKING:
    RawOrNone = Raw | None
else:
    # msgspec can't decode 'Raw | None': it takes anything as Raw, and ``_without_null`` turns a null into None.
    RawOrNone = Raw


def _without_null(frame: Struct, field: str) -> None:
    value = getattr(frame, field)
    if value is not None and bytes(value) in (b"\xc0", b"null"):
        force_setattr(frame, field, None)


class Frame(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="t"):
    """Base of everything on the socket."""


Status = Literal["online", "away", "busy", "invisible"]
"""How a user wants to be seen."""
ONLINE: Final = "online"
INVISIBLE: Final = "invisible"


class Position(Struct, frozen=True, kw_only=True):
    """How far a client has read one stream."""

    stream: StreamId
    incarnation: Annotated[int, Meta(ge=0, le=limits.SEQ_MAX)]
    """Which history of the database the seq belongs to."""
    seq: Annotated[int, Meta(ge=0, le=limits.SEQ_MAX)]
    """The last seq the client has processed; 0 before the first."""


# --- from the client ---------------------------------------------------------------------------------------


class ClientFrame(Frame, frozen=True, kw_only=True):
    """Base of what a client may send."""


class Hello(ClientFrame, frozen=True, kw_only=True, tag="hello"):
    """The first frame: the client's token, and its position in every stream it follows.

    Answered by a welcome, or by a close code.
    """

    token: Annotated[str, Meta(max_length=limits.TOKEN_CHARS_MAX)]
    protocol: Annotated[int, Meta(ge=0, le=limits.SEQ_MAX)] = limits.PROTOCOL_VERSION
    positions: Annotated[tuple[Position, ...], Meta(max_length=limits.POSITIONS_MAX)] = ()
    """Each is resumed like a subscribe with this ``since``."""
    status: Status = ONLINE
    """How the user wants to be seen from the first moment on; ``set_status`` changes it."""


class RefreshToken(ClientFrame, frozen=True, kw_only=True, tag="refresh_token"):
    """Replace the token by a newer one of the same user before the old one expires. Answered by accepted or refused."""

    client_id: ClientId
    token: Annotated[str, Meta(max_length=limits.TOKEN_CHARS_MAX)]


class Subscribe(ClientFrame, frozen=True, kw_only=True, tag="subscribe"):
    """Subscribe to a stream: from ``since`` if it can be replayed, else from a snapshot."""

    client_id: ClientId
    stream: StreamId
    since: Position | None = None


class Unsubscribe(ClientFrame, frozen=True, kw_only=True, tag="unsubscribe"):
    """End the subscription to a stream. Answered by accepted, after which nothing of the stream follows."""

    client_id: ClientId
    stream: StreamId


class Ping(ClientFrame, frozen=True, kw_only=True, tag="ping"):
    """Ask whether the server is still there.

    For clients whose WebSocket can't ping, as in browsers. Answered by accepted.
    """

    client_id: ClientId


class MarkRead(ClientFrame, frozen=True, kw_only=True, tag="mark_read"):
    """Mark a room as read up to this message number. Never goes back; not answered.

    Told to the user's sessions in their inbox, and in a direct room to the other, as a ``read`` signal whose data
    are ``room``, ``number`` and ``user``. A session gets its user's without subscribing to the inbox.
    """

    room: StreamId
    number: Annotated[int, Meta(ge=0, le=limits.SEQ_MAX)]


class WatchHeads(ClientFrame, frozen=True, kw_only=True, tag="watch_heads"):
    """Watch how much is new in these rooms, instead of the rooms named before; an empty list ends the watch.

    Answered by accepted, which a ``heads`` frame of all of them that the user is in follows, or by refused.
    """

    client_id: ClientId
    rooms: Annotated[tuple[StreamId, ...], Meta(max_length=limits.HEADS_ROOMS_MAX)] = ()


class Command(ClientFrame, frozen=True, kw_only=True):
    """Base of every durable command: what a stream's actor decides on."""

    client_id: ClientId
    resend: bool = False
    """True when this client sent the same command before and doesn't know its outcome."""


class StreamCommand(Command, frozen=True, kw_only=True):
    """Base of commands to a stream that exists."""

    stream: StreamId


class CreateCommand(Command, frozen=True, kw_only=True):
    """Base of commands that make a stream; its id derives from (author, client_id)."""


class Signal(ClientFrame, frozen=True, kw_only=True):
    """Base of ephemeral signals: not logged, not answered, dropped first under load.

    Told to a stream's subscribers as ``signal``, the fields of a signal's own as its data.
    """

    stream: StreamId


class Read(Signal, frozen=True, kw_only=True, tag="read"):
    """The server's own: this user has read this room up to this message number. Goes to inboxes and direct rooms."""

    room: StreamId
    number: int
    user: UserId


# --- from the server ---------------------------------------------------------------------------------------


class ServerFrame(Frame, frozen=True, kw_only=True):
    """Base of what a client gets."""


class SessionLimits(Struct, frozen=True, kw_only=True):
    """The limits a client should know."""

    frame_bytes_max: int = limits.FRAME_BYTES_MAX
    subscriptions_max: int = limits.SUBSCRIPTIONS_PER_SESSION_MAX
    inflight_commands_max: int = limits.INFLIGHT_COMMANDS_MAX
    commands_per_s: float = limits.COMMANDS_PER_S
    commands_burst: float = limits.COMMANDS_BURST
    signals_per_s: float = limits.SIGNALS_PER_S
    resume_events_max: int = limits.RESUME_EVENTS_MAX
    resend_for_s: float = limits.RESEND_FOR_S


class Welcome(ServerFrame, frozen=True, kw_only=True, tag="welcome", omit_defaults=False):
    """The hello was accepted. Answers to its positions follow, one subscribed (or refused) each.

    It tells all of its fields, also where they are what this page says: a client needn't know that.
    """

    session: str
    user: UserId
    node: str
    at: int
    """The server's time, Unix milliseconds."""
    protocol: int = limits.PROTOCOL_VERSION
    heartbeat_s: float = limits.HEARTBEAT_S
    token_expires_at: int
    """Unix milliseconds; send refresh_token before."""
    limits: SessionLimits = SessionLimits()


class Accepted(ServerFrame, frozen=True, kw_only=True, tag="accepted"):
    """The command took effect, durably. A resend of it gets the same answer."""

    client_id: ClientId
    stream: StreamId | None = None
    seq: int | None = None
    """The seq of the last event the command caused."""
    events: int = 0
    """How many events it caused: seq-events+1 … seq."""
    answer: RawOrNone = None
    """What the kind answers beyond that, if anything."""

    def __post_init__(self) -> None:
        _without_null(self, "answer")


class Refused(ServerFrame, frozen=True, kw_only=True, tag="refused"):
    """The command certainly changed nothing."""

    client_id: ClientId | None = None
    stream: StreamId | None = None
    """Set when a subscribe or a hello's position was refused."""
    code: Code
    message: str
    field: str | None = None
    retry: bool = False
    """Whether the same command can succeed later as it is."""
    retry_after_s: float | None = None


class Unknown(ServerFrame, frozen=True, kw_only=True, tag="unknown"):
    """The outcome isn't known: send the command again with the same client_id and ``resend``."""

    client_id: ClientId
    stream: StreamId | None = None
    retry_after_s: float = 1.0


Reply = Accepted | Refused | Unknown


class Subscribed(ServerFrame, frozen=True, kw_only=True, tag="subscribed"):
    """Events of the stream follow from ``seq`` + 1, each once, in order.

    With a ``snapshot`` the client forgets what it had: the snapshot is the state at ``seq``. Without one, its
    own position was good and ``seq`` repeats it.
    """

    client_id: ClientId | None = None
    """None when it answers a position of the hello."""
    stream: StreamId
    incarnation: int
    seq: int
    head: int
    """The last seq that existed when the subscription began."""
    snapshot: RawOrNone = None
    present: tuple[UserId, ...] = ()
    """Who listens now, as far as it is known here; nobody is named when there are more than PRESENT_USERS_MAX.

    ``presence`` signals tell of changes.
    """
    present_count: int = 0
    """How many there are in all."""

    def __post_init__(self) -> None:
        _without_null(self, "snapshot")


class Unsubscribed(ServerFrame, frozen=True, kw_only=True, tag="unsubscribed"):
    """The server ended a subscription; nothing of the stream follows."""

    stream: StreamId
    code: Code
    message: str


class Event(ServerFrame, frozen=True, kw_only=True, tag="event"):
    """One event of a subscribed stream."""

    header: Header
    payload: RawOrNone
    """None when it was erased."""

    def __post_init__(self) -> None:
        _without_null(self, "payload")


class Signalled(ServerFrame, frozen=True, kw_only=True, tag="signal"):
    """An ephemeral signal in a subscribed stream."""

    stream: StreamId
    author: str
    type: str
    data: dict[str, str | int | bool | list[str]] = {}


class RoomHead(Struct, frozen=True, kw_only=True):
    """How much is new in a room for one user."""

    room: StreamId
    seq: int
    """The last event."""
    number: int
    """The last message's number."""
    read: int
    """The user has read up to this number."""
    unread: int
    """Messages after that which are there and aren't the user's own; at UNREAD_MAX: so many or more."""
    mentions: int
    """Those of them that mention the user or everybody; at UNREAD_MAX: so many or more."""
    peer_read: int | None = None
    """In a direct room: the other has read up to this number."""


class Heads(ServerFrame, frozen=True, kw_only=True, tag="heads"):
    """What has changed in watched rooms, at most once in HEADS_INTERVAL_S.

    While a client is slow to read, frames are left out; the next one tells of all that changed meanwhile.
    """

    rooms: tuple[RoomHead, ...] = ()
    gone: tuple[StreamId, ...] = ()
    """Rooms that the user isn't in any more: they are watched no longer."""


class Goodbye(ServerFrame, frozen=True, kw_only=True, tag="goodbye"):
    """The last frame before the server closes: the close code, in words."""

    code: int
    message: str
    retry: bool
    retry_after_s: float | None = None


SESSION_FRAMES: tuple[type[ClientFrame], ...] = (
    Hello,
    RefreshToken,
    Subscribe,
    Unsubscribe,
    Ping,
    MarkRead,
    WatchHeads,
)
SERVER_FRAMES: tuple[type[ServerFrame], ...] = (
    Welcome,
    Accepted,
    Refused,
    Unknown,
    Subscribed,
    Unsubscribed,
    Event,
    Signalled,
    Heads,
    Goodbye,
)
