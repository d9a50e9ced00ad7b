"""`gatherup migrate`, as operators run it before `gatherup serve`."""

from __future__ import annotations

import psycopg
import pytest
from click.testing import CliRunner, Result

from gatherup.cli import main
from storage.postgres.schema.plan import own
from tests.integration.site import Site, running, settings

pytestmark = pytest.mark.real


def migrated(dsn: str, *phase: str) -> Result:
    return CliRunner().invoke(main, ["migrate", *phase], env={"DATABASE_URL": dsn})


async def test_an_empty_database_becomes_one_that_serves(empty_postgres_dsn: str) -> None:
    for _ in range(2):
        done = migrated(empty_postgres_dsn)
        assert (done.exit_code, done.output) == (0, "")
    async with running(settings(empty_postgres_dsn)) as addresses:
        site = Site(addresses.http)
        await (await site.guest()).new_room()
        await site.aclose()


def test_the_two_phases_are_commands(empty_postgres_dsn: str) -> None:
    early = migrated(empty_postgres_dsn, "post")
    assert early.exit_code == 1
    assert early.output.startswith("The database could not be migrated: Its `pre` migrations are missing: ")
    for phase in ("pre", "post", "post", "pre"):
        done = migrated(empty_postgres_dsn, phase)
        assert (done.exit_code, done.output) == (0, "")
    with psycopg.connect(empty_postgres_dsn) as connection:
        applied = {version for (version,) in connection.execute("select version from schema_migrations")}
    assert applied == {migration.version for migration in own().ordered}


def test_an_unreachable_database_is_a_sentence_without_its_password() -> None:
    done = migrated("postgresql://x:secret-word@127.0.0.1:1/x")
    assert done.exit_code == 1
    assert done.output.startswith("The database could not be migrated: ")
    assert "secret-word" not in done.output
    assert "Traceback" not in done.output


def test_a_migration_that_fails_changes_nothing(empty_postgres_dsn: str) -> None:
    with psycopg.connect(empty_postgres_dsn, autocommit=True) as connection:
        connection.execute("create table account (something_else int)")
        assert migrated(empty_postgres_dsn).exit_code == 1
        assert connection.execute("select count(*) from account").fetchone() == (0,)
