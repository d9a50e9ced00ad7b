"""Whether a node may run on the schema that its database has."""

from __future__ import annotations

from typing import Final

from storage.postgres.driver.errors import PostgresError
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import rows
from storage.postgres.schema.plan import Migrations

_UNDEFINED_TABLE: Final = "42P01"
_SCHEMA: Final = """
    select s.oldest, (select coalesce(array_agg(m.version), '{}') from schema_migrations m) from schema_serves s
"""


class SchemaUnfitError(Exception):
    """The node can't run on this schema; the message is a sentence for a person."""


async def check_schema(pool: Pool, migrations: Migrations) -> None:
    """Raise SchemaUnfitError unless the database has what these migrations' nodes need, and still serves them.

    A newer schema is taken while it does, so that a node comes back in the middle of a rolling upgrade. Raises
    PostgresError.
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
