"""How changes of projected rows go into append_batch_v3: messages as columns, all others as JSON for a writer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct

from actors.kind import Change, Row, Update, Upsert
from actors.tables import Column, Table, Tables
from storage.postgres.driver.binary import (
    Columns,
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
_MESSAGES: Final = Columns(
    int4_array, int8_array, int8_array, text_array, text_array, int8_array, jsonb_array
)
_ROWS: Final = Columns(int4_array, bool_array, text_array, text_array, jsonb_array)
_UPDATES: Final = Columns(int4_array, text_array, text_array, jsonb_array)


class Schema(Struct, frozen=True):
    """What a log knows of its tables; made once."""

    tables: Tables
    message: Table | None
    rare: Mapping[str, Column]
    known: bytes
    """The names of the rare columns, as a parameter: the writer leaves the others as they are."""


def schema_of(tables: Tables) -> Schema:
    """The schema of a node whose kinds declare these tables."""
    message = tables.get(MESSAGE)
    columns = () if message is None else message.columns
    rare = {column.name: column for column in columns if column.name not in _PLAIN}
    return Schema(tables, message, rare, text_array(list(rare)))


class Changes:
    """The projected rows of one call, gathered append by append."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._messages: Rows = []
        self._rows: Rows = []
        self._updates: Rows = []

    def add(self, i: int, change: Change) -> None:
        """A change to the call's i-th stream. Raises UnstorableError, or what the JSON encoder raises."""
        message, tables = self._schema.message, self._schema.tables
        if message is not None and change.table == MESSAGE and isinstance(change, Upsert):
            number, author, body, at = map(change.values.get, _PLAIN)
            # Whatever else doesn't fit is refused by the arrays, or by PostgreSQL.
            if isinstance(number, bool) or isinstance(at, bool):
                raise UnstorableError(f"{MESSAGE} can't hold bool")
            more = self._more(message, change.values)
            self._messages.append((i, seq_of(change.key), number, author, body, at, more))
            return
        row = checked(tables, change)
        name, value = change.table, None if row is None else _json(row)
        if name not in tables:
            name, value = _OTHERS, _json({"name": name, "value": row})
        if isinstance(change, Update):
            self._updates.append((i, name, change.key, value))
        else:
            self._rows.append((i, row is None, name, change.key, value))

    def _more(self, table: Table, values: Row) -> bytes | None:
        """The rare columns of a message that aren't their default; None if all are."""
        rare, more = self._schema.rare, dict[str, object]()
        for name, value in values.items():
            if name in _PLAIN:
                continue
            if (column := rare.get(name)) is None:
                raise UnstorableError(f"{table.name} has no column {name}")
            if value != column.default:
                more[name] = checked_cell(table, column, value)
        return _json(more) if more else None

    def parameters(self) -> list[bytes]:
        """The function's parameters from ``m_i`` on. Raises what the arrays raise."""
        return [
            *_MESSAGES.packed(self._messages),
            self._schema.known,
            *_ROWS.packed(self._rows),
            *_UPDATES.packed(self._updates),
        ]
