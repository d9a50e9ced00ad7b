"""Names of nodes that left go after a day; members, owners and young ones stay."""

from __future__ import annotations

import itertools
import time

import pytest
import trio

from actors.ports.log import Fence, FencedError
from gatherup.clock import SystemClock
from gatherup.report import NodeReport, read_report, report_text
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import execute, rows
from storage.postgres.streams.departed import DepartedNodes
from storage.postgres.streams.directory import PostgresDirectory
from tests.integration.site import HANG_S, running, settings

pytestmark = pytest.mark.real

NODE = """
insert into node (name, lease_s, protocol, bridged, member, report)
values (%(name)s, 2, 1, true, %(member)s, %(report)s) returning id
"""
REPORTED = "select id, fence, report from node where report like '%%\"at\"%%'"


async def test_names_of_nodes_that_left_are_forgotten_after_a_day(postgres_dsn: str) -> None:
    now_ms, hour_ms = int(time.time() * 1000), 3_600_000
    told = {
        "new": report_text(NodeReport(at=now_ms - 23 * hour_ms)),
        "old": report_text(NodeReport(at=now_ms - 25 * hour_ms)),
        "older": report_text(NodeReport(at=now_ms - 1000 * hour_ms)),
        "of the last release": report_text(NodeReport()),
        "no report": "",
    }
    async with Pool(postgres_dsn, autocommit=True) as pool:
        ids = dict[tuple[str, bool], int]()
        for name, member in itertools.product(told, (True, False)):
            node = {"name": f"{name} {member}", "member": member, "report": told[name]}
            ((ids[name, member],),) = await rows(pool, NODE, node)
        owner = {"owner": ids["older", False]}
        await execute(pool, "update shard set owner = %(owner)s where id = 7", owner)
        departed = DepartedNodes(pool)
        assert await departed.forget(now_ms - 24 * hour_ms, 2) == 2
        assert await departed.forget(now_ms - 24 * hour_ms, 100) == 1
        left = await rows(pool, "select name from node order by name", {})
    members = {f"{name} True" for name in told}
    assert {name for (name,) in left} == members | {"new False", "older False"}


async def test_a_node_tells_when_it_reported_and_a_forgotten_one_is_refused(postgres_dsn: str) -> None:
    """A node that was frozen for a day wakes up to find its row gone: its run is over."""
    async with (
        running(settings(postgres_dsn)),
        Pool(postgres_dsn, autocommit=True) as pool,
        PostgresDirectory(postgres_dsn, SystemClock()) as directory,
    ):
        while not (found := await rows(pool, REPORTED, {})):  # noqa: ASYNC110 - it is another's doing
            await trio.sleep(0.02)
        ((node, fence, report),) = found
        told = read_report(report)
        assert told is not None
        assert abs(told.at / 1000 - time.time()) < HANG_S
        with pytest.raises(FencedError):
            await directory.renew(Fence(node + 1, fence), hears=[], report="", known=None)
