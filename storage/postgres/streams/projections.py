"""How projected rows come back as facts, by the declarations of the kinds.

A table without a declaration is read from ``projection_row``, so a kind of one's own needs no SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from msgspec import Struct
from psycopg.sql import SQL, Identifier

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

    The statement takes arrays of streams, kinds and keys, and the table's name; it returns a position in the arrays,
    from 1, then the columns in order.
    """

    statement: str
    stored: Callable[[str], Any]
    """A key as the statement takes it; None for one that can't exist."""
    row: Callable[[Sequence[Any]], Row]
    """A row from its columns."""


# One by one: with "limit" it isn't joined. The planner joins a crowd to a table of unknown size, such as one that has
# just grown, by scanning it for each.
_ASKED: Final = SQL("""
    from unnest(%(streams)s::uuid[], %(kinds)s::text[], %(keys)s::{type}[])
        with ordinality q(id, kind, key, position)
    cross join lateral (
        select s.* from stream s where s.id = q.id and s.kind = q.kind and s.deleted_at is null limit 1
    ) s
    cross join lateral (select t.* from {table} t where t.stream_id = s.id and {match} limit 1) t
""")
_OF_DECLARED: Final = SQL("select q.position, {columns} {asked}")


def _declared(table: Table) -> Projection:
    names = tuple(column.name for column in table.columns)
    statement = _OF_DECLARED.format(
        columns=SQL(", ").join(Identifier("t", name) for name in names),
        asked=_ASKED.format(
            type=SQL("bigint" if table.by_seq else "text"),
            table=Identifier(table.name),
            match=SQL("q.key = ''")
            if table.key is None
            else SQL("{} = q.key").format(Identifier("t", table.key.name)),
        ),
    )
    return Projection(
        statement=statement.as_string(),
        stored=_seq if table.by_seq else str,
        row=lambda values: dict(zip(names, values, strict=True)),
    )


def _seq(key: str) -> int | None:
    try:
        return seq_of(key)
    except UnstorableError:
        return None  # there can't be such a row


_OF_OTHERS: Final = SQL("select q.position, t.value {asked}").format(
    asked=_ASKED.format(
        type=SQL("text"),
        table=Identifier("projection_row"),
        match=SQL("t.name = %(table)s and t.key = q.key"),
    )
)
OTHERS: Final = Projection(
    statement=_OF_OTHERS.as_string(), stored=str, row=lambda values: cast("Row", values[0])
)


def projections_of(tables: Tables) -> dict[str, Projection]:
    """How the facts of these tables are read; of any other, as ``OTHERS`` says."""
    return {name: _declared(table) for name, table in tables.items()}
