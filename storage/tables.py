"""What a change to a projected table may hold, by the declarations of the kinds; every storage asks this alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, cast

from actors.kind import SHARED_FACTS, Change, Delete, Row, Update
from actors.tables import Column, Table, Tables, Type, Value

INTEGER_MIN: Final = -(2**63)
INTEGER_MAX: Final = 2**63 - 1
_SEQ: Final = re.compile(r"[1-9][0-9]{0,18}").fullmatch


class UnstorableError(Exception):
    """A change that no storage can keep; the message says why."""


BAD_VALUES: Final = (
    UnstorableError,
    TypeError,
    ValueError,
    AttributeError,
    LookupError,
    OverflowError,
    RecursionError,
)
"""What looking at the values of a kind may raise. It concerns their stream alone, and must never end a node."""


def checked(tables: Tables, change: Change) -> Row | None:
    """The whole row after this change, of an Update the columns it names, None for a deleted one.

    Raises UnstorableError.
    """
    if change.table in SHARED_FACTS:
        raise UnstorableError(f"{change.table} is no table of a stream")
    table = tables.get(change.table)
    check_key(table, change.key)
    if table is None:
        check_text(change.table)
    if isinstance(change, Delete):
        return None
    if table is None:
        check_values(change.values)
        return dict(change.values)
    check_names(table, change.values)
    values = change.values if isinstance(change, Update) else table.row(change.values)
    return {
        column.name: checked_cell(table, column, values[column.name])
        for column in table.columns
        if column.name in values
    }


def check_key(table: Table | None, key: str) -> None:
    """Raise UnstorableError for a key that this table, None for one without a declaration, can't have."""
    check_text(key)
    if table is None:
        return
    if table.by_seq:
        seq_of(key)
    elif table.key is None and key:
        raise UnstorableError(f"{table.name} has one row a stream, whose key is empty")


def check_names(table: Table, values: Row) -> None:
    """Raise UnstorableError if a value is of no column."""
    if unknown := values.keys() - {column.name for column in table.columns}:
        raise UnstorableError(f"{table.name} has no column {', '.join(sorted(unknown))}")


def check_distinct(changes: Sequence[Change]) -> None:
    """Raise UnstorableError if two of these are of one row: nobody could tell which comes last."""
    if len(changes) > 1 and len({(change.table, change.key) for change in changes}) != len(changes):
        raise UnstorableError("two changes of one row")


def check_values(values: Row) -> None:
    """Raise UnstorableError for values, or names of values, that JSON in PostgreSQL can't hold."""
    for name, value in values.items():
        check_text(name)
        _check_value(value)


def seq_of(key: str) -> int:
    """The seq that a key names. Raises UnstorableError."""
    # The pattern comes first: int() takes other spellings too, and one row must have one key.
    if not _SEQ(key) or (seq := int(key)) > INTEGER_MAX:
        raise UnstorableError(f"the key {key!r} is no seq")
    return seq


def checked_cell(table: Table, column: Column, value: Value) -> Value:
    """The value, if the column can hold it. Raises UnstorableError."""
    if value is None:
        if column.required:
            raise UnstorableError(f"{table.name}.{column.name} is required")
        return None
    match column.type:
        case Type.TEXT:
            fits = isinstance(value, str)
        case Type.INTEGER:
            fits = _is_integer(value)
        case Type.BOOLEAN:
            fits = isinstance(value, bool)
        case Type.INTEGERS:
            fits = isinstance(value, list) and all(_is_integer(item) for item in value)
        case Type.TEXTS:
            fits = isinstance(value, list) and all(isinstance(item, str) for item in value)
    if not fits:
        raise UnstorableError(f"{table.name}.{column.name} can't hold {type(value).__name__}")
    _check_value(value)
    return value


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_value(value: Value) -> None:
    for item in cast("list[str | int]", value) if isinstance(value, list) else (value,):
        if isinstance(item, str):
            check_text(item)
        elif item is not None and not _is_in_range(item):
            raise UnstorableError("a value that is no text, or no number of 64 bits")


def _is_in_range(value: object) -> bool:
    return isinstance(value, int | float) and INTEGER_MIN <= value <= INTEGER_MAX


def check_text(text: str) -> None:
    """Raise UnstorableError for text that PostgreSQL can't store: U+0000, or half a surrogate pair."""
    if "\0" in text:
        raise UnstorableError("text with U+0000")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UnstorableError("text with half a surrogate pair") from None
