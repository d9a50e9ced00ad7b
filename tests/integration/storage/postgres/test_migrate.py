"""Migrating real databases, also by several at once and with every character in a password."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from gatherup.embedded import PostgresServer
from storage.postgres.schema.migrate import LOCK_TIMEOUT_S, MigrationFailed, migrate
from storage.postgres.schema.plan import Migrations, Phase

pytestmark = pytest.mark.real


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Migrations: one, of the first release."""
    for name in ("pre", "post"):
        (tmp_path / name).mkdir()
    (tmp_path / "releases.txt").write_text("20250101000000\n")
    add(tmp_path, "pre/20250101000000_first.sql", "create table first (a int);\nselect pg_sleep(0.2);")
    return tmp_path


def add(folder: Path, name: str, statements: str, options: str = "") -> None:
    (folder / name).write_text(f"-- migrate:up{options}\n{statements}\n-- migrate:down\n")


def bring_up(dsn: str, folder: Path, phase: Phase | None = None, **more: int) -> None:
    migrate(dsn, phase, migrations=Migrations.read(folder), **more)


def tables(dsn: str) -> set[str]:
    with psycopg.connect(dsn) as connection:
        query = "select table_name::text from information_schema.tables where table_schema = 'public'"
        return {name for (name,) in connection.execute(query)}


def test_applies_once_and_adds_what_is_new(empty_postgres_dsn: str, folder: Path) -> None:
    bring_up(empty_postgres_dsn, folder)
    bring_up(empty_postgres_dsn, folder)
    add(folder, "pre/20250102000000_second.sql", "create table second (a int);")
    bring_up(empty_postgres_dsn, folder)
    assert tables(empty_postgres_dsn) == {"first", "second", "schema_migrations"}
    assert {path.suffix for path in folder.glob("*/*")} == {".sql"}  # no dump


def test_several_at_once_take_turns(empty_postgres_dsn: str, folder: Path) -> None:
    with ThreadPoolExecutor(3) as threads:
        for done in [threads.submit(bring_up, empty_postgres_dsn, folder) for _ in range(3)]:
            done.result()
    assert "first" in tables(empty_postgres_dsn)


def test_creates_the_database(postgres_server: PostgresServer, folder: Path) -> None:
    dsn = postgres_server.dsn_for("brand_new")
    bring_up(dsn, folder)
    assert "first" in tables(dsn)
    with psycopg.connect(postgres_server.dsn, autocommit=True) as connection:
        connection.execute("drop database brand_new")


def test_a_bad_migration_fails_whole_and_says_why(empty_postgres_dsn: str, folder: Path) -> None:
    add(folder, "pre/20250102000000_bad.sql", "create table x (a int);\nselec 1;")
    with pytest.raises(MigrationFailed, match="syntax error"):
        bring_up(empty_postgres_dsn, folder)
    assert "x" not in tables(empty_postgres_dsn)


def test_one_that_gets_no_lock_lets_writers_pass_and_tries_again(
    empty_postgres_dsn: str, folder: Path
) -> None:
    bring_up(empty_postgres_dsn, folder)
    add(folder, "pre/20250102000000_b.sql", "alter table first add column b int;")
    with (
        ThreadPoolExecutor(1) as threads,
        psycopg.connect(empty_postgres_dsn, autocommit=True) as writer,
        psycopg.connect(empty_postgres_dsn) as holder,
    ):
        writer.execute("set statement_timeout = '20s'")
        holder.execute("select from first")  # holds the table until its transaction ends
        done = threads.submit(bring_up, empty_postgres_dsn, folder)
        waiting: object = None
        while waiting != (1,):
            waiting = writer.execute("select count(*) from pg_locks where not granted").fetchone()
        writer.execute("insert into first values (1)")  # behind the migration, until that gives way
        assert not done.done()
        holder.rollback()
        done.result(60)
        assert writer.execute("select a, b from first").fetchall() == [(1, None)]


