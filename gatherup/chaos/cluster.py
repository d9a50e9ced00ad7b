"""A whole cluster on this machine: PostgreSQL, Valkey and n nodes, each linked to both through fault proxies."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import trio

from gatherup.chaos.node import ClusterNode, Say, Server
from gatherup.chaos.proxy import FaultProxy
from gatherup.embedded import (
    EmbeddedServerError,
    RunningPostgres,
    RunningValkey,
    embedded_postgres,
    embedded_valkey,
)
from storage.postgres.schema.migrate import migrate

DATABASE: Final = "gatherup"
PROGRAM: Final = (sys.executable, "-m", "gatherup", "serve")
STOP_TIMEOUT_S: Final = 20.0
"""What all nodes together get to end when the cluster does."""
_LOOPBACK: Final = "127.0.0.1"


class Cluster:
    """A running cluster. Made by ``open_cluster``."""

    def __init__(
        self, postgres: RunningPostgres, valkey: RunningValkey, nodes: Mapping[str, ClusterNode]
    ) -> None:
        self.postgres = postgres
        self.valkey = valkey
        self.nodes = nodes
        """By name."""

    @property
    def dsn(self) -> str:
        """The database, past all proxies."""
        return self.postgres.dsn_for(DATABASE)

    def node(self, name: str) -> ClusterNode:
        """The node of this name. Raises KeyError."""
        return self.nodes[name]

    async def wait_serving(self) -> None:
        """Return once every node has said that it serves. Raises NodeFailedError."""
        for node in self.nodes.values():
            await node.wait_serving()

    async def kill_redis(self, seconds: float) -> None:
        """kill -9, and start it again after so long, on the same port."""
        await self.valkey.kill()
        await trio.sleep(seconds)
        await self.valkey.restart()

    async def flush_redis(self) -> None:
        """Have Redis delete everything (FLUSHALL)."""
        parts = urlsplit(self.valkey.url)
        async with await trio.open_tcp_stream(_LOOPBACK, self.valkey.port) as stream:
            await stream.send_all(f"AUTH {parts.password}\r\nFLUSHALL SYNC\r\n".encode())
            answers = b""
            while answers.count(b"\r\n") < 2:
                if not (chunk := await stream.receive_some()):
                    raise ConnectionError("Valkey hung up before it answered FLUSHALL")
                answers += chunk
        if answers != b"+OK\r\n+OK\r\n":
            raise ConnectionError(f"FLUSHALL was answered {answers!r}")

    async def restart_postgres(self) -> None:
        """Stop it with all its sessions, and start it on the same port."""
        await self.postgres.restart()

    def heal(self) -> None:
        """Restore every link."""
        for node in self.nodes.values():
            node.heal()


@asynccontextmanager
async def open_cluster(
    nodes: int,
    data: Path,
    say: Say,
    *,
    settings: Mapping[str, str],
    own: Mapping[str, Mapping[str, str]] | None = None,
    program: Sequence[str] = PROGRAM,
) -> AsyncGenerator[Cluster]:
    """A cluster of ``node-1`` … for the block, its data and logs in ``data``; entered once every node serves.

    ``settings`` is the environment of all nodes, secrets and PATH included; ``own`` adds to it by node name. Where
    the servers are and what a node is called is set here; ports that nobody names are any free ones.

    At the end nodes get STOP_TIMEOUT_S to end, then they are killed. Whatever happens to this process, none of its
    children outlives it. Raises EmbeddedServerError, MigrationFailed, NodeFailedError.
    """
    async with embedded_postgres(data / "postgres") as postgres, embedded_valkey(data / "valkey") as valkey:
        if not (postgres.owned and valkey.owned):
            raise EmbeddedServerError(
                f"GatherUp runs on {data} already: end that first, or name another folder with GATHERUP_DATA."
            )
        for note in (*postgres.notes, *valkey.notes):
            say(note)
        await trio.to_thread.run_sync(migrate, postgres.dsn_for(DATABASE))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(postgres.keep, say)
            nursery.start_soon(valkey.keep, say)
            made: dict[str, ClusterNode] = {}
            for number in range(1, nodes + 1):
                name = f"node-{number}"
                links = {
                    Server.POSTGRES: FaultProxy(_LOOPBACK, postgres.port),
                    Server.REDIS: FaultProxy(_LOOPBACK, valkey.port),
                }
                for link in links.values():
                    await nursery.start(link.run)
                environment = {
                    "GATHERUP_HTTP_PORT": "0",
                    "GATHERUP_STREAM_PORT": "0",
                    "GATHERUP_NODE_LAME_DUCK_S": "0",  # no proxy stands in front
                    **settings,
                    **(own or {}).get(name, {}),
                    "GATHERUP_NODE_NAME": name,
                    # libpq takes the last of two values of one keyword.
                    "DATABASE_URL": f"{postgres.tcp_dsn_for(DATABASE)} port='{links[Server.POSTGRES].port}'",
                    "REDIS_URL": _through(valkey.url, links[Server.REDIS].port),
                }
                made[name] = ClusterNode(name, program, environment, links, log=data / f"{name}.log", say=say)
                nursery.start_soon(made[name].run)
            cluster = Cluster(postgres, valkey, made)
            try:
                await cluster.wait_serving()
                yield cluster
            finally:
                with trio.CancelScope(shield=True), trio.move_on_after(STOP_TIMEOUT_S):
                    await _stop(cluster)
                nursery.cancel_scope.cancel()


async def _stop(cluster: Cluster) -> None:
    """Let every node end by itself."""
    cluster.heal()
    async with trio.open_nursery() as nursery:
        for node in cluster.nodes.values():
            nursery.start_soon(node.drain)


def _through(url: str, port: int) -> str:
    """The same server, through a proxy's port."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{parts.netloc.rpartition(':')[0]}:{port}").geturl()
