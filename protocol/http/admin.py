"""What admins may do."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from protocol import limits
from protocol.http.base import Answer, Cursor, Limit, Query, RequestBody
from protocol.ids import Author, UserId
from protocol.text import Reason

AuditId = Annotated[int, Meta(ge=1, le=limits.SEQ_MAX)]
Act = Annotated[str, Meta(max_length=64, pattern=r"^[a-z_]+\.[a-z_]+$(?!\n)", examples=["account.banned"])]


class Ban(RequestBody, frozen=True, kw_only=True):
    """Keep a user out of the whole server."""

    reason: Reason = ""
    """For the admins alone."""


class BansQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of the list."""

    cursor: Cursor | None = None
    limit: Limit = limits.PAGE_ITEMS_DEFAULT


class Banned(Struct, frozen=True, kw_only=True):
    """A user who is kept out."""

    user: UserId
    at: int
    """Unix milliseconds."""
    reason: str


class BanPage(Answer, frozen=True, kw_only=True):
    """Bans, the newest first."""

    bans: list[Banned]
    next: str | None
    """The cursor of the page after this one; None on the last."""
    previous: str | None
    """The cursor of the page before this one; None on the first."""


class AuditQuery(Query, frozen=True, kw_only=True):
    """Which acts; without ``before`` and ``after`` (give one of them) the newest."""

    exclusive = ("before", "after")

    act: Act | None = None
    by: Author | None = None
    on: Annotated[str, Meta(max_length=64, pattern=r"^[a-z0-9:_-]+$(?!\n)")] | None = None
    before: AuditId | None = None
    """Acts older than the one of this id."""
    after: Annotated[int, Meta(ge=0, le=limits.SEQ_MAX)] | None = None
    """Acts newer than the one of this id, the oldest of them first in line."""
    limit: Limit = limits.PAGE_ITEMS_DEFAULT


class AuditEntry(Struct, frozen=True, kw_only=True):
    """A privileged or security act."""

    id: int
    at: int
    """Unix milliseconds."""
    act: str
    by: Author
    on: str | None
    """The id of whom or what it was done to."""
    from_address: str | None
    before: dict[str, str | int | bool | None] | None
    """The settings it changed, as they were."""
    after: dict[str, str | int | bool | None] | None


class AuditPage(Answer, frozen=True, kw_only=True):
    """Acts in the audit log, the newest first."""

    acts: list[AuditEntry]
    before: int | None
    """Ask with this ``before`` for older ones; None when there are none."""
    after: int | None
    """Ask with this ``after`` for newer ones, now or later; None where nothing was found."""
