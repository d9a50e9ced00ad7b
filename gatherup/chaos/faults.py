"""Does to a cluster what a timetable says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import trio

from gatherup.chaos import records
from gatherup.chaos.cluster import Cluster
from gatherup.chaos.node import ClusterNode, Server
from gatherup.chaos.proxy import Direction
from gatherup.chaos.records import Sink
from gatherup.chaos.timetable import Planned, What

SLOW_S: Final = 0.05
"""What a slow link adds to each byte's way."""

Owned = Callable[[str], Awaitable[tuple[str, ...]]]
"""The streams of this run that a node owns now."""


class Faults:
    """Carries faults out, one after the other or several at once, and writes them down."""

    def __init__(self, cluster: Cluster, owned: Owned, sink: Sink, now: Callable[[], float]) -> None:
        self._cluster = cluster
        self._owned = owned
        self._sink = sink
        self._now = now
        self._turns = {server: trio.Lock() for server in Server}
        """Restarts of one server take turns."""
        self._drains = trio.Lock()
        """One node is away on purpose at a time."""

    async def run(self, plan: Sequence[Planned]) -> None:
        """All of it, from now on. Returns when the last one is over."""
        begun = trio.current_time()
        async with trio.open_nursery() as nursery:
            for planned in plan:
                await trio.sleep_until(begun + planned.at_s)
                nursery.start_soon(self._inflict, planned)

    async def _inflict(self, planned: Planned) -> None:
        streams = await self._owned(planned.node) if planned.node else ()
        began = self._now()
        if planned.node:
            await self._on_node(self._cluster.node(planned.node), planned)
        else:
            await self._on_server(planned)
        over = self._now()
        self._sink.write(
            records.Fault(
                at=began,
                what=planned.what.value,
                node=planned.node,
                streams=streams,
                until=over if planned.lasts_s or planned.what is What.POSTGRES_RESTART else None,
            )
        )

    async def _on_node(self, node: ClusterNode, planned: Planned) -> None:
        match planned.what:
            case What.KILL:
                node.kill()
            case What.FREEZE:
                await node.freeze(planned.lasts_s)
            case What.DRAIN:
                async with self._drains:
                    await node.drain()
                    await trio.sleep(planned.lasts_s)
                    await node.restart()
            case What.SLOW:
                for server in Server:
                    node.slow(server, SLOW_S)
                await self._heal_after(node, planned.lasts_s)
            case _:
                server, directions = _CUTS[planned.what]
                node.cut(server, directions)
                await self._heal_after(node, planned.lasts_s)

    async def _heal_after(self, node: ClusterNode, seconds: float) -> None:
        await trio.sleep(seconds)
        node.heal()

    async def _on_server(self, planned: Planned) -> None:
        if planned.what is What.POSTGRES_RESTART:
            async with self._turns[Server.POSTGRES]:
                await self._cluster.restart_postgres()
            return
        async with self._turns[Server.REDIS]:
            if planned.what is What.REDIS_KILL:
                await self._cluster.kill_redis(planned.lasts_s)
            else:
                await self._cluster.flush_redis()


_CUTS: Final[dict[What, tuple[Server, tuple[Direction, ...] | None]]] = {
    What.CUT_REDIS: (Server.REDIS, None),
    What.CUT_POSTGRES: (Server.POSTGRES, None),
    What.DEAF: (Server.REDIS, (Direction.DOWN,)),
    What.MUTE: (Server.REDIS, (Direction.UP,)),
    What.POSTGRES_SILENT: (Server.POSTGRES, (Direction.DOWN,)),
}
