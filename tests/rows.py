"""Whole rows, as the kinds project them, in one place: a new column is added here."""

from __future__ import annotations

from actors.kind import Value


def room_row(creator: str, **columns: Value) -> dict[str, Value]:
    """The row of a public room, with these columns otherwise."""
    row: dict[str, Value] = {
        "name": None,
        "topic": None,
        "access": "public",
        "history": True,
        "slow_mode_s": 0,
        "creator": creator,
        "peer": None,
        "created_at": 1,
        "archived_at": None,
        "deleted_at": None,
    }
    assert columns.keys() <= row.keys()
    return row | columns
