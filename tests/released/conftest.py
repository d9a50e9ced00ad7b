"""A database on which nodes of the last release and of this one run at once: this version's ``pre``, no ``post``."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from gatherup.embedded import PostgresServer
from storage.postgres.migrate import migrate
from storage.postgres.schema import Phase
from tests.conftest import _fresh_database

collect_ignore_glob = ["code/*"]
_TEMPLATE = "rolling"


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
