"""The state of an inbox: which items are unread. The items themselves are rows."""

from __future__ import annotations

from msgspec import Struct


class Inbox(Struct, frozen=True):
    """The state of one inbox."""

    inbox: str
    unread: tuple[int, ...] = ()
    """Seqs of the items after ``read_up_to``, ascending; at most INBOX_UNREAD_MAX."""
    read_up_to: int = 0
    """The items up to this seq count as read."""
