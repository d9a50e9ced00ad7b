"""A database that is there and doesn't take what a node writes."""

from __future__ import annotations

import io

import psycopg
import pytest
import trio
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from tests.integration.gatherup.test_node import until_ready
from tests.integration.site import Site, running, settings

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
            await unready_because(site, "The lease can't be renewed")
            # Every session that the node has by now was opened read-only: links, lines, and the pool's by reading.
            assert (await ann.http.get("/v1/rooms")).status_code == 200
            assert (await ann.send("POST", f"/v1/rooms/{room}/messages", body="no")).status_code == 503
            admin.execute(writable)
        await until_ready(site, 200)
        assert await ann.post(room, "again") == 2
        await site.aclose()
    said = logs.getvalue()
    assert said.count("PostgreSQL is read-only: its sessions are left for new ones until one can write") == 1
    assert said.count("PostgreSQL takes writes again") == 1
    assert "in a read-only transaction" in said, "PostgreSQL's own words"


async def unready_because(site: Site, reason: str) -> str:
    """Return the whole sentence once the node is unready for this reason."""
    with trio.fail_after(60):
        while True:
            answer = await site.http.get("/health/ready")
            if answer.status_code == 503 and reason in answer.json()["reason"]:
                return answer.json()["reason"]
            await trio.sleep(0.02)
