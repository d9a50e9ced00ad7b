"""Whole rows, as storages keep them, made from what the kinds declare."""

from __future__ import annotations

from typing import Final

from actors.kind import Value, tables_of
from actors.room.kind import RoomKind

_ROOM: Final = tables_of((RoomKind(b"k" * 32),))["room"]


def room_row(creator: str, **columns: Value) -> dict[str, Value]:
    """The row of a public room, with these columns otherwise."""
    made: dict[str, Value] = {"access": "public", "history": True, "slow_mode_s": 0, "created_at": 1}
    row = _ROOM.row({**made, "creator": creator})
    assert columns.keys() <= row.keys()
    return row | columns
