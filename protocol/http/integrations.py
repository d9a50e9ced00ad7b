"""The server API: what a game's own backend may do with a key, and what webhooks tell it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from protocol import limits
from protocol.event import Mark
from protocol.http.accounts.accounts import Device, DisplayName
from protocol.http.base import Answer, CommandBody, Limit, RequestBody
from protocol.ids import Author, StreamId, UserId
from protocol.room import Role, Seq
from protocol.text import NAME, NO_NUL, Body, RoomName

Scope = Literal[
    "streams.publish", "rooms.create", "rooms.manage", "tokens.mint", "tournaments.manage", "webhooks.manage"
]
KeyName = Annotated[str, Meta(min_length=1, max_length=limits.KEY_NAME_CHARS_MAX, pattern=NO_NUL, extra=NAME)]
HexId = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$(?!\n)", description="32 hexadecimal digits")]
ExternalId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=limits.EXTERNAL_ID_CHARS_MAX,
        pattern=NO_NUL,
        description="what the game knows its user by",
    ),
]
Url = Annotated[str, Meta(min_length=1, max_length=limits.URL_CHARS_MAX, pattern=r"^[\x21-\x7e]+$(?!\n)")]
EventType = Annotated[str, Meta(max_length=64, pattern=r"^[a-z0-9_]+\.[a-z0-9_]+$(?!\n)")]
EventTypes = Annotated[list[EventType], Meta(min_length=1, max_length=limits.WEBHOOK_TYPES_MAX)]

# --- keys ----------------------------------------------------------------------------------------------


class NewKey(RequestBody, frozen=True, kw_only=True):
    """Make an API key."""

    name: KeyName
    """What people recognise it by."""
    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=6)]
    lifetime_s: Annotated[int, Meta(ge=60, le=limits.KEY_LIFETIME_S_MAX)] | None = None
    """None: until it is revoked."""


class Key(Answer, frozen=True, kw_only=True):
    """An API key, without its secret."""

    key: HexId
    """What it does is done by the author ``key:`` and this."""
    name: str
    scopes: list[str]
    created_by: Author
    created_at: int
    """Unix milliseconds, as all times here."""
    expires_at: int | None
    last_used_at: int | None
    """To a minute."""
    revoked_at: int | None


class KeyMade(Answer, frozen=True, kw_only=True):
    """A new key; its text is told this once."""

    key: Key
    text: str
    """Sent as ``Authorization: Bearer gu_...``."""


class Keys(Answer, frozen=True, kw_only=True):
    """All keys, the newest first; revoked ones too."""

    keys: list[Key]


# --- rooms ---------------------------------------------------------------------------------------------


class ServerRoom(CommandBody, frozen=True, kw_only=True):
    """Make a room. Nobody is in it, and nobody owns it before somebody is given that role."""

    name: RoomName
    access: Literal["public", "private", "group"] = "public"
    history: bool = True


class ServerMember(CommandBody, frozen=True, kw_only=True):
    """Make a user a member of a room, with this role."""

    role: Role | None = None
    """None leaves the role as it is."""


class ServerMessage(CommandBody, frozen=True, kw_only=True):
    """Post a message whose author is the key."""

    body: Body
    reply_to: Seq | None = None
    thread: Seq | None = None


# --- users ---------------------------------------------------------------------------------------------


class MintToken(RequestBody, frozen=True, kw_only=True):
    """Sign a user of the game in: the account is made when it is asked for first."""

    external_id: ExternalId
    display_name: DisplayName
    """For a new account; an old one keeps the one it has."""
    device: Device = ""


# --- webhooks ------------------------------------------------------------------------------------------


class NewWebhook(RequestBody, frozen=True, kw_only=True):
    """Tell a URL of events of these types, from now on."""

    url: Url
    types: EventTypes


class ChangedWebhook(RequestBody, frozen=True, kw_only=True):
    """Change the settings of a webhook; what is None stays as it is."""

    url: Url | None = None
    types: EventTypes | None = None
    active: bool | None = None
    """True gives one that was disabled another chance."""


class Webhook(Answer, frozen=True, kw_only=True):
    """A webhook, and how it does."""

    webhook: HexId
    url: str
    types: list[str]
    active: bool
    """False: by request, or because it failed for too long. Events of the meantime aren't told later."""
    created_by: Author
    created_at: int
    failures: int
    """Since the last success."""
    failing_since: int | None
    last_error: str | None


class WebhookMade(Answer, frozen=True, kw_only=True):
    """A webhook, and the secret its messages are signed with."""

    webhook: Webhook
    secret: str
    """``whsec_`` and base64."""


class WebhookSecret(Answer, frozen=True, kw_only=True):
    """The new secret of a webhook. For a day messages are signed with the former one too."""

    secret: str


class Webhooks(Answer, frozen=True, kw_only=True):
    """All webhooks, and the types there are."""

    webhooks: list[Webhook]
    types: list[str]


class DeliveriesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of the list."""

    before: Annotated[int, Meta(ge=1, le=limits.SEQ_MAX)] | None = None
    """``before`` of the page before."""
    limit: Limit = limits.PAGE_ITEMS_DEFAULT


class Delivery(Answer, frozen=True, kw_only=True):
    """One attempt to tell a webhook of one event."""

    message: str
    """The header ``webhook-id``, the same in each attempt."""
    type: str
    at: int
    attempt: int
    status: int | None
    """The receiver's HTTP status; None when it didn't answer."""
    took_ms: int
    error: str | None


class Deliveries(Answer, frozen=True, kw_only=True):
    """Attempts, the newest first; kept for a week."""

    deliveries: list[Delivery]
    before: int | None
    """None on the last page."""


class WebhookMessage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of a webhook's request.

    Deliveries may repeat, and overtake each other: ``id`` tells repeats, ``stream`` and ``seq`` the order.
    """

    id: str
    """The header ``webhook-id``."""
    type: str
    at: int
    """When it happened."""
    stream: StreamId | None = None
    """None for what isn't an event of a stream."""
    seq: int | None = None
    author: Author | None = None
    marks: dict[str, Mark] = {}
    data: Any = None
    """The event's payload; null when it was erased before it was sent."""


class AccountCreated(Struct, frozen=True, kw_only=True):
    """``data`` of ``account.created``."""

    user: UserId
