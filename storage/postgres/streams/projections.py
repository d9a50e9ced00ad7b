"""How projected rows come back as facts, by the declarations of the kinds.

A table without a declaration is read from ``projection_row``, so a kind of one's own needs no SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from msgspec import Struct
from psycopg.sql import SQL, Composable, Identifier, Literal

from actors.kind import Row
from actors.tables import Table, Tables, Type
from storage.tables import UnstorableError, seq_of

COLUMN_TYPES: Final = {
    Type.TEXT: "text",
    Type.INTEGER: "bigint",
    Type.BOOLEAN: "boolean",
    Type.INTEGERS: "bigint[]",
    Type.TEXTS: "text[]",
}
"""Of a declared column, as PostgreSQL calls them."""


class Projection(Struct, frozen=True):
    """How one table's facts are read.

    The statement takes stream, kind, table and keys, and returns the key as text, then the columns in order.
    """

    statement: str
    keys: Callable[[Sequence[str]], list[Any]]
    """Keys as the statement takes them; one that can't exist is left out."""
    row: Callable[[Sequence[Any]], Row]
    """A row from its columns."""


_OF_DECLARED: Final = SQL("""
    select {key}, {columns} from stream s join {table} t on t.stream_id = s.id
    where s.id = %(stream)s and s.kind = %(kind)s and s.deleted_at is null and {match}
""")
_OF_OTHERS: Final = """
    select p.key, p.value from stream s join projection_row p on p.stream_id = s.id
    where s.id = %(stream)s and s.kind = %(kind)s and s.deleted_at is null
      and p.name = %(table)s and p.key = any(%(keys)s::text[])
"""


def _declared(table: Table) -> Projection:
    names = tuple(column.name for column in table.columns)
    statement = _OF_DECLARED.format(
        key=_key_of(table),
        columns=SQL(", ").join(Identifier("t", name) for name in names),
        table=Identifier(table.name),
        match=_match_of(table),
    )
    return Projection(
        statement=statement.as_string(),
        keys=_seqs if table.by_seq else list[str],
        row=lambda values: dict(zip(names, values, strict=True)),
    )


def _key_of(table: Table) -> Composable:
    if table.key is None:
        return Literal("")
    return SQL("{}::text").format(Identifier("t", table.key.name))


def _match_of(table: Table) -> Composable:
    if table.key is None:
        return SQL("'' = any(%(keys)s::text[])")
    key = Identifier("t", table.key.name)
    return SQL("{} = any(%(keys)s::{}[])").format(key, SQL("bigint" if table.by_seq else "text"))


def _seqs(keys: Sequence[str]) -> list[int]:
    found: list[int] = []
    for key in keys:
        try:
            found.append(seq_of(key))
        except UnstorableError:
            continue  # there can't be such a row
    return found


OTHERS: Final = Projection(statement=_OF_OTHERS, keys=list[str], row=lambda values: cast("Row", values[0]))


def projections_of(tables: Tables) -> dict[str, Projection]:
    """How the facts of these tables are read; of any other, as ``OTHERS`` says."""
    return {name: _declared(table) for name, table in tables.items()}