def test_one_that_is_ended_by_a_deadlock_tries_again(empty_postgres_dsn: str, folder: Path) -> None:
    """A writer took the tables in the other order."""
    add(folder, "pre/20250101000001_second.sql", "create table second (a int);")
    (folder / "releases.txt").write_text("20250101000001\n")
    bring_up(empty_postgres_dsn, folder)
    both = "alter table first add column b int;\nalter table second add column b int;"
    add(folder, "pre/20250102000000_both.sql", both)
    with (
        ThreadPoolExecutor(1) as threads,
        psycopg.connect(empty_postgres_dsn, autocommit=True) as admin,
        psycopg.connect(empty_postgres_dsn) as writer,
    ):
        name = sql.Identifier(writer.info.dbname)
        admin.execute(sql.SQL("alter database {} set deadlock_timeout = '100ms'").format(name))
        writer.execute("set deadlock_timeout = '1min'")  # so that the migration is the one that is ended
        writer.execute("insert into second values (1)")
        done = threads.submit(bring_up, empty_postgres_dsn, folder)
        waiting: object = None
        while waiting != (1,):
            waiting = admin.execute("select count(*) from pg_locks where not granted").fetchone()
        writer.execute("insert into first values (1)")
        writer.commit()
        done.result(60)
        assert admin.execute("select a, b from first").fetchall() == [(1, None)]


def test_one_that_never_gets_its_lock_gives_up_and_changes_nothing(
    empty_postgres_dsn: str, folder: Path
) -> None:
    bring_up(empty_postgres_dsn, folder)
    add(folder, "pre/20250102000000_b.sql", "create table second ();\nalter table first add column b int;")
    with psycopg.connect(empty_postgres_dsn) as holder:
        holder.execute("select from first")
        with pytest.raises(MigrationFailed, match="held a table through 1 tries"):
            bring_up(empty_postgres_dsn, folder, lock_tries=1)
    assert "second" not in tables(empty_postgres_dsn)


def test_an_index_is_built_concurrently(empty_postgres_dsn: str, folder: Path) -> None:
    """It waits for who holds the table, longer than any other migration does, and writers go on meanwhile."""
    bring_up(empty_postgres_dsn, folder)
    build = "create index concurrently first_a on first (a);"
    add(folder, "pre/20250102000000_index.sql", build, " transaction:false")
    with (
        ThreadPoolExecutor(1) as threads,
        psycopg.connect(empty_postgres_dsn, autocommit=True) as writer,
        psycopg.connect(empty_postgres_dsn) as holder,
    ):
        holder.execute("insert into first values (1)")
        done = threads.submit(bring_up, empty_postgres_dsn, folder)
        waiting: object = None
        while waiting != (1,):
            waiting = writer.execute("select count(*) from pg_locks where not granted").fetchone()
        writer.execute("select pg_sleep(%s)", (LOCK_TIMEOUT_S * 1.2,))
        writer.execute("set lock_timeout = '1ms'")
        writer.execute("insert into first values (2)")
        holder.commit()
        done.result(60)
        assert writer.execute(
            "select indisvalid from pg_index where indexrelid = 'first_a'::regclass"
        ).fetchall() == [(True,)]


@pytest.mark.parametrize("over", ["socket", "tcp"])
def test_any_character_in_names_and_passwords(
    postgres_server: PostgresServer, folder: Path, over: str
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
        bring_up(dsn, folder)
        assert "first" in tables(dsn)
        connection.execute(sql.SQL("drop database {}").format(sql.Identifier(database)))
        connection.execute(sql.SQL("drop role {}").format(sql.Identifier(user)))


def test_an_error_never_shows_the_password(postgres_server: PostgresServer, folder: Path) -> None:
    dsn = make_conninfo(postgres_server.dsn, password="s3cret/pass word")
    with pytest.raises(MigrationFailed, match="password authentication failed") as raised:
        bring_up(dsn, folder)
    assert "s3cret" not in str(raised.value)
