"""Readiness tells the truth of a node among others: what passes the bus and a second node, and what doesn't."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
import trio

from gatherup.canary.readiness import NOBODY_BETTER
from gatherup.chaos.proxy import Direction, FaultProxy
from gatherup.embedded import embedded_valkey
from tests.integration.actors.cluster.rig import Rig, rig
from tests.integration.gatherup.test_database_trouble import FILL_DISK

pytestmark = [pytest.mark.real, pytest.mark.slow]
QUICK = {"GATHERUP_CANARY_TIMEOUT_S": "1"}


@asynccontextmanager
async def through_proxy(url: str) -> AsyncIterator[tuple[str, FaultProxy]]:
    """The URL of the same server behind a proxy."""
    parts = urlsplit(url)
    assert parts.port is not None
    proxy = FaultProxy("127.0.0.1", parts.port)
    async with trio.open_nursery() as nursery:
        await nursery.start(proxy.run)
        yield f"redis://:{parts.password}@127.0.0.1:{proxy.port}", proxy
        nursery.cancel_scope.cancel()


def reason(answer: httpx.Response) -> str:
    return answer.json()["reason"] or ""


async def three(cluster: Rig, third_redis: str) -> None:
    for number in (1, 2):
        await cluster.start(f"node-{number}", **QUICK)
    await cluster.start("node-3", REDIS_URL=third_redis, **QUICK)
    await cluster.balanced()
    for node in cluster.nodes.values():
        await cluster.health(node, lambda a: a.status_code == 200 and a.json()["degraded"] is None)


@pytest.mark.parametrize(
    ("direction", "part"),
    [
        (None, "hear"),
        (Direction.UP, "2 of 2 other nodes don't hear this one"),
        (Direction.DOWN, "hears no other"),
    ],
)
async def test_a_node_cut_off_from_redis_is_unready_and_says_why(
    cluster: Rig, valkey_url: str, direction: Direction | None, part: str
) -> None:
    async with through_proxy(valkey_url) as (url, proxy):
        await three(cluster, url)
        first, _, third = cluster.nodes.values()
        ann = await cluster.site(third).guest("Ann")
        before = await cluster.view()
        if direction is None:
            proxy.cut()
        else:
            proxy.drop((direction,))
        answer = await cluster.health(third, lambda a: part in reason(a))
        assert answer.status_code == 503
        degraded = await cluster.health(first, lambda a: bool(a.json()["degraded"]))
        assert degraded.status_code == 200
        assert "node-3" in degraded.json()["degraded"]
        assert (await cluster.view()).shards == before.shards  # unready moves no shard
        assert (await ann.http.get("/v1/me")).status_code == 200
        proxy.heal()
        await cluster.health(third, lambda a: a.status_code == 200 and a.json()["degraded"] is None)


async def test_what_no_node_can_do_leaves_all_of_them_routable(cluster: Rig) -> None:
    """All unready, a proxy would have nowhere to send anybody, and cut off who is there."""
    for number in (1, 2):
        await cluster.start(f"node-{number}", **QUICK)
    await cluster.balanced()
    for node in cluster.nodes.values():
        await cluster.health(node, lambda a: a.status_code == 200 and a.json()["degraded"] is None)
    with psycopg.connect(cluster.dsn, autocommit=True) as admin:
        admin.execute(FILL_DISK)
        for node in cluster.nodes.values():
            answer = await cluster.health(node, lambda a: NOBODY_BETTER in (a.json()["degraded"] or ""))
            assert answer.status_code == 200
            assert "PostgreSQL says: " in answer.json()["degraded"]
        admin.execute("drop trigger no_space on event")
    for node in cluster.nodes.values():
        await cluster.health(node, lambda a: a.status_code == 200 and a.json()["degraded"] is None)


async def test_without_redis_all_stay_ready_and_say_what_they_lack(
    postgres_dsn: str, server_dir: Path
) -> None:
    async with (
        embedded_valkey(server_dir / "valkey-that-fails") as valkey,
        rig(postgres_dsn, valkey.url) as cluster,
    ):
        await three(cluster, valkey.url)
        people = [await cluster.site(node).guest() for node in cluster.nodes.values()]
        view = await cluster.view()
        owners = [member.id for member in view.members]
        rooms: dict[int, str] = {}
        while set(rooms) != set(owners):  # one in a shard of each
            room = await people[0].new_room()
            owner = view.shard(room).owner
            assert owner is not None
            rooms.setdefault(owner, room)
        await valkey.kill()
        for node in cluster.nodes.values():
            answer = await cluster.health(node, lambda a: "Redis" in (a.json()["degraded"] or ""))
            assert answer.status_code == 200
        ids = {member.name: member.id for member in view.members}
        await people[0].post(rooms[ids["node-1"]], "here all is as always")
        elsewhere = await people[0].send("POST", f"/v1/rooms/{rooms[ids['node-2']]}/messages", body="lost?")
        assert elsewhere.json()["code"] in {"unavailable", "unknown_outcome"}
        assert (await cluster.view()).shards == view.shards
        await valkey.restart()
        for node in cluster.nodes.values():
            await cluster.health(node, lambda a: a.status_code == 200 and a.json()["degraded"] is None)
        await people[0].post(rooms[ids["node-2"]], "and there too, again")
