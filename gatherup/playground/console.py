"""The playground's console: carries out what is typed, and tells what comes of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from io import StringIO
from typing import Final

import trio
from rich.console import Console as RichConsole

from actors.ports.directory import Directory
from actors.ports.log import LogUnavailableError
from actors.ports.time import Clock
from gatherup.chaos.cluster import Cluster
from gatherup.chaos.node import ClusterNode, NodeFailedError, Server
from gatherup.chaos.proxy import Direction
from gatherup.operator.screen import table
from gatherup.operator.status import Observer
from gatherup.playground.orders import HELP, NotUnderstoodError, Order, Verb, read_order
from gatherup.playground.tally import Tally

WATCH_S: Final = 0.5
"""How often the directory is read, so that ``status`` knows the leases' ages."""
TELL_EVERY_S: Final = 10.0
"""How often the chat's counts are printed without being asked for."""
STATUS_WIDTH: Final = 140

Say = Callable[[str], object]


class Console:
    """Reads orders and does to the cluster what they say."""

    def __init__(self, cluster: Cluster, directory: Directory, tally: Tally, clock: Clock, say: Say) -> None:
        self._cluster = cluster
        self._directory = directory
        self._tally = tally
        self._clock = clock
        self._say = say
        self._observer = Observer()
        self._nursery: trio.Nursery

    async def run(self, lines: AsyncGenerator[str]) -> None:
        """Carry orders out until one says ``quit``. After the last line the cluster goes on until cancelled."""
        async with trio.open_nursery() as self._nursery:
            self._nursery.start_soon(self._watch)
            self._nursery.start_soon(self._tell)
            async for line in lines:
                if not line.strip():
                    continue
                try:
                    order = read_order(line, len(self._cluster.nodes))
                except NotUnderstoodError as error:
                    self._say(str(error))
                    continue
                if order.verb is Verb.QUIT:
                    self._nursery.cancel_scope.cancel()
                else:
                    await self._carry_out(order)
        self._say(f"chat: {self._tally.line()}")

    async def _carry_out(self, order: Order) -> None:
        match order.verb:
            case Verb.STATUS:
                await self._status()
            case Verb.HELP:
                self._say(HELP)
            case Verb.WAIT:
                await self._clock.sleep_until(self._clock.monotonic() + order.seconds)
            case Verb.HEAL if not order.node:
                self._cluster.heal()
                self._say("All links work again.")
            case _:
                await self._do_to(self._cluster.node(order.node), order)

    async def _do_to(self, node: ClusterNode, order: Order) -> None:
        """What takes its time goes on while the next order is read."""
        if node.pid is None and order.verb in {Verb.KILL, Verb.FREEZE}:
            self._say(f"{node.name} doesn't run now.")
            return
        match order.verb:
            case Verb.KILL:
                node.kill()
                self._say(f"{node.name} was killed.")
            case Verb.CUT:
                assert order.server is not None
                node.cut(order.server, None if order.direction is None else (order.direction,))
                self._say(_cut(node.name, order.server, order.direction))
            case Verb.HEAL:
                node.heal()
                self._say(f"The links of {node.name} work again.")
            case Verb.FREEZE:
                self._nursery.start_soon(self._freeze, node, order.seconds)
            case Verb.DRAIN:
                self._nursery.start_soon(self._drain, node)
            case _:
                self._nursery.start_soon(self._restart, node)

    async def _freeze(self, node: ClusterNode, seconds: float) -> None:
        self._say(f"{node.name} is frozen for {seconds:g} s.")
        await node.freeze(seconds)
        self._say(f"{node.name} goes on.")

    async def _drain(self, node: ClusterNode) -> None:
        if node.pid is not None:
            self._say(f"{node.name} hands over and ends.")
        await node.drain()
        self._say(f"{node.name} has ended; restart starts it again.")

    async def _restart(self, node: ClusterNode) -> None:
        self._say(f"{node.name} is restarted.")
        try:
            await node.restart()
        except NodeFailedError as error:
            self._say(str(error))
        else:
            self._say(f"{node.name} serves.")

    async def _status(self) -> None:
        try:
            status = self._observer.status(await self._directory.read(), self._clock.monotonic())
        except LogUnavailableError as error:
            self._say(f"The database can't be read: {error}")
        else:
            text = StringIO()
            RichConsole(file=text, width=STATUS_WIDTH).print(table(status))
            self._say(text.getvalue().rstrip())
        for node in self._cluster.nodes.values():
            where = node.addresses
            state = "no process" if node.pid is None else f"process {node.pid}"
            self._say(f"{node.name}: {state}, start {node.starts}" + (f", {where.http}" if where else ""))
        self._say(f"chat: {self._tally.line()}")

    async def _watch(self) -> None:
        while True:
            with suppress(LogUnavailableError):  # status tells
                self._observer.status(await self._directory.read(), self._clock.monotonic())
            await self._clock.sleep_until(self._clock.monotonic() + WATCH_S)

    async def _tell(self) -> None:
        while True:
            await self._clock.sleep_until(self._clock.monotonic() + TELL_EVERY_S)
            self._say(f"chat: {self._tally.line()}")
            self._tally.forget_slowest()


def _cut(node: str, server: Server, direction: Direction | None) -> str:
    """What was cut, in a sentence."""
    match direction:
        case None:
            return f"The link of {node} to {server.value} is cut."
        case Direction.UP:
            return f"Nothing passes from {node} to {server.value} any more."
        case Direction.DOWN:
            return f"Nothing passes from {server.value} to {node} any more."
