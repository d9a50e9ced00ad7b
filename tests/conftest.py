"""Fixtures for every test: real servers, started once per run and only when a test asks for one.

Each test gets a database of its own, cloned from a migrated template.
"""

import itertools
import random
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql

from gatherup.embedded import PostgresServer, ValkeyServer
from storage.postgres.schema.migrate import migrate
from tests.logs import log_to_pytest

# No test is timed, and a run is the same everywhere: new examples are looked for by hand, with a larger profile.
settings.register_profile(
    "suite", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("search", deadline=None, max_examples=10_000)
settings.load_profile("suite")
log_to_pytest()

# Nothing here outlives the run, so nothing needs to reach the disk. Crashes of the server are not
# crashes of the machine: what it wrote survives kill -9 in the page cache.
_TEST_SETTINGS = {"fsync": "off", "full_page_writes": "off", "max_connections": "200"}
_TEMPLATE = "migrated"
_numbers = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--shuffle", type=int, metavar="SEED", help="run the tests in the order of this seed")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if (seed := config.getoption("shuffle")) is not None:
        random.Random(seed).shuffle(items)


@pytest.fixture(scope="session")
def server_dir() -> Iterator[Path]:
    """A folder that also the servers' account can enter (pytest's own tmp_path is private to its user)."""
    path = Path(tempfile.mkdtemp(prefix="gatherup-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def postgres_server(server_dir: Path) -> Iterator[PostgresServer]:
    """The PostgreSQL of this run. A test that kills or stops a server starts one for itself."""
    server = PostgresServer(server_dir / "postgres", settings=_TEST_SETTINGS)
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="session")
def valkey_server(server_dir: Path) -> Iterator[ValkeyServer]:
    """The Valkey of this run. A test that kills or stops a server starts one for itself."""
    server = ValkeyServer(server_dir / "valkey")
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="session")
def _postgres_admin(postgres_server: PostgresServer) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_server.dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def _migrated_template(postgres_server: PostgresServer, _postgres_admin: psycopg.Connection) -> str:
    migrate(postgres_server.dsn_for(_TEMPLATE))
    return _TEMPLATE


def _fresh_database(admin: psycopg.Connection, dsn_for: Callable[[str], str], template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    # Copying the template's files takes a quarter of the time that writing its pages to the log does.
    create = sql.SQL("create database {} template {} strategy file_copy").format(
        sql.Identifier(name), sql.Identifier(template)
    )
    admin.execute(create)
    yield dsn_for(name)
    admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def postgres_dsn(
    postgres_server: PostgresServer, _postgres_admin: psycopg.Connection, _migrated_template: str
) -> Iterator[str]:
    """A fresh database with GatherUp's schema, as a libpq connection string."""
    yield from _fresh_database(_postgres_admin, postgres_server.dsn_for, _migrated_template)


@pytest.fixture(scope="session")
def shared_postgres_dsn(
    postgres_server: PostgresServer, _postgres_admin: psycopg.Connection, _migrated_template: str
) -> Iterator[str]:
    """The database of what all tests of a run share."""
    yield from _fresh_database(_postgres_admin, postgres_server.dsn_for, _migrated_template)


@pytest.fixture
def empty_postgres_dsn(postgres_server: PostgresServer, _postgres_admin: psycopg.Connection) -> Iterator[str]:
    """A fresh database without any table, as a libpq connection string."""
    yield from _fresh_database(_postgres_admin, postgres_server.dsn_for, "template1")


@pytest.fixture
def valkey_url(valkey_server: ValkeyServer) -> str:
    """The URL of a Valkey that was emptied."""
    with (
        socket.create_connection(("127.0.0.1", valkey_server.port)) as stream,
        stream.makefile("rb") as answers,
    ):
        stream.sendall(f"AUTH {valkey_server.password}\r\nFLUSHALL SYNC\r\n".encode())
        assert [answers.readline(), answers.readline()] == [b"+OK\r\n", b"+OK\r\n"]
    return valkey_server.url
