"""The bodies of the HTTP facade: what a request may hold and what an answer holds.

Requests are JSON objects; unknown members are refused, so that a misspelt one doesn't go unnoticed. Errors
are ``Problem`` documents (RFC 9457) with the same codes as on the socket.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Raw, Struct

from protocol import limits
from protocol.codes import Code
from protocol.ids import Author, ClientId, StreamId, UserId
from protocol.room import Seq
from protocol.text import NO_NUL, Body, Reason, RoomName

Handle = Annotated[
    str,
    Meta(
        min_length=limits.HANDLE_CHARS_MIN,
        max_length=limits.HANDLE_CHARS_MAX,
        pattern=r"^[A-Za-z0-9_]+$(?!\n)",
        description="unique whatever the case",
    ),
]
DisplayName = Annotated[str, Meta(min_length=1, max_length=limits.DISPLAY_NAME_CHARS_MAX, pattern=NO_NUL)]
Password = Annotated[
    str, Meta(min_length=limits.PASSWORD_CHARS_MIN, max_length=limits.PASSWORD_CHARS_MAX, pattern=NO_NUL)
]
Device = Annotated[str, Meta(max_length=limits.DEVICE_CHARS_MAX, pattern=NO_NUL)]
RefreshTokenText = Annotated[str, Meta(min_length=1, max_length=limits.TOKEN_CHARS_MAX)]
Limit = Annotated[int, Meta(ge=1, le=limits.PAGE_ITEMS_MAX)]
Cursor = Annotated[str, Meta(max_length=limits.CURSOR_CHARS_MAX, description="``next`` of the page before")]


class RequestBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every request body."""


class Answer(Struct, frozen=True, kw_only=True):
    """Base of every answer."""


# --- accounts --------------------------------------------------------------------------------------------


class Register(RequestBody, frozen=True, kw_only=True):
    """Make an account and sign in."""

    handle: Handle
    password: Password
    display_name: DisplayName | None = None
    """The handle, if none is given."""
    device: Device = ""
    """What the user will recognise this login by."""


class SignIn(RequestBody, frozen=True, kw_only=True):
    """Sign in with handle and password."""

    handle: Annotated[str, Meta(max_length=limits.HANDLE_CHARS_MAX, pattern=NO_NUL)]
    password: Annotated[str, Meta(max_length=limits.PASSWORD_CHARS_MAX, pattern=NO_NUL)]
    device: Device = ""


class SignInAsGuest(RequestBody, frozen=True, kw_only=True):
    """Make an account without handle and password, that lives as long as its login."""

    display_name: DisplayName
    device: Device = ""


class Refresh(RequestBody, frozen=True, kw_only=True):
    """Exchange a refresh token for the next one and a new access token."""

    refresh_token: RefreshTokenText


class Account(Answer, frozen=True, kw_only=True):
    """A user, as only they themselves see it."""

    user: UserId
    handle: str | None
    """None for a guest."""
    display_name: str
    created_at: int
    """Unix time in milliseconds."""


class ProfilesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose profiles: the parameter stands once for each user."""

    id: Annotated[list[UserId], Meta(min_length=1, max_length=limits.PROFILES_MAX)]


class Profile(Answer, frozen=True, kw_only=True):
    """A user, as everybody who is signed in sees them."""

    id: UserId
    handle: str | None
    """None for a guest."""
    display_name: str


class Profiles(Answer, frozen=True, kw_only=True):
    """Those of the users asked for that there are, each once, in no particular order."""

    users: list[Profile]


class SignedIn(Answer, frozen=True, kw_only=True):
    """A login: the access token for requests and hello, the refresh token for the next pair, good once."""

    user: UserId
    access_token: str
    access_expires_at: int
    """Unix time in milliseconds."""
    refresh_token: str
    refresh_expires_at: int
    """Unix time in milliseconds."""


# --- rooms -----------------------------------------------------------------------------------------------


class CommandBody(RequestBody, frozen=True, kw_only=True):
    """Base of requests that change a stream. One sent again with its ``client_id`` takes effect once."""

    client_id: ClientId | None = None
    """Or the header Idempotency-Key; one of the two must be there."""
    resend: bool = False
    """True when the same request was sent before and its outcome isn't known."""


class NewRoom(CommandBody, frozen=True, kw_only=True):
    """Make a room."""

    name: RoomName
    public: bool = True


class NewMessage(CommandBody, frozen=True, kw_only=True):
    """Post a message."""

    body: Body


class ChangedMessage(CommandBody, frozen=True, kw_only=True):
    """Give one's own message another body."""

    body: Body


class Kick(CommandBody, frozen=True, kw_only=True):
    """End somebody's membership."""

    user: UserId
    reason: Reason = ""


class RoomsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which rooms to list."""

    scope: Literal["public", "mine"] = "public"
    """``mine``: those one is a member of."""
    cursor: Cursor | None = None
    limit: Limit = limits.PAGE_ITEMS_DEFAULT


class MessagesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of the history; without ``before`` and ``after`` (give one of them) the newest page."""

    before: Seq | None = None
    """Messages older than this seq."""
    after: Annotated[int, Meta(ge=0, le=limits.SEQ_MAX)] | None = None
    """Messages newer than this seq, the oldest of them first in line."""
    limit: Limit = limits.PAGE_ITEMS_DEFAULT


class CommandAccepted(Answer, frozen=True, kw_only=True):
    """The change is durable. The same request again gets this same answer."""

    client_id: ClientId
    stream: StreamId | None = None
    seq: int | None = None
    """The seq of the last event it caused."""
    events: int = 0
    answer: Raw | None = None


class RoomSummary(Answer, frozen=True, kw_only=True):
    """A room in a list."""

    room: StreamId
    name: str | None
    """None when it was erased."""
    public: bool
    creator: UserId
    created_at: int
    """Unix time in milliseconds."""
    member: bool
    """Whether the one who asks is a member."""


class RoomPage(Answer, frozen=True, kw_only=True):
    """Rooms, the newest first."""

    rooms: list[RoomSummary]
    next: str | None
    """The cursor of the page after this one; None on the last."""


class Message(Answer, frozen=True, kw_only=True):
    """A message as it reads now."""

    seq: int
    at: int
    """Unix time in milliseconds."""
    author: Author
    body: str | None
    """None when it was deleted."""
    deleted: bool
    edited_at: int | None
    """Unix time in milliseconds of the last edit."""


class MessagePage(Answer, frozen=True, kw_only=True):
    """A part of the history, the oldest message first."""

    messages: list[Message]
    before: int | None
    """Ask with this ``before`` for the messages before these; None when there can't be any."""
    after: int | None
    """Ask with this ``after`` for newer messages, now or later; None where nothing was found."""


# --- the rest --------------------------------------------------------------------------------------------


class Health(Answer, frozen=True, kw_only=True):
    """How the node is."""

    status: Literal["ok", "unready"]
    reason: str | None = None
    """Why it isn't ready."""
    degraded: str | None = None
    """What doesn't work though it is ready: no other node could do better."""


class Problem(Answer, frozen=True, kw_only=True, omit_defaults=True):
    """Why a request failed (RFC 9457, application/problem+json)."""

    type: str
    """A link to the code's description."""
    title: str
    status: int
    detail: str
    code: Code
    retry: bool
    """Whether the same request can succeed later as it is."""
    field: str | None = None
    """The field, parameter or header at fault."""
    retry_after_s: float | None = None
    client_id: ClientId | None = None
