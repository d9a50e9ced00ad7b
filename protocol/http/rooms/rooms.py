"""Rooms themselves: made, listed, changed, put away."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from protocol import limits
from protocol.http.base import Answer, CommandBody, Cursor, Limit
from protocol.ids import Author, StreamId, UserId
from protocol.room import Access, Links, Role
from protocol.text import FilteredWord, Host, RoomName, Topic


class NewRoom(CommandBody, frozen=True, kw_only=True):
    """Make a room."""

    name: RoomName
    access: Literal["public", "private", "group"] = "public"
    history: bool = True
    """Whether who joins may read what was said before."""


class DirectRoom(CommandBody, frozen=True, kw_only=True):
    """Open the direct room with a user: it is made unless the two have one."""

    user: UserId


class ChangedRoom(CommandBody, frozen=True, kw_only=True):
    """Change the settings of a room; what is left out stays as it is."""

    name: RoomName | None = None
    topic: Topic | None = None
    """``""`` for none."""
    access: Literal["public", "private"] | None = None
    history: bool | None = None
    slow_mode_s: Annotated[int, Meta(ge=0, le=limits.SLOW_MODE_S_MAX)] | None = None
    confirm: bool = False
    """That messages may become readable to others, by ``history`` or ``access``; else it is refused with
    ``confirm_needed`` if there are any.
    """


class NewFilter(CommandBody, frozen=True, kw_only=True):
    """The words and links that messages may not hold, instead of those before."""

    words: Annotated[tuple[FilteredWord, ...], Meta(max_length=limits.FILTERED_WORDS_MAX)] = ()
    links: Links = "allowed"
    hosts: Annotated[tuple[Host, ...], Meta(max_length=limits.FILTERED_HOSTS_MAX)] = ()


class Filter(Answer, frozen=True, kw_only=True):
    """The words and links that messages may not hold."""

    words: list[str]
    links: Links
    hosts: list[str]


class RoomsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which rooms to list."""

    scope: Literal["public", "mine", "invited", "removed"] = "public"
    """``mine``: those one is a member of. ``invited``: those one was invited to. ``removed``: those one owned and can
    restore; such a page may hold fewer than ``limit``.
    """
    cursor: Cursor | None = None
    limit: Limit = limits.PAGE_ITEMS_DEFAULT


class RoomSummary(Answer, frozen=True, kw_only=True):
    """A room in a list."""

    room: StreamId
    name: str | None
    """None in a direct room, and when it was erased."""
    topic: str
    access: Access
    peer: UserId | None
    """In a direct room, the other one."""
    creator: Author
    created_at: int
    """Unix time in milliseconds."""
    archived: bool
    member: bool
    """Whether the one who asks is a member."""
    invited: bool
    """Whether they were invited, and haven't joined."""
    restorable_until: int | None
    """Of a removed room: until when it can be restored, Unix time in milliseconds."""


class RoomPage(Answer, frozen=True, kw_only=True):
    """Rooms, the newest first."""

    rooms: list[RoomSummary]
    next: str | None
    """The cursor of the older rooms after these; None when there are none."""
    previous: str | None
    """The cursor of the newer rooms before these; None when there are none."""


class RoomDetail(Answer, frozen=True, kw_only=True):
    """One room in detail. What only members may know is left out for others: zero, empty or None."""

    room: StreamId
    name: str | None
    """None in a direct room, and when it was erased."""
    topic: str
    access: Access
    peer: UserId | None
    """In a direct room, the other one."""
    creator: Author
    created_at: int
    """Unix time in milliseconds."""
    archived: bool
    history: bool
    """Whether who joins may read what was said before."""
    slow_mode_s: int
    member: bool
    """Whether the one who asks is a member."""
    invited: bool
    """Whether they were invited, and haven't joined."""
    role: Role | None
    """That of the one who asks."""
    muted_until: int | None
    """Until when the one who asks may only listen, Unix time in milliseconds."""
    members: int
    moderators: list[UserId]
    """The owner not among them."""
    owner: UserId | None
    messages: int
    """How many messages were ever posted: the number of the last."""
    pinned: list[int]
    """Seqs of messages, in the order in which they were pinned."""
