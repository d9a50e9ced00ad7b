"""The projection tables that have columns of their own; every storage keeps them alike.

A change to any other table needs no declaration: its values are kept as they are, under (stream, table, key).
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final, cast

from msgspec import Struct

from tests.released.code.actors.kind import LISTENERS, LISTENS_AFTER, SHARED_FACTS, Change, Delete, Row, Update, Value

INTEGER_MIN: Final = -(2**63)
INTEGER_MAX: Final = 2**63 - 1
_SEQ: Final = re.compile(r"[1-9][0-9]{0,18}").fullmatch


class Type(Enum):
    """What a column holds."""

    TEXT = auto()
    INTEGER = auto()
    """64 bits, signed."""
    BOOLEAN = auto()
    INTEGERS = auto()
    TEXTS = auto()


class Column(Struct, frozen=True):
    """One column; a required one is never null."""

    name: str
    type: Type
    required: bool = False


class Table(Struct, frozen=True):
    """A declared table: a row has exactly these columns, and null where a change names none."""

    name: str
    columns: tuple[Column, ...]
    seq_key: bool = False
    """The key is the seq of an event, in decimal."""


TABLES: Final = {
    table.name: table
    for table in (
        Table(LISTENERS, (Column(LISTENS_AFTER, Type.INTEGER),)),
        Table(
            "room",
            (
                Column("name", Type.TEXT),
                Column("topic", Type.TEXT),
                Column("access", Type.TEXT, required=True),
                Column("history", Type.BOOLEAN, required=True),
                Column("slow_mode_s", Type.INTEGER, required=True),
                Column("creator", Type.TEXT, required=True),
                Column("peer", Type.TEXT),
                Column("created_at", Type.INTEGER, required=True),
                Column("archived_at", Type.INTEGER),
                Column("deleted_at", Type.INTEGER),
            ),
        ),
        Table(
            "message",
            (
                Column("number", Type.INTEGER, required=True),
                Column("author", Type.TEXT, required=True),
                Column("body", Type.TEXT),
                Column("at", Type.INTEGER, required=True),
                Column("edited_at", Type.INTEGER),
                Column("deleted_at", Type.INTEGER),
                Column("edits", Type.INTEGERS, required=True),
                Column("reply_to", Type.INTEGER),
                Column("thread", Type.INTEGER),
                Column("mentions", Type.TEXTS),
                Column("everyone", Type.BOOLEAN),
                Column("reactions", Type.INTEGER),
            ),
            seq_key=True,
        ),
        Table(
            "reaction",
            (
                Column("message", Type.INTEGER, required=True),
                Column("author", Type.TEXT, required=True),
                Column("reaction", Type.TEXT, required=True),
                Column("at", Type.INTEGER, required=True),
            ),
        ),
        Table(
            "reaction_count",
            (
                Column("message", Type.INTEGER, required=True),
                Column("reaction", Type.TEXT, required=True),
                Column("count", Type.INTEGER, required=True),
            ),
        ),
    )
}
"""Times are Unix milliseconds; ``actors.room.project`` says what the room's tables hold."""


class UnstorableError(Exception):
    """A change that no storage can keep; the message says why."""


def checked(change: Change) -> Row | None:
    """The whole row after this change, of an Update the columns it names, None for a deleted one.

    Raises UnstorableError.
    """
    if change.table in SHARED_FACTS:
        raise UnstorableError(f"{change.table} is no table of a stream")
    check_text(change.key)
    table = TABLES.get(change.table)
    if table is not None and table.seq_key:
        seq_of(change.key)
    if isinstance(change, Delete):
        return None
    if table is None:
        check_text(change.table)
        for name, value in change.values.items():
            check_text(name)
            _check_value(value)
        return dict(change.values)
    if unknown := change.values.keys() - {column.name for column in table.columns}:
        raise UnstorableError(f"{change.table} has no column {', '.join(sorted(unknown))}")
    partly = isinstance(change, Update)
    return {
        column.name: _checked_cell(table, column, change.values)
        for column in table.columns
        if not partly or column.name in change.values
    }


def seq_of(key: str) -> int:
    """The seq that a key names. Raises UnstorableError."""
    # The pattern comes first: int() takes other spellings too, and one row must have one key.
    if not _SEQ(key) or (seq := int(key)) > INTEGER_MAX:
        raise UnstorableError(f"the key {key!r} is no seq")
    return seq


def _checked_cell(table: Table, column: Column, values: Row) -> Value:
    value = values.get(column.name)
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
        elif item is not None and not INTEGER_MIN <= item <= INTEGER_MAX:
            raise UnstorableError("an integer of more than 64 bits")


def check_text(text: str) -> None:
    """Raise UnstorableError for text that PostgreSQL can't store: U+0000, or half a surrogate pair."""
    if "\0" in text:
        raise UnstorableError("text with U+0000")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UnstorableError("text with half a surrogate pair") from None
