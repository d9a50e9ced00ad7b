"""Migrating real databases, also by several at once and with every character in a password."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from gatherup.embedded import PostgresServer
from storage.postgres.migrate import MigrationFailed, migrate

pytestmark = pytest.mark.real


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    (tmp_path / "20250101000000_first.sql").write_text(
        "-- migrate:up\ncreate table first (a int);\nselect pg_sleep(0.2);\n-- migrate:down\n"
    )
    return tmp_path


def tables(dsn: str) -> set[str]:
    with psycopg.connect(dsn) as connection:
        query = "select table_name::text from information_schema.tables where table_schema = 'public'"
        return {name for (name,) in connection.execute(query)}


def test_applies_once_and_adds_what_is_new(empty_postgres_dsn: str, migrations: Path) -> None:
    migrate(empty_postgres_dsn, [migrations])
    migrate(empty_postgres_dsn, [migrations])
    (migrations / "20250102000000_second.sql").write_text(
        "-- migrate:up\ncreate table second (a int);\n-- migrate:down\n"
    )
    migrate(empty_postgres_dsn, [migrations])
    assert tables(empty_postgres_dsn) == {"first", "second", "schema_migrations"}
    assert {path.suffix for path in migrations.iterdir()} == {".sql"}  # no dump


def test_several_at_once_take_turns(empty_postgres_dsn: str, migrations: Path) -> None:
    with ThreadPoolExecutor(3) as threads:
        for done in [threads.submit(migrate, empty_postgres_dsn, [migrations]) for _ in range(3)]:
            done.result()
    assert "first" in tables(empty_postgres_dsn)


def test_creates_the_database(postgres_server: PostgresServer, migrations: Path) -> None:
    dsn = postgres_server.dsn_for("brand_new")
    migrate(dsn, [migrations])
    assert "first" in tables(dsn)
    with psycopg.connect(postgres_server.dsn, autocommit=True) as connection:
        connection.execute("drop database brand_new")


def test_a_bad_migration_fails_whole_and_says_why(empty_postgres_dsn: str, migrations: Path) -> None:
    (migrations / "20250102000000_bad.sql").write_text(
        "-- migrate:up\ncreate table x (a int);\nselec 1;\n-- migrate:down\n"
    )
    with pytest.raises(MigrationFailed, match="syntax error"):
        migrate(empty_postgres_dsn, [migrations])
    assert "x" not in tables(empty_postgres_dsn)


@pytest.mark.parametrize("over", ["socket", "tcp"])
def test_any_character_in_names_and_passwords(
    postgres_server: PostgresServer, migrations: Path, over: str
) -> None:
    user, password, database = "u@:/?#%'ü", "p@:/?#[]% &='\\ü", "d @/?#%'"
    with psycopg.connect(postgres_server.dsn, autocommit=True) as connection:
        connection.execute(
            sql.SQL("create role {} login password {}").format(sql.Identifier(user), sql.Literal(password))
        )
        connection.execute(
            sql.SQL("create database {} owner {}").format(sql.Identifier(database), sql.Identifier(user))
        )
        host = str(postgres_server.socket_dir) if over == "socket" else "127.0.0.1"
        dsn = make_conninfo(
            host=host, port=postgres_server.port, user=user, password=password, dbname=database
        )
        migrate(dsn, [migrations])
        assert "first" in tables(dsn)
        connection.execute(sql.SQL("drop database {}").format(sql.Identifier(database)))
        connection.execute(sql.SQL("drop role {}").format(sql.Identifier(user)))


def test_an_error_never_shows_the_password(postgres_server: PostgresServer, migrations: Path) -> None:
    dsn = make_conninfo(postgres_server.dsn, password="s3cret/pass word")
    with pytest.raises(MigrationFailed, match="password authentication failed") as raised:
        migrate(dsn, [migrations])
    assert "s3cret" not in str(raised.value)
