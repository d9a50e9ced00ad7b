"""The log says whether a commit wrote jobs, so that others wake nobody."""

from __future__ import annotations

import pytest

from actors.kind import Job
from actors.ports.log import Append, Fence, JobRow, LogRow, Verdict
from gatherup.kinds import TABLES
from storage.postgres.streams.log import PostgresLog
from tests import single
from tests.contract.rig import append, new_stream, postgres_rig

pytestmark = pytest.mark.real
MAIL = JobRow(1, 0, Job("mail", {}))
_HOOK = """
insert into webhook (id, url, types, patterns, created_by, created_at, active)
values (gen_random_uuid(), 'u', '{}', array['told'::bytea], 'x', 1, %s)
"""


async def test_an_append_says_whether_it_wrote_jobs(postgres_dsn: str) -> None:
    calls = list[str]()
    async with (
        postgres_rig(postgres_dsn) as rig,
        PostgresLog(postgres_dsn, rig.pool, rig.clock, TABLES, jobs_written=lambda: calls.append("")) as log,
    ):
        owner = await rig.owner()

        async def written(
            *jobs: JobRow, header: bytes = b"", fence: Fence = owner.fence, head: int = 0
        ) -> tuple[Verdict, int]:
            """What became of an append to a new stream, and how often jobs were told of."""
            stream, before = new_stream(), len(calls)
            made = await single.activate(
                log, owner.fence, stream, epoch=owner.epoch, create=True, state_version=1
            )
            assert made is not None
            one = append(stream, made.activation, head, events=(LogRow(head + 1, header, None),), jobs=jobs)
            (verdict,) = await log.append(fence, [one], wait_for_locks=True)
            return verdict, len(calls) - before

        assert await written() == (Verdict.ACCEPTED, 0)
        assert await written(MAIL) == (Verdict.ACCEPTED, 1)
        assert await written(MAIL, head=1) == (Verdict.BEHIND, 0)
        assert await written(MAIL, fence=Fence(owner.fence.node, 99)) == (Verdict.FENCED, 0)
        await rig.admin.execute(_HOOK, (False,))
        assert await written(header=b"it told") == (Verdict.ACCEPTED, 0)
        await rig.admin.execute(_HOOK, (True,))
        assert await written(header=b"it said") == (Verdict.ACCEPTED, 0)
        assert await written(header=b"it told") == (Verdict.ACCEPTED, 1)
        assert await written(MAIL, header=b"it told") == (Verdict.ACCEPTED, 1)


async def test_a_refused_append_beside_one_with_jobs_keeps_its_verdict(postgres_dsn: str) -> None:
    calls = list[str]()
    async with (
        postgres_rig(postgres_dsn) as rig,
        PostgresLog(postgres_dsn, rig.pool, rig.clock, TABLES, jobs_written=lambda: calls.append("")) as log,
    ):
        owner = await rig.owner()
        appends = list[Append]()
        for head in (0, 7, 0):
            made = await single.activate(
                log, owner.fence, stream := new_stream(), epoch=owner.epoch, create=True, state_version=1
            )
            assert made is not None
            appends.append(append(stream, made.activation, head, jobs=(MAIL,)))
        verdicts = await log.append(owner.fence, appends, wait_for_locks=True)
        assert verdicts == [Verdict.ACCEPTED, Verdict.BEHIND, Verdict.ACCEPTED]
        assert len(calls) == 1
