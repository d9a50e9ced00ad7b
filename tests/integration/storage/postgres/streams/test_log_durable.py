"""Accepted means durable, whatever the server's own default is."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from actors.ports.log import Verdict
from tests import single
from tests.contract.rig import append, new_stream, postgres_rig

pytestmark = pytest.mark.real

# Tells, from inside the transaction that appends, whether its COMMIT will wait for the disk.
_SPY = """
create table seen (setting text);
create function spy() returns trigger language plpgsql as $$
begin
    insert into seen values (current_setting('synchronous_commit'));
    return new;
end $$;
create trigger spy after insert on event for each row execute function spy();
"""


async def test_a_commit_waits_for_the_disk_even_where_the_default_is_not_to(postgres_dsn: str) -> None:
    name = str(conninfo_to_dict(postgres_dsn)["dbname"])
    with psycopg.connect(postgres_dsn, autocommit=True) as admin:
        admin.execute(_SPY)
        admin.execute(sql.SQL("alter database {} set synchronous_commit = off").format(sql.Identifier(name)))
        async with postgres_rig(postgres_dsn) as rig:
            owner = await rig.owner()
            fence = owner.fence
            stream = new_stream()
            made = await single.activate(
                rig.log, fence, stream, epoch=owner.epoch, create=True, state_version=1
            )
            assert made is not None
            verdicts = await rig.log.append(fence, [append(stream, made.activation, 0)], wait_for_locks=True)
        assert verdicts == [Verdict.ACCEPTED]
        assert admin.execute("select setting from seen").fetchall() == [("on",)]
