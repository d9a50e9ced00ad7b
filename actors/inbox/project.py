"""The rows of an inbox, for lists: an item each, and how far the owner has read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from actors.inbox.apply import ITEMS
from actors.kind import Change, Row, Upsert
from protocol.event import Header

ITEM: Final = "inbox_item"
"""The key is ``item_key``. ``type``, ``at`` (Unix ms), and the event's marks."""
READ: Final = "inbox_read"
"""One row, with the key "". ``up_to``: items up to this seq count as read. No row: none does."""
_SEQ_DIGITS: Final = 16
"""Of SEQ_MAX: keys of one length sort as their numbers do."""


def item_key(seq: int) -> str:
    """The key of an item's row: items sort by it."""
    return f"{seq:0{_SEQ_DIGITS}d}"


def project(header: Header) -> Sequence[Change]:
    """The rows that one event changes."""
    changes: list[Change] = []
    if header.type in ITEMS:
        changes.append(Upsert(ITEM, item_key(header.seq), _item(header)))
    if isinstance(up_to := header.marks.get("up_to"), int):
        changes.append(Upsert(READ, "", {"up_to": up_to}))
    return changes


def _item(header: Header) -> Row:
    marks = {
        name: mark for name, mark in header.marks.items() if name != "up_to" and isinstance(mark, int | str)
    }
    return {"type": header.type, "at": header.at, **marks}
