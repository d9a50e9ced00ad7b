"""Commands that go to any node, and again until they are answered for good: of people without a client of their own."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

import trio
from msgspec.structs import replace

from protocol.frames import Accepted, Command, Refused
from tests.sim.cluster import Cluster
from tests.sim.history import History
from tests.sim.node import SimNode

PATIENCE_S: Final = 12.0
AGAIN_S: Final = 0.5


class Errands:
    """What is begun is finished, also when whoever waits for it is cancelled."""

    def __init__(
        self, name: str, cluster: Cluster, seed: int, history: History, nursery: trio.Nursery
    ) -> None:
        self._name = name
        self._chance = random.Random(f"{name} errands {seed}")
        self._cluster = cluster
        self._history = history
        self._nursery = nursery
        self._open = 0
        """Commands that aren't answered yet."""

    async def run(self, commands: Sequence[tuple[str, str, Command]]) -> None:
        """Have each of these, of whom and to which stream, accepted."""
        async with trio.open_nursery() as waiting:
            for by, stream, command in commands:
                answered = self.begin(by, stream, command)
                waiting.start_soon(answered.wait)

    def begin(self, by: str, stream: str, command: Command, *, at_first: SimNode | None = None) -> trio.Event:
        """Have this accepted, by any node unless it is to go to this one first; set when it is."""
        answered = trio.Event()
        self._open += 1
        self._nursery.start_soon(self._until_answered, by, stream, command, at_first, answered)
        return answered

    def unsettled(self) -> list[str]:
        """What isn't answered yet."""
        return [f"{self._open} commands of the {self._name} aren't answered"] if self._open else []

    async def _until_answered(
        self, by: str, stream: str, command: Command, node: SimNode | None, answered: trio.Event
    ) -> None:
        copy = command
        while not await self._answered(by, stream, copy, node):
            node = None
            await trio.sleep(self._chance.uniform(AGAIN_S / 2, AGAIN_S))
            copy = replace(command, resend=True)
        self._open -= 1
        answered.set()

    async def _answered(self, by: str, stream: str, command: Command, node: SimNode | None) -> bool:
        up = [node for node in self._cluster.nodes.values() if node.up]
        if not up:
            return False
        node = self._chance.choice(up) if node is None else node
        with trio.move_on_after(PATIENCE_S):
            reply = await node.runtime.router.ask(command, by=by)
            if isinstance(reply, Refused) and not reply.retry:
                if self._history.poisoned(stream, by):  # two owners happened to die with one of them in hand
                    return True
                raise self._history.fail(3, f"{command} of the {self._name} is refused: {reply.code}")
            return isinstance(reply, Accepted)
        return False
