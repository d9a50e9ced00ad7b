"""Messages of rooms, and what is put to them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from protocol import limits
from protocol.http.base import Answer, CommandBody, Cursor, Limit, Query
from protocol.ids import Author, UserId
from protocol.room import Seq
from protocol.text import Body, Reaction


class NewMessage(CommandBody, frozen=True, kw_only=True):
    """Post a message."""

    body: Body
    reply_to: Seq | None = None
    """The seq of the message it answers."""
    thread: Seq | None = None
    """The seq of the message whose thread it belongs to."""


class ChangedMessage(CommandBody, frozen=True, kw_only=True):
    """Edit the body of one's own message."""

    body: Body


class GivenReaction(CommandBody, frozen=True, kw_only=True):
    """A reaction to add to a message or to remove from it."""

    reaction: Reaction


class MessagesQuery(Query, frozen=True, kw_only=True):
    """Which part of the messages; without ``before`` and ``after`` (give one of them) the newest page."""

    exclusive = ("before", "after")

    before: Seq | None = None
    """Messages older than this seq."""
    after: Annotated[int, Meta(ge=0, le=limits.SEQ_MAX)] | None = None
    """Messages newer than this seq, the oldest of them first in line."""
    limit: Limit = limits.PAGE_ITEMS_DEFAULT


class ReactionCount(Answer, frozen=True, kw_only=True):
    """A reaction to a message."""

    reaction: str
    count: int
    mine: bool
    """Whether the one who asks has put it."""


class Message(Answer, frozen=True, kw_only=True):
    """A message as it reads now."""

    seq: int
    number: int
    """Counts the room's messages from 1."""
    at: int
    """Unix time in milliseconds."""
    author: Author
    body: str | None
    """None when it was deleted."""
    deleted: bool
    edited_at: int | None
    """Unix time in milliseconds of the last edit."""
    reply_to: int | None
    """The seq of the message it answers."""
    thread: int | None
    """The seq of the message whose thread it belongs to."""
    reactions: list[ReactionCount]
    """The one put most often first."""


class MessagePage(Answer, frozen=True, kw_only=True):
    """A part of the messages, the oldest first."""

    messages: list[Message]
    before: int | None
    """Ask with this ``before`` for the messages before these; None when there can't be any."""
    after: int | None
    """Ask with this ``after`` for newer messages, now or later; None where nothing was found."""


class PinnedMessages(Answer, frozen=True, kw_only=True):
    """The messages that the room shows first, in the order in which they were pinned."""

    messages: list[Message]


class ReactionsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose reactions to list."""

    reaction: Reaction | None = None
    """Only this one."""
    cursor: Cursor | None = None
    limit: Limit = limits.PAGE_ITEMS_DEFAULT


class GivenBy(Answer, frozen=True, kw_only=True):
    """Who put which reaction."""

    user: UserId
    reaction: str


class ReactionPage(Answer, frozen=True, kw_only=True):
    """Reactions to a message, by user."""

    reactions: list[GivenBy]
    next: str | None
    """The cursor of the page after this one; None on the last."""
    previous: str | None
    """The cursor of the page before this one; None on the first."""
