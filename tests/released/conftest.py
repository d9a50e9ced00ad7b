"""A database on which nodes of the last release and of this one run at once: this version's ``pre``, no ``post``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest

from gatherup.embedded import PostgresServer
from storage.postgres.schema.migrate import migrate
from storage.postgres.schema.plan import Phase
from tests.conftest import _fresh_database
from tests.released.code.tests.contract.rig import Rig, postgres_rig

collect_ignore_glob = ["code/*"]
_TEMPLATE = "rolling"
_EMPTY = """
    set session_replication_role = replica;  -- no foreign keys, no triggers
    do $$ declare emptied text; begin
        for emptied in select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
            and relname not in ('schema_migrations', 'schema_serves', 'incarnation', 'cluster', 'shard')
        loop
            execute format('delete from %I', emptied);
        end loop;
    end $$;
    update incarnation set number = 1;
    update cluster set name = '', secret_digest = '', version = 0;
    update shard set owner = null, epoch = 0;
"""


@pytest.fixture(scope="session")
def _rolling_template(postgres_server: PostgresServer, _postgres_admin: psycopg.Connection) -> str:
    migrate(postgres_server.dsn_for(_TEMPLATE), Phase.PRE)
    return _TEMPLATE


@pytest.fixture
def rolling_dsn(
    postgres_server: PostgresServer, _postgres_admin: psycopg.Connection, _rolling_template: str
) -> Iterator[str]:
    """A fresh database in the middle of a rolling upgrade, as a libpq connection string."""
    yield from _fresh_database(_postgres_admin, postgres_server.dsn_for, _rolling_template)


@pytest.fixture(scope="session")
def emptied_dsn(
    postgres_server: PostgresServer, _postgres_admin: psycopg.Connection, _rolling_template: str
) -> Iterator[str]:
    yield from _fresh_database(_postgres_admin, postgres_server.dsn_for, _rolling_template)


@pytest.fixture
async def log_under_test(emptied_dsn: str) -> AsyncIterator[Rig]:
    """In place of the suites' own: on PostgreSQL alone, in one database that is emptied for each test."""
    with psycopg.connect(emptied_dsn, autocommit=True) as connection:
        connection.execute(_EMPTY)
    async with postgres_rig(emptied_dsn) as rig:
        yield rig
