"""How a kind declares the tables it projects into; every storage derives the rest from this.

In PostgreSQL a migration makes the table and its writer (``create table``, ``select make_writer('...')``); a test holds
it to the declaration. A table that no kind declares needs no migration: its rows are kept as they are, under (stream,
table, key).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

from msgspec import Struct

Value = str | int | bool | None | list[str] | list[int]


class Type(Enum):
    """What a column holds."""

    TEXT = auto()
    INTEGER = auto()
    """64 bits, signed."""
    BOOLEAN = auto()
    INTEGERS = auto()
    TEXTS = auto()


class Column(Struct, frozen=True):
    """One column of a table."""

    name: str
    type: Type
    required: bool = False
    """Whether it is never null."""
    default: Value = None
    """What it holds in a row that names no value for it. Once released it doesn't change."""


KEY: Final = Column("key", Type.TEXT, required=True)


class Table(Struct, frozen=True):
    """A table that streams project into: each row belongs to one stream."""

    name: str
    columns: tuple[Column, ...]
    """At least one, besides the stream and the key."""
    key: Column | None = KEY
    """The column that tells the rows of one stream apart; an integer is the seq of an event.

    None: a stream has one row, whose key is ``""``.
    """

    @property
    def by_seq(self) -> bool:
        """Whether keys are seqs of events, in decimal."""
        return self.key is not None and self.key.type is Type.INTEGER

    def row(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """The whole row that has these values: a column that they don't name has its default."""
        return {column.name: values.get(column.name, column.default) for column in self.columns}


Tables = Mapping[str, Table]
"""The tables that a node knows, by name."""
