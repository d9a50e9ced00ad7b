"""The log of the last release, by its own contract suite, on this version's schema.

The suite wants an empty database for each test. It gets one that is emptied, which is quicker than a new one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest

from gatherup.embedded import PostgresServer
from tests.conftest import _fresh_database
from tests.released.code.tests.contract.rig import Rig, postgres_rig
from tests.released.code.tests.contract.test_log import *  # noqa: F403 - the suite

pytestmark = pytest.mark.real

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


@pytest.fixture(scope="module")
def emptied_dsn(
    postgres_server: PostgresServer, _postgres_admin: psycopg.Connection, _rolling_template: str
) -> Iterator[str]:
    yield from _fresh_database(_postgres_admin, postgres_server.dsn_for, _rolling_template)


@pytest.fixture
async def log_under_test(emptied_dsn: str) -> AsyncIterator[Rig]:
    """In place of the suite's own: the log on PostgreSQL alone."""
    with psycopg.connect(emptied_dsn, autocommit=True) as connection:
        connection.execute(_EMPTY)
    async with postgres_rig(emptied_dsn) as rig:
        yield rig
