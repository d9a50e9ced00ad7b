"""Nodes of one role each, as operators run them in three terminals."""

from __future__ import annotations

import re

import httpx
import pytest
import trio

from actors.ports.cluster_view import ClusterView
from actors.refusals import UNSERVED
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import lent
from storage.postgres.outbox.jobs import Jobs, add_job
from tests.integration.actors.cluster.rig import Rig
from tests.integration.actors.cluster.test_commands import Serving, ran, serving, settings_of
from tests.integration.site import Site

pytestmark = [pytest.mark.real, pytest.mark.slow]


def named(cluster: Rig, name: str, role: str) -> dict[str, str]:
    return {**settings_of(cluster), "GATHERUP_NODE_NAME": name, "GATHERUP_ROLES": role}


async def url_of(node: Serving) -> str:
    await node.until("GatherUp serves on")
    found = re.search(r"serves on (http://\S+)", node.said)
    assert found is not None
    return found[1]


async def get(url: str, path: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as http:
        return await http.get(url + path)


async def until_ready(url: str) -> None:
    while (await get(url, "/health/ready")).status_code != 200:
        await trio.lowlevel.checkpoint()


def owners(view: ClusterView) -> dict[str, int]:
    return {member.name: len(view.owned_by(member.id)) for member in view.members}


async def test_each_role_does_its_own_and_a_killed_worker_loses_nothing(cluster: Rig) -> None:
    async with (
        serving("serve", **named(cluster, "api", "api")) as api,
        Pool(cluster.dsn, autocommit=True) as pool,
    ):
        url = await url_of(api)
        assert "ws://" not in api.said
        # Without a node that owns streams it says so, and refuses what needs one.
        alone = await get(url, "/health/ready")
        assert alone.status_code == 503
        assert "No node with the role stream runs" in alone.text
        site = Site(url)
        early = await site.guest("Ann")
        refused = await early.send("POST", "/v1/rooms", name="A room")
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
        assert refused.json()["detail"] == UNSERVED
        async with serving("serve", **named(cluster, "stream", "stream")) as stream:
            stream_url = await url_of(stream)
            assert "ws://" in stream.said
            await until_ready(url)
            await until_ready(stream_url)
            assert owners(await cluster.view()) == {"api": 0, "stream": 256}
            ann = await site.guest("Ann")
            assert await ann.post(await ann.new_room(), "hello") > 0
            # What isn't of a role isn't answered.
            assert (await get(stream_url, "/v1/me")).status_code == 404
            async with lent(pool, transaction=True) as connection:
                await add_job(connection, "cleanup", {"kind": "receipts", "lane": "receipts"})
            async with serving("worker", **named(cluster, "worker", "api,stream")) as killed:
                await killed.until("GatherUp serves on")
                killed.process.kill()
            async with serving("worker", **named(cluster, "worker", "api,stream")) as worker:
                worker_url = await url_of(worker)
                assert "ws://" not in worker.said
                while "cleanup" in await Jobs(pool).counts():
                    await trio.lowlevel.checkpoint()
                assert owners(await cluster.view()) == {"api": 0, "stream": 256, "worker": 0}
                # Neither of the others has a worker that counted anything.
                for elsewhere in (url, stream_url):
                    assert "gatherup_jobs_waiting{" not in (await get(elsewhere, "/metrics")).text
                await until_ready(worker_url)
                drained = await ran("drain", "worker", DATABASE_URL=cluster.dsn)
                assert drained.returncode == 0, drained.stderr
                assert await worker.process.wait() == 0
            api.process.terminate()
            assert await api.process.wait() == 0
            assert "Traceback" not in api.said + stream.said + worker.said
        await site.aclose()
