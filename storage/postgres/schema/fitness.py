"""Whether a node may run on the schema that its database has."""

from __future__ import annotations

from typing import Final

from actors.tables import Tables
from storage.postgres.driver.errors import PostgresError
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import rows
from storage.postgres.schema.plan import Migrations

_UNDEFINED_TABLE: Final = "42P01"
_SCHEMA: Final = """
    select s.oldest, (select coalesce(array_agg(m.version), '{}') from schema_migrations m) from schema_serves s
"""

_COLUMNS: Final = """
    select p.name, array_agg(a.attname::text)
    from projected_table p
    join pg_attribute a on a.attrelid = to_regclass(quote_ident(p.name)) and a.attnum > 0 and not a.attisdropped
    where p.name = any (%(names)s) group by p.name
"""


class SchemaUnfitError(Exception):
    """The node can't run on this schema; the message is a sentence for a person."""


async def check_schema(pool: Pool, migrations: Migrations, tables: Tables) -> None:
    """Raise SchemaUnfitError unless the database has what these migrations' nodes need, and still serves them.

    ``tables`` are those that the node's kinds declare. A newer schema is taken while it serves them, so that a node
    comes back in the middle of a rolling upgrade. Raises PostgresError.
    """
    try:
        ((oldest, applied),) = await rows(pool, _SCHEMA, {})
    except PostgresError as error:
        if error.sqlstate != _UNDEFINED_TABLE:
            raise
        oldest, applied = 0, ()
    if not migrations.needed <= set(applied):
        raise SchemaUnfitError(
            "The database's schema is older than this version of GatherUp needs: run `gatherup migrate`, or"
            " `gatherup migrate pre` while nodes of the release before run."
        )
    if migrations.level < oldest:
        raise SchemaUnfitError(
            "The database's schema is newer than this version of GatherUp can use: `gatherup migrate post` of a later"
            " release was run. Start a node of that release."
        )
    await _check_tables(pool, tables)


async def _check_tables(pool: Pool, tables: Tables) -> None:
    """Raise SchemaUnfitError for a declaration without its table: its rows, or some of their values, would be lost."""
    found = dict(await rows(pool, _COLUMNS, {"names": list(tables)}))
    for table in tables.values():
        if table.name not in found:
            raise SchemaUnfitError(
                f"A kind declares the table {table.name}, which has no writer: a migration makes it with `make_writer`."
            )
        declared = {column.name for column in (*table.columns, *([table.key] if table.key else []))}
        if missing := declared - set(found[table.name]):
            raise SchemaUnfitError(
                f"A kind declares columns that the table {table.name} hasn't: {', '.join(sorted(missing))}. A migration"
                " adds them."
            )
