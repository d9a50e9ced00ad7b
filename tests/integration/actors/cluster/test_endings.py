"""A node ends within a bound, whenever it is told to and whatever keeps it from ending well."""

from __future__ import annotations

import re
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from uuid import UUID

import httpx
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from actors.ports.log import FencedError
from gatherup import lifetime
from gatherup.addresses import Addresses
from gatherup.lifetime import run_node
from gatherup.start import FencedOutError, joining
from protocol.ids import stream_key
from storage.postgres.driver.connection import TrioConnection
from storage.postgres.streams.directory import PostgresDirectory
from tests.integration.actors.cluster.rig import sole
from tests.integration.site import Person, Site, running, settings
from tests.ports import TrioClock

pytestmark = pytest.mark.real


def never(_: Addresses) -> None:
    raise AssertionError("the node serves")


async def test_told_to_end_while_it_waits_to_join(postgres_dsn: str) -> None:
    config = settings(postgres_dsn, GATHERUP_CLUSTER_LEASE_S="60")
    async with PostgresDirectory(postgres_dsn, TrioClock()) as directory:
        await directory.join(joining(config))  # a run that was killed: its name is held for its lease
    stop = trio.Event()
    stop.set()
    with trio.fail_after(30):
        await run_node(config, stop, never)


async def test_fenced_before_its_first_renewal(postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def renew(*_: object, **__: object) -> None:
        raise FencedError

    monkeypatch.setattr(PostgresDirectory, "renew", renew)
    with trio.fail_after(30), pytest.raises((FencedOutError, ExceptionGroup)) as caught:
        await run_node(settings(postgres_dsn), trio.Event(), never)
    assert isinstance(sole(caught.value), FencedOutError)


async def test_a_drain_s_first_signal_cuts_nothing_off() -> None:
    stop, cut_off = trio.Event(), trio.Event()
    stop.set()  # an operator drains it; its supervisor's signal comes on top
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            await nursery.start(lifetime._await_signals, stop, cut_off.set)  # pyright: ignore[reportPrivateUsage]
            signal.raise_signal(signal.SIGTERM)
            await wait_all_tasks_blocked(0.05)
            assert not cut_off.is_set()
            signal.raise_signal(signal.SIGTERM)
            await cut_off.wait()
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def held(dsn: str, stream: str) -> AsyncIterator[None]:
    """Somebody else holds the stream's row: no append to it comes to an end."""
    async with await TrioConnection.connect(dsn) as connection:
        await connection.execute(
            "select from stream where id = %s for update", (UUID(bytes=stream_key(stream)),)
        )
        yield


async def post(person: Person, room: str) -> None:
    with suppress(httpx.HTTPError):  # the node ends without an answer
        await person.send("POST", f"/v1/rooms/{room}/messages", body="too late")


async def commits(site: Site) -> int:
    text = (await site.http.get("/metrics")).text
    found = re.search(r"^gatherup_commits_total (\d+)", text, re.MULTILINE)
    assert found, text
    return int(found[1])


async def test_a_commit_that_never_settles_doesn_t_keep_it(postgres_dsn: str) -> None:
    config = settings(
        postgres_dsn,
        GATHERUP_CANARY_PERIOD_S="3600",
        GATHERUP_RUNTIME_DRAIN_TIMEOUT_S="0.2",
        GATHERUP_HTTP_SHUTDOWN_TIMEOUT_S="0.2",
    )
    async with AsyncExitStack() as lock, trio.open_nursery() as nursery:
        async with running(config) as addresses:
            site = Site(addresses.http)
            ann = await site.guest()
            room = await ann.new_room()
            await lock.enter_async_context(held(postgres_dsn, room))
            before = await commits(site)
            nursery.start_soon(post, ann, room)
            while await commits(site) < before + 3:  # noqa: ASYNC110 - tried, and tried again
                await trio.sleep(0.02)
        await site.aclose()
