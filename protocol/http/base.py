"""What bodies of every area are made of, and what isn't of any area."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Raw, Struct

from protocol import limits
from protocol.codes import Code
from protocol.ids import ClientId, StreamId

Limit = Annotated[int, Meta(ge=1, le=limits.PAGE_ITEMS_MAX)]
Cursor = Annotated[
    str,
    Meta(
        max_length=limits.CURSOR_CHARS_MAX,
        pattern=r"^[np][A-Za-z0-9_-]+$(?!\n)",
        description="``next`` of the page before, or ``previous`` of the one after; of the same list",
    ),
]


class Query(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the parameters of endpoints."""

    exclusive: ClassVar[tuple[str, ...]] = ()
    """Of these only one may be given."""


class RequestBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every request body."""


class Answer(Struct, frozen=True, kw_only=True):
    """Base of every answer."""


class CommandBody(RequestBody, frozen=True, kw_only=True):
    """Base of requests that change a stream. One sent again with its ``client_id`` takes effect once."""

    client_id: ClientId | None = None
    """Or the header Idempotency-Key; one of the two must be there."""
    resend: bool = False
    """True when the same request was sent before and its outcome isn't known."""


class CommandAccepted(Answer, frozen=True, kw_only=True):
    """The change was made and is durable. The same request again gets this same answer."""

    client_id: ClientId
    stream: StreamId | None = None
    seq: int | None = None
    """The seq of the last event it caused."""
    events: int = 0
    answer: Raw | None = None


class Health(Answer, frozen=True, kw_only=True):
    """Whether the node is ready, and if not, why."""

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
    ticket: str | None = None
    """With ``second_factor_needed``: what the sign-in goes on with."""
