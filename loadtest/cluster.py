"""Several nodes on one PostgreSQL and one Valkey, all children, with nothing in between."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Final, Self

import msgspec
from msgspec import Struct

from loadtest.children import Child
from loadtest.crowd import HANG_S, HungError
from loadtest.node import Node
from protocol.ids import stream_key

NODES: Final = 3
_PAUSE_S: Final = 0.1


class _Servers(Struct, frozen=True):
    """What ``gatherup.bench.servers`` says first."""

    database_url: str
    redis_url: str


class Look(Struct, frozen=True):
    """What ``gatherup.bench.servers`` answers."""

    statements: dict[str, int]
    """Executions at PostgreSQL since it started, by the beginning of the statement."""
    commands: dict[str, int]
    """Calls at Redis since it started, by the command's name."""
    owners: list[str | None]
    """The name of each shard's owner, by the shard's number."""


class Servers(Child):
    """PostgreSQL and Valkey, and what they were asked to do."""

    def __init__(self) -> None:
        super().__init__([sys.executable, "-m", "gatherup.bench.servers"], "database_url")
        self._at: Final = msgspec.json.decode(self.said, type=_Servers)

    @property
    def database_url(self) -> str:
        """Of the nodes' database."""
        return self._at.database_url

    def look(self) -> Look:
        """What the servers were asked to do so far."""
        return msgspec.json.decode(self.ask(), type=Look)

    def node(self, name: str, *, alone: bool = False, module: str = "gatherup", **settings: str) -> Node:
        """A node on them, not ready yet; ``alone``: in no cluster. ``module`` is what runs."""
        cluster = {"REDIS_URL": self._at.redis_url, "GATHERUP_CLUSTER_SECRET": "c3" * 32}
        return Node(
            ("serve",),
            None,
            module=module,
            DATABASE_URL=self._at.database_url,
            GATHERUP_NODE_NAME=name,
            GATHERUP_LOG_LEVEL="error",
            GATHERUP_AUTH_TOKEN_KEY="a1" * 32,
            GATHERUP_RUNTIME_RECEIPT_KEY="b2" * 32,
            **({} if alone else cluster),
            **settings,
        )


class Cluster:
    """NODES nodes, each with its part of the shards. All are ended at the end of the block."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self.nodes: dict[str, Node] = {}
        """By name."""

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._servers = stack.enter_context(Servers())
            for number in range(1, NODES + 1):
                name = f"node-{number}"
                self.nodes[name] = stack.enter_context(self._servers.node(name))
            wait_for(lambda: all(node.ready for node in self.nodes.values()))
            wait_for(self._balanced)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def look(self) -> Look:
        """What the servers were asked to do so far."""
        return self._servers.look()

    def owner(self, stream: str, look: Look) -> str:
        """The name of the node that owned the stream."""
        name = look.owners[stream_key(stream)[0]]
        assert name is not None
        return name

    def _balanced(self) -> bool:
        """Whether every node has about its part: shards move one batch after the other to nodes that join."""
        owners = self.look().owners
        return all(owners.count(name) > len(owners) / NODES * 0.7 for name in self.nodes)


def wait_for(done: Callable[[], bool]) -> None:
    """Wait until this is so. Raises HungError after HANG_S."""
    until = time.monotonic() + HANG_S
    while not done():
        if time.monotonic() > until:
            raise HungError(f"it isn't so after {HANG_S} s")
        time.sleep(_PAUSE_S)
