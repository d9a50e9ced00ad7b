"""What the playground's console says of orders that can't be carried out as they stand."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import cast

import pytest
import trio

from actors.ports.directory import Directory
from actors.ports.log import LogUnavailableError
from gatherup.chaos.cluster import Cluster
from gatherup.chaos.node import Server
from gatherup.chaos.proxy import Direction
from gatherup.playground.console import Console
from gatherup.playground.tally import Tally
from tests.ports import TrioClock


class Node:
    """One that runs, or doesn't, and keeps what was done to it."""

    name = "node-1"

    def __init__(self, pid: int | None) -> None:
        self.pid = pid
        self.done: list[object] = []

    def kill(self) -> None:
        self.done.append("kill")

    async def freeze(self, seconds: float) -> None:
        self.done.append(seconds)

    async def drain(self) -> None:
        self.done.append("drain")

    def cut(self, server: Server, directions: tuple[Direction, ...] | None) -> None:
        self.done.append((server, directions))


class OneNode:
    def __init__(self, node: Node) -> None:
        self.nodes = {node.name: node}

    def node(self, name: str) -> Node:
        return self.nodes[name]


class Away:
    """A directory that can't be read."""

    async def read(self) -> None:
        await trio.lowlevel.checkpoint()
        raise LogUnavailableError("away")


async def told(node: Node, *orders: str) -> list[str]:
    """What the console says to these orders, without the tally at the end."""

    async def typed() -> AsyncGenerator[str]:
        for order in (*orders, "wait 1", "quit"):
            yield order

    said: list[str] = []
    cluster, directory = cast(Cluster, OneNode(node)), cast(Directory, Away())
    await Console(cluster, directory, Tally(), TrioClock(), said.append).run(typed())
    return said[:-1]


async def test_what_doesn_t_run_can_t_be_killed_or_frozen(autojump_clock: object) -> None:
    node = Node(pid=None)
    assert await told(node, "kill 1", "freeze 1 2") == ["node-1 doesn't run now."] * 2
    assert node.done == []


async def test_what_doesn_t_run_can_be_kept_from_starting(autojump_clock: object) -> None:
    node = Node(pid=None)
    assert await told(node, "drain 1") == ["node-1 has ended; restart starts it again."]
    assert node.done == ["drain"]


@pytest.mark.parametrize(
    ("order", "sentence", "done"),
    [
        ("kill 1", "node-1 was killed.", "kill"),
        ("cut 1 redis", "The link of node-1 to Redis is cut.", (Server.REDIS, None)),
        (
            "cut 1 redis out",
            "Nothing passes from node-1 to Redis any more.",
            (Server.REDIS, (Direction.UP,)),
        ),
        (
            "cut 1 postgres in",
            "Nothing passes from PostgreSQL to node-1 any more.",
            (Server.POSTGRES, (Direction.DOWN,)),
        ),
    ],
)
async def test_what_was_done_is_said(autojump_clock: object, order: str, sentence: str, done: object) -> None:
    node = Node(pid=7)
    assert await told(node, order) == [sentence]
    assert node.done == [done]
