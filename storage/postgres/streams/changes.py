"""How changes of projected rows go into append_batch_v2: messages as columns, all others as JSON for a writer."""

from __future__ import annotations

from typing import Final

import msgspec

from actors.kind import Change, Row, Update, Upsert
from actors.tables import Table, Tables
from storage.postgres.driver.binary import (
    ArrayOf,
    bool_array,
    int4_array,
    int8_array,
    jsonb_array,
    text_array,
)
from storage.tables import UnstorableError, checked, checked_cell, seq_of

MESSAGE: Final = "message"
"""Most of what is written: its rows have parameters of their own."""
_PLAIN: Final = ("number", "author", "body", "at")
"""Its columns that every row has; the others are rare, and stand in ``more`` when they aren't their default."""
_OTHERS: Final = "projection_row"
"""The writer of all tables without a declaration."""

Rows = list[tuple[object, ...]]
_json: Final = msgspec.json.Encoder().encode
_MESSAGES: Final = (int4_array, int8_array, int8_array, text_array, text_array, int8_array)
_ROWS: Final = (int4_array, bool_array, text_array, text_array, jsonb_array)
_UPDATES: Final = (int4_array, text_array, text_array, jsonb_array)


def columns(types: tuple[ArrayOf, ...], rows: Rows) -> list[bytes]:
    """These rows, one array a column."""
    if not rows:
        return [array(()) for array in types]
    return [array(values) for array, values in zip(types, zip(*rows, strict=True), strict=True)]


class Changes:
    """The projected rows of one call, gathered append by append."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._message = tables.get(MESSAGE)
        self._messages: Rows = []
        self._more: list[bytes | None] = []
        self._rows: Rows = []
        self._updates: Rows = []

    def add(self, i: int, change: Change) -> None:
        """A change to the call's i-th stream. Raises UnstorableError, or what the JSON encoder raises."""
        if self._message is not None and change.table == MESSAGE and isinstance(change, Upsert):
            self._add_message(i, change, self._message)
            return
        row = checked(self._tables, change)
        name, value = change.table, None if row is None else _json(row)
        if name not in self._tables:
            name, value = _OTHERS, _json({"name": name, "value": row})
        if isinstance(change, Update):
            self._updates.append((i, name, change.key, value))
        else:
            self._rows.append((i, row is None, name, change.key, value))

    def _add_message(self, i: int, change: Upsert, table: Table) -> None:
        values = change.values
        self._messages.append((i, seq_of(change.key), *map(values.get, _PLAIN)))
        self._more.append(_more(table, values))

    def parameters(self) -> list[bytes]:
        """The function's parameters from ``m_i`` on. Raises what the arrays raise."""
        known = (
            [] if self._message is None else [c.name for c in self._message.columns if c.name not in _PLAIN]
        )
        return [
            *columns(_MESSAGES, self._messages),
            text_array(known),
            jsonb_array(self._more),
            *columns(_ROWS, self._rows),
            *columns(_UPDATES, self._updates),
        ]


def _more(table: Table, values: Row) -> bytes | None:
    """The rare columns of a message that aren't their default; None if all are."""
    rare = {name: value for name, value in values.items() if name not in _PLAIN}
    if not rare:
        return None
    more: dict[str, object] = {}
    for column in table.columns:
        if column.name in _PLAIN:
            continue
        value = rare.pop(column.name, column.default)
        if value != column.default:
            more[column.name] = checked_cell(table, column, value)
    if rare:
        raise UnstorableError(f"{table.name} has no column {', '.join(sorted(rare))}")
    return _json(more) if more else None
