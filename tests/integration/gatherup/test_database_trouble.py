"""A database that is there and doesn't take what a node writes."""

from __future__ import annotations

import io
import uuid

import psycopg
import pytest
import trio
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from gatherup.canary.readiness import NOBODY_BETTER
from tests.integration.gatherup.test_node import until_degraded, until_ready, until_well
from tests.integration.site import Site, problem, running, settings

pytestmark = pytest.mark.real

_END_SESSIONS = (
    "select pg_terminate_backend(pid) from pg_stat_activity"
    " where datname = current_database() and pid <> pg_backend_pid()"
)


async def test_a_database_that_was_read_only_is_written_to_again(
    postgres_dsn: str, logs: io.StringIO
) -> None:
    """A session keeps the mode it began with: those that were opened meanwhile can't write afterwards either."""
    name = sql.Identifier(str(conninfo_to_dict(postgres_dsn)["dbname"]))
    read_only = sql.SQL("alter database {} set default_transaction_read_only = on").format(name)
    writable = sql.SQL("alter database {} reset default_transaction_read_only").format(name)
    async with running(settings(postgres_dsn, GATHERUP_CLUSTER_LEASE_S="0.5")) as addresses:
        site = Site(addresses.http)
        ann = await site.guest()
        room = await ann.new_room()
        await until_ready(site, 200)
        # The session of this test keeps the mode in which it began.
        with psycopg.connect(postgres_dsn, autocommit=True) as admin:
            admin.execute(read_only)
            admin.execute(_END_SESSIONS)
            await until_degraded(site, "The lease can't be renewed")
            # Every session that the node has by now was opened read-only: links, lines, and the pool's by reading.
            assert (await ann.http.get("/v1/rooms")).status_code == 200
            assert (await ann.send("POST", f"/v1/rooms/{room}/messages", body="no")).status_code == 503
            admin.execute(writable)
        await until_well(site)
        assert await ann.post(room, "again") == 2
        await site.aclose()
    said = logs.getvalue()
    assert said.count("PostgreSQL is read-only: its sessions are left for new ones until one can write") == 1
    assert said.count("PostgreSQL takes writes again") == 1
    assert "in a read-only transaction" in said, "PostgreSQL's own words"


_NO_SPACE = 'could not extend file "base/5/16384": No space left on device'
FILL_DISK = f"""
    create function no_space() returns trigger language plpgsql as $$
    begin
        raise exception '{_NO_SPACE}' using errcode = 'disk_full';
    end $$;
    create trigger no_space before insert on event for each row execute function no_space();
"""
"""Until the trigger is dropped no event can be written, as when there is no room for another page of the table."""


async def test_a_full_disk_is_told_in_postgresql_s_own_words(postgres_dsn: str, logs: io.StringIO) -> None:
    async with running(settings(postgres_dsn)) as addresses:
        site = Site(addresses.http)
        ann = await site.guest()
        room = await ann.new_room()
        await until_ready(site, 200)
        path, said = f"/v1/rooms/{room}/messages", {"client_id": str(uuid.uuid4()), "body": "no"}
        with psycopg.connect(postgres_dsn, autocommit=True) as admin:
            admin.execute(FILL_DISK)
            problem(await ann.send("POST", path, **said), 503, "unavailable")
            degraded = await until_degraded(site, _NO_SPACE)
            assert degraded == (
                f"A command wasn't accepted: unavailable. PostgreSQL says: {_NO_SPACE} {NOBODY_BETTER}"
            )
            await lost_canaries(site, 30)  # the log is told of readiness less often
            admin.execute("drop trigger no_space on event")
        await until_well(site)
        assert (await ann.send("POST", path, **said)).json()["seq"] == 2
        await site.aclose()
    assert logs.getvalue().count("No space left on device") == 1


async def lost_canaries(site: Site, count: int) -> None:
    """Return once so many canaries didn't come back."""
    with trio.fail_after(60):
        while True:
            told = (await site.http.get("/metrics")).text
            if float(told.split("\ngatherup_canaries_lost_total ")[1].split()[0]) >= count:
                return
            await trio.sleep(0.02)
