"""A herd in the small: many streams that are made, asked for, idle and due at the same moments.

It meets every limit of what is gathered and spread, which a handful of streams never does.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Final

import trio

from actors.ports.cluster_view import shard_of
from actors.relay.relay import PAGE_LINES
from actors.runtime import limits
from actors.session.rights import READ_RIGHT_LINES
from protocol.frames import Command
from protocol.ids import derive_client_id, stream_key
from storage.memory.database import StoredStream
from tests.counter_kind import Add, AskWeight, CounterKind, Open, SetBell
from tests.sim.cluster import Cluster
from tests.sim.errands import Errands
from tests.sim.history import History
from tests.sim.node import SimNode

HERDED: Final = 0.4
"""The part of histories with a herd."""
SIZE: Final = 30
STUCK: Final = 7
"""Streams that stay due for ever: nobody knows their kind."""
BY: Final = f"user:{0xC0:032x}"
POINTS: Final = 3
LOOK_S: Final = 0.1

CALLS_MAX: Final = {
    "activate": 1 + limits.HELD_ROW_LINES,
    "read": 1 + PAGE_LINES,
    "facts": 1,
    "checkpoint": limits.CHECKPOINT_LINES,
    "read_access": READ_RIGHT_LINES,
    "statuses": 1,
}
"""So many calls of one node may be under way at once, by the limits of ``schedule``."""
PASSIVATED_MAX: Final = 2 * 2
"""Streams that one node lets go between two looks, likewise: two steps at most."""
WOKEN_MAX: Final = 10
"""Passive streams that one node wakes between two looks."""


class Herd:
    """The herd of one history. Its commands go to any node, and again until they are answered for good."""

    def __init__(self, cluster: Cluster, seed: int, history: History, nursery: trio.Nursery) -> None:
        self._chance = random.Random(f"herd {seed}")
        self._cluster = cluster
        self._note = history.note
        self._fail = history.fail
        self._errands = Errands("herd", cluster, seed, history, nursery)
        self._passivated: Counter[SimNode] = Counter()
        self._woken: dict[SimNode, int] = {}
        """By node, passive streams that were woken since the last look, since they are due."""
        self.woken_most = 0
        self.there = self._chance.random() < HERDED
        openings = [Open(client_id=derive_client_id("herd", str(n))) for n in range(SIZE)]
        self._openings = {CounterKind().stream_of(opening, by=BY): opening for opening in openings}

    async def run(self) -> None:
        """Come, be idle, come again. Begins nothing more once cancelled; what was begun is finished by itself."""
        if not self.there:
            return
        for number in range(STUCK):
            key = stream_key(f"stuck:{37 * number:02x}{number:030x}")
            self._cluster.database.streams[key] = StoredStream("stuck", wake_at=1 + number)
        streams = list(self._openings)
        await self._all("opens", self._openings)
        # All are idle together, then due one after the other.
        bells = {
            stream: SetBell(
                client_id=derive_client_id("bell", stream), stream=stream, after_ms=5000 + 150 * n
            )
            for n, stream in enumerate(streams)
        }
        await self._all("sets the bells of", bells)
        await trio.sleep(self._chance.uniform(3.0, 6.0))
        self._kill_one()
        adds = {
            stream: Add(client_id=derive_client_id("add", stream), stream=stream, points=POINTS)
            for stream in streams
        }
        await self._all("adds to", adds)
        # Nobody asks for them any more: what their owner doesn't live to work out is left to the next one.
        weights = {
            stream: AskWeight(client_id=derive_client_id("weight", stream), stream=stream)
            for stream in streams
        }
        await self._all("asks for the weights of", weights)
        self._kill_one()

    def _kill_one(self) -> None:
        if self._chance.random() < 0.7:
            node = self._chance.choice(list(self._cluster.nodes.values()))
            self._note("HERD", node.name, "is killed")
            node.crash()

    @property
    def streams(self) -> Collection[str]:
        """Its counters, in which nobody else counts."""
        return self._openings.keys()

    async def _all(self, what: str, commands: Mapping[str, Command]) -> None:
        self._note("HERD", what, len(commands), "counters")
        await self._errands.run([(BY, stream, command) for stream, command in commands.items()])

    # --- what must hold ---

    def unsettled(self) -> list[str]:
        """What isn't answered yet."""
        return self._errands.unsettled()

    def check(self) -> None:
        """No node does more at once than its limits say. Raises Violation."""
        for name, node in self._cluster.nodes.items():
            for call, most in CALLS_MAX.items():
                if (under_way := node.faults.under_way_most.pop(call, 0)) > most:
                    raise self._fail(5, f"{name} had {under_way} calls of {call} under way, {most} at most")
            if hasattr(node, "runtime"):
                self._check_woken(name, node)
                passivated = node.runtime.counters.passivations
                if passivated - self._passivated[node] > PASSIVATED_MAX:
                    raise self._fail(
                        5, f"{name} let {passivated - self._passivated[node]} streams go at once"
                    )
                self._passivated[node] = passivated

    def _check_woken(self, name: str, node: SimNode) -> None:
        if node not in self._woken:
            wake, supervisor = node.runtime.due._wake, node.runtime.supervisor

            def watched(stream: str, epoch: int) -> None:
                self._woken[node] += stream not in supervisor._shards[shard_of(stream)]
                wake(stream, epoch)

            node.runtime.due._wake = watched
        elif (woken := self._woken[node]) > WOKEN_MAX:
            raise self._fail(5, f"{name} woke {woken} streams at once")
        self.woken_most = max(self.woken_most, self._woken.get(node, 0))
        self._woken[node] = 0

    def finish(self) -> None:
        """What was accepted once took effect once. Raises Violation."""
        for stream in self._openings if self.there else ():
            story = self._cluster.database.story.get(stream, [])
            added = sum(fact.header.type == "counter.added" for fact in story)
            if added > 1 or (added and getattr(story[-1].state, "total", None) != POINTS):
                raise self._fail(3, f"{stream} was added to {added} times")
