"""Reports of messages, and what becomes of them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from protocol import limits
from protocol.http.base import Answer, Cursor, Limit, RequestBody
from protocol.http.rooms.messages import Message
from protocol.ids import StreamId, UserId
from protocol.text import Reason

ReportId = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$(?!\n)", description="32 hexadecimal digits")]
Ground = Literal["spam", "harassment", "hate", "sexual", "violence", "other"]
"""Why a message is reported."""
Verdict = Literal["acted", "dismissed"]
"""What came of a report: something was done, or nothing was wrong."""


class NewReport(RequestBody, frozen=True, kw_only=True):
    """Report a message to the people who keep order.

    One again, by the same user, replaces the first while it is open.
    """

    ground: Ground
    note: Reason = ""


class CloseReport(RequestBody, frozen=True, kw_only=True):
    """Close a report that was looked at."""

    verdict: Verdict


class ReportsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which reports to list."""

    state: Literal["open", "closed"] = "open"
    cursor: Cursor | None = None
    limit: Limit = limits.PAGE_ITEMS_DEFAULT


class Reported(Answer, frozen=True, kw_only=True):
    """The report was handed to the people who keep order."""

    report: ReportId


class Report(Answer, frozen=True, kw_only=True):
    """A report of a message."""

    report: ReportId
    room: StreamId
    reporter: UserId
    ground: Ground
    note: str
    at: int
    """Unix time in milliseconds."""
    message: Message
    """As it reads now."""
    verdict: Verdict | None
    """None while it is open."""
    closed_by: UserId | None
    closed_at: int | None
    """Unix time in milliseconds."""


class ReportPage(Answer, frozen=True, kw_only=True):
    """Reports, the newest first."""

    reports: list[Report]
    next: str | None
    """The cursor of the older reports after these; None when there are none."""
    previous: str | None
    """The cursor of the newer reports before these; None when there are none."""
