"""Nothing a webhook is owed is lost with the node that owed it."""

from __future__ import annotations

import subprocess
from typing import Any

import msgspec
import pytest
import trio

from gatherup.clock import SystemClock
from gatherup.features.integrations.keys import made
from gatherup.randomness import SystemRandomness
from protocol.http.integrations import NewKey
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import execute
from storage.postgres.integrations.keys import ApiKeys
from tests.integration.gatherup.features.integrations.receiver import Receiver, receiver
from tests.integration.gatherup.test_node import GATHERUP, environment
from tests.integration.site import Site, running, settings

pytestmark = [pytest.mark.real, pytest.mark.slow]
ALLOWED = {"GATHERUP_WEBHOOKS_ALLOW_PRIVATE": "true"}
MESSAGES = 30
HANG_S = 120


async def test_what_was_accepted_before_kill_9_is_told_by_the_next_node(postgres_dsn: str) -> None:
    async with Pool(postgres_dsn, autocommit=True) as pool, receiver() as it:
        wanted = NewKey(name="arena", scopes=["webhooks.manage"])
        key = await made(ApiKeys(pool), wanted, SystemClock(), SystemRandomness(), by="system", address=None)
        with trio.fail_after(HANG_S):
            accepted = await killed(postgres_dsn, it, key.text)
            it.hangs = False
            # What was under way is leased to the node that is no more: as if the time of that were over.
            await execute(pool, "update job set next_attempt_at = now()", {})
            before = len(it.received)
            async with running(settings(postgres_dsn, **ALLOWED)):
                while told(it, before) != accepted:  # noqa: ASYNC110 - the receiver has no event for that
                    await trio.sleep(0.05)
        ids = [got.headers["webhook-id"] for got in it.received]
        assert len(set(ids)) == MESSAGES


async def killed(dsn: str, it: Receiver, key: str) -> set[int]:
    """A node takes messages while nothing its webhook tells is taken, and is killed: the seqs it accepted."""
    it.hangs = True
    with subprocess.Popen(  # noqa: ASYNC220 - it starts at once
        (*GATHERUP, "serve"), env=environment(dsn, **ALLOWED), stderr=subprocess.PIPE, text=True
    ) as node:
        assert node.stderr is not None
        site = Site(await trio.to_thread.run_sync(served, node.stderr))
        body = {"url": it.url, "types": ["room.posted"]}
        made = await site.http.post(
            "/v1/server/webhooks", json=body, headers={"Authorization": f"Bearer {key}"}
        )
        assert made.status_code == 201, made.text
        ann = await site.guest()
        room = await ann.new_room()
        accepted = {await ann.post(room, f"message {n}") for n in range(MESSAGES)}
        while not it.received:  # noqa: ASYNC110 - as above
            await trio.sleep(0.05)
        node.kill()
        await site.aclose()
    return accepted


def served(lines: Any) -> str:
    line = next(line for line in lines if "serves on" in line)
    return next(word for word in line.split() if word.startswith("http"))


def told(it: Receiver, before: int) -> set[int]:
    """The seqs that were told after so many requests."""
    return {msgspec.json.decode(got.body)["seq"] for got in it.received[before:]}
