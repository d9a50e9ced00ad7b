"""Nodes in this process on one PostgreSQL and one Valkey, and people on any of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import trio

from actors.cluster.placement import placement
from actors.ports.cluster_view import ClusterView
from gatherup.addresses import Addresses
from gatherup.config import Config
from gatherup.lifetime import run_node
from gatherup.start import FencedOutError, StartRefusedError
from storage.postgres.streams.directory import PostgresDirectory
from tests.integration.site import Site, settings
from tests.ports import TrioClock
from tests.tls import NO_TLS

HANG_S = 240
CLUSTER = {
    "GATHERUP_CLUSTER_SECRET": "c3" * 32,
    "GATHERUP_CANARY_PERIOD_S": "0.1",
    "GATHERUP_RUNTIME_DRAIN_TIMEOUT_S": "5",
    # A machine that others use must not make a living node look dead.
    "GATHERUP_CLUSTER_LEASE_S": "8",
}
SHORT_LEASE = {"GATHERUP_CLUSTER_LEASE_S": "3"}
"""For tests that wait until a node is found dead."""


class RunningNode:
    """One node."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.name = config.node.name
        self.addresses: Addresses
        self.stop = trio.Event()
        self.ended = trio.Event()
        self.error: BaseException | None = None
        self.scope = trio.CancelScope()
        self.started = trio.Event()

    async def run(self) -> None:
        try:
            with self.scope:
                await run_node(self.config, self.stop, self._started)
        except BaseExceptionGroup as group:
            self.error = sole(group)
        except (StartRefusedError, FencedOutError) as error:
            self.error = error
        finally:
            self.started.set()
            self.ended.set()

    def _started(self, addresses: Addresses) -> None:
        self.addresses = addresses
        self.started.set()


def sole(group: BaseException) -> BaseException:
    """The error in a group of one; anything else is a bug and goes on."""
    while isinstance(group, BaseExceptionGroup):
        if len(group.exceptions) != 1:
            raise group
        (group,) = group.exceptions
    if not isinstance(group, StartRefusedError | FencedOutError):
        raise group
    return group


class Rig:
    """What ``rig`` gives."""

    def __init__(self, nursery: trio.Nursery, dsn: str, redis: str | None) -> None:
        self.dsn = dsn
        self.redis = redis
        self.nodes: dict[str, RunningNode] = {}
        self._nursery = nursery
        self.sites: list[Site] = []
        self.directory = PostgresDirectory(dsn, TrioClock())

    def settings(self, name: str, **changes: str) -> Config:
        redis = {"REDIS_URL": self.redis} if self.redis else {}
        return settings(self.dsn, **{**redis, **CLUSTER, "GATHERUP_NODE_NAME": name, **changes})

    async def begin(self, name: str, **changes: str) -> RunningNode:
        """Start a node; back when it serves, or its start was refused."""
        node = RunningNode(self.settings(name, **changes))
        self._nursery.start_soon(node.run)
        await node.started.wait()
        if not node.ended.is_set():
            self.nodes[name] = node
        return node

    async def start(self, name: str, **changes: str) -> RunningNode:
        """Start a node that is to serve."""
        node = await self.begin(name, **changes)
        assert node.error is None, node.error
        return node

    def site(self, node: RunningNode) -> Site:
        """The facade of a node."""
        self.sites.append(Site(node.addresses.http))
        return self.sites[-1]

    async def view(self) -> ClusterView:
        return await self.directory.read()

    async def until(self, holds: Callable[[ClusterView], bool]) -> ClusterView:
        """Return when the directory looks so."""
        while not holds(view := await self.view()):  # noqa: ASYNC110 - it is another's doing
            await trio.sleep(0.02)
        return view

    async def balanced(self) -> ClusterView:
        """Return when every shard is where it belongs among the nodes that run."""
        return await self.until(
            lambda view: (
                len(view.members) == len(self.nodes)
                and tuple(shard.owner for shard in view.shards) == placement(m.id for m in view.members)
            )
        )

    async def ready(self, node: RunningNode, status: int = 200) -> httpx.Response:
        """Return when a node says that it is, or isn't."""
        return await self.health(node, lambda answer: answer.status_code == status)

    async def health(self, node: RunningNode, holds: Callable[[httpx.Response], bool]) -> httpx.Response:
        """Return when a node's readiness looks so."""
        async with httpx.AsyncClient(base_url=node.addresses.http, verify=NO_TLS, trust_env=False) as http:
            while not holds(answer := await http.get("/health/ready")):  # noqa: ASYNC110
                await trio.sleep(0.02)
            return answer


@asynccontextmanager
async def rig(dsn: str, redis: str | None) -> AsyncIterator[Rig]:
    """Nodes that are stopped gracefully, one after the other, at the end of the block."""
    with trio.fail_after(HANG_S):
        async with trio.open_nursery() as nursery:
            made = Rig(nursery, dsn, redis)
            async with made.directory:
                try:
                    yield made
                finally:
                    with trio.CancelScope(shield=True):
                        for site in made.sites:  # the facade would wait for open connections
                            await site.aclose()
                for node in made.nodes.values():
                    node.stop.set()
                    await node.ended.wait()
                    assert node.error is None, node.error
