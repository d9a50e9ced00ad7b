"""A message whose decision never ends, on three real nodes: two of them restart, and everybody else is served."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
import trio
from msgspec.structs import replace

from gatherup.chaos.cluster import Cluster, open_cluster
from gatherup.chaos.command import inherited
from gatherup.chaos.guest import Endpoint, Guest, Roaming
from gatherup.client import Client, Policy, RefusedError, connect
from gatherup.dev import SECRETS_FILE, secrets
from gatherup.randomness import SystemRandomness
from protocol.codes import Code
from protocol.room.commands import CreateRoom, PostMessage
from tests.e2e.spinning import POISON

pytestmark = [pytest.mark.real, pytest.mark.slow]

HANG_S = 400
PROGRAM = (sys.executable, "-m", "tests.e2e.spinning", "serve")
POLICY = Policy(connect_timeout_s=3.0, backoff_min_s=0.05, backoff_max_s=0.5, refused_retry_for_s=HANG_S)
ROOMS = 6


class Speaker:
    """A client with a room, which posts until told to stop."""

    def __init__(self, client: Client, room: str) -> None:
        self.client = client
        self.room = room
        self.posted = 0

    async def post(self, body: str) -> None:
        await self.client.send(PostMessage(client_id=self.client.new_id(), stream=self.room, body=body))
        self.posted += 1

    async def talk(self) -> None:
        while True:
            await self.post(f"post {self.posted}")


async def speakers(
    cluster: Cluster, count: int, api: httpx.AsyncClient, stack: AsyncExitStack
) -> list[Speaker]:
    endpoints = [
        Endpoint(
            node.name,
            http=lambda node=node: node.addresses and node.addresses.http,
            stream=lambda node=node: node.addresses and node.addresses.stream,
        )
        for node in cluster.nodes.values()
    ]
    made: list[Speaker] = []
    for number in range(count):
        around = endpoints[number % 3 :] + endpoints[: number % 3]
        guest = Guest(f"guest {number}", around, api)
        await guest.sign_in()
        client = await stack.enter_async_context(
            connect("ws://localhost/", token=guest.token, policy=POLICY, connector=Roaming(around))
        )
        room = (await client.send(CreateRoom(client_id=client.new_id(), name=f"room {number}"))).stream
        assert room is not None
        made.append(Speaker(client, room))
    return made


async def test_a_message_that_stops_a_node_stops_two_at_most() -> None:
    said: list[str] = []

    def stood() -> int:
        """How many nodes were ended for it; one that was too slow for its lease on a busy machine isn't among them."""
        return sum("its loop stood" in line for line in said)

    async with AsyncExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gatherup-test-")))
        data.chmod(0o755)  # noqa: ASYNC240 - PostgreSQL may have to run as another user
        stack.enter_context(trio.fail_after(HANG_S))
        settings = {
            **inherited(os.environ),
            **secrets(data / SECRETS_FILE, SystemRandomness()),
            "GATHERUP_HTTP_ANONYMOUS_BURST": "1000",
        }
        cluster = await stack.enter_async_context(
            open_cluster(3, data, said.append, settings=settings, program=PROGRAM)
        )
        api = await stack.enter_async_context(httpx.AsyncClient(timeout=5.0))
        poisoner, *others = await speakers(cluster, 1 + ROOMS, api, stack)
        poison = PostMessage(client_id=poisoner.client.new_id(), stream=poisoner.room, body=POISON)
        async with trio.open_nursery() as talking:
            for speaker in others:
                talking.start_soon(speaker.talk)
            with pytest.raises(RefusedError) as caught:
                await poisoner.client.send(poison)
            assert caught.value.code is Code.INTERNAL
            # They stand still, but others have their streams: on a busy machine the answer is there before they end.
            while stood() < 2:  # noqa: ASYNC110 - their supervisors tell nobody
                await trio.sleep(0.05)
            await cluster.wait_serving()
            talking.cancel_scope.cancel()
        for speaker in (poisoner, *others):
            await speaker.post("everybody is served again")
        with pytest.raises(RefusedError) as again:
            await poisoner.client.send(replace(poison, resend=True))
        assert again.value.code is Code.INTERNAL
        assert stood() == 2
        logs = "".join((data / f"{name}.log").read_text() for name in cluster.nodes)
        assert len(re.findall(r"spinning.py\", line \d+ in decide", logs)) == 2, (
            "each tells where its loop stood"
        )
