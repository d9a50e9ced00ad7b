"""The user's inbox."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from protocol import limits
from protocol.http.base import Answer, CommandBody, Limit, Query
from protocol.ids import Author, StreamId
from protocol.inbox import LoginId, Matter, Seq


class InboxQuery(Query, frozen=True, kw_only=True):
    """Which part of the inbox; without ``before`` and ``after`` (give one of them) the newest page."""

    exclusive = ("before", "after")

    before: Seq | None = None
    """Items older than this seq."""
    after: Annotated[int, Meta(ge=0, le=limits.SEQ_MAX)] | None = None
    """Items newer than this seq: the oldest of them, so that no page between is left out."""
    limit: Limit = limits.PAGE_ITEMS_DEFAULT


class ReadUpTo(CommandBody, frozen=True, kw_only=True):
    """Mark the inbox as read up to this seq."""

    up_to: Annotated[int, Meta(ge=0, le=limits.SEQ_MAX)]


class InboxItem(Answer, frozen=True, kw_only=True, omit_defaults=True):
    """One item: ids only, so nothing of it is ever out of date or has to be erased. Which fields there are depends on
    ``type``, which is that of the event.
    """

    seq: int
    at: int
    """Unix time in milliseconds."""
    type: str
    read: bool
    room: StreamId | None = None
    message: int | None = None
    """The message's seq."""
    number: int | None = None
    """The message's number."""
    by: Author | None = None
    """Who mentioned, invited or befriended the user. They may be gone."""
    reply: bool | None = None
    direct: bool | None = None
    accepted: bool | None = None
    tournament: StreamId | None = None
    match: int | None = None
    """The match's number."""
    entrant: int | None = None
    """The number of the team in its tournament."""
    until: int | None = None
    """Until when the user must be ready for the match, Unix milliseconds."""
    matter: Matter | None = None
    login: LoginId | None = None


class InboxPage(Answer, frozen=True, kw_only=True):
    """A part of the inbox, the newest item first."""

    items: list[InboxItem]
    unread: int
    """In the whole inbox, at most INBOX_UNREAD_MAX."""
    read_up_to: int
    """Items up to this seq count as read."""
    before: int | None
    """Ask with this ``before`` for the items before these; None when there are none."""
    after: int | None
    """Ask with this ``after`` for newer items, now or later; None where nothing was found."""
