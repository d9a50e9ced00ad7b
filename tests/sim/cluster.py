"""The nodes of one simulation, what they share, and who starts them again."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

import trio
from typing_extensions import override

from actors.cluster.placement import placement
from actors.kind import Kind
from actors.ports.directory import JoinRefusedError
from actors.ports.log import LogUnavailableError
from storage.memory.bus import BusFaults, Fate, MemoryNetwork
from tests.ports import TrioClock
from tests.sim.faults import SeededFaults
from tests.sim.history import History
from tests.sim.node import SimNode
from tests.sim.truth import ObservedDatabase

NODES_MAX = 4
DELAYS_S = (0.0005, 0.005, 0.05, 0.7)
"""How long frames take at most: one of these for each history."""
PUBLISH_S = (0.0, 0.0, 0.02, 0.3)
"""How long it takes at most to give frames to the bus, one of these for each history: what is said meanwhile waits."""


class Cluster:
    """All nodes by name, each with the run that is its present one. A run that ended is followed by another."""

    def __init__(
        self, seed: int, kinds: Sequence[Kind[Any]], database: ObservedDatabase, history: History
    ) -> None:
        self.database = database
        self.history = history
        self.bus_faults = SeededBusFaults(f"bus {seed}", history)
        self.network = MemoryNetwork(TrioClock(), self.bus_faults)
        self.nodes: dict[str, SimNode] = {}
        self.lives = 0
        self.freezes = 0
        self.counters: Counter[str] = Counter()
        """What the nodes' bridges and relays counted, of runs that are over."""
        self._seed = seed
        self._chance = random.Random(f"cluster {seed}")
        self._kinds = kinds
        self._postgres_back_at = 0.0
        self.healed = False
        """Nothing goes wrong any more."""
        self._nursery: trio.Nursery

    async def run(self, count: int, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep so many nodes running, and those that are added."""
        # One node alone needs no bus; whether it has one is the seed's choice.
        self._bridged = count > 1 or self._chance.random() < 0.5
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            await nursery.start(self.network.run)
            for _ in range(count):
                self.add()
            task_status.started()

    @property
    def may_grow(self) -> bool:
        """Whether a node can be added."""
        return self._bridged and len(self.nodes) < NODES_MAX

    def add(self) -> None:
        """Start one more node."""
        name = f"n{len(self.nodes) + 1}"
        self.nodes[name] = self._make(name)
        self._nursery.start_soon(self._supervise, name)

    async def _supervise(self, name: str) -> None:
        await trio.sleep(self._chance.uniform(0, 0.5))
        while True:
            node = self.nodes[name]
            self.lives += 1
            self.history.note(name, "starts")
            try:
                await node.run()
                self.history.note(name, "is over")
            except (JoinRefusedError, LogUnavailableError) as error:
                self.history.note(name, "can't join:", error)
            self._tally(node)
            await trio.sleep(self._chance.uniform(0.05, 1.5))
            self.nodes[name] = self._make(name)

    def _make(self, name: str) -> SimNode:
        seed = f"{self._seed} {name} {self.lives}"
        faults = SeededFaults(f"faults {seed}", self._nursery)
        if self.healed:
            faults.heal()
        elif (away_s := self._postgres_back_at - trio.current_time()) > 0:
            faults.go_down(away_s, rolled_back=False)
        return SimNode(
            name,
            database=self.database,
            network=self.network if self._bridged else None,
            kinds=self._kinds,
            faults=faults,
            note=partial(self.history.note, name),
            seed=seed,
        )

    def _tally(self, node: SimNode) -> None:
        self.counters["troubles"] += node.faults.troubles
        self.counters["repairs"] += node.relay.counters.repairs
        if node.bridge is not None:
            counters = node.bridge.counters
            for name in (
                "holes",
                "reregistrations",
                "resent_calls",
                "outdated_signals",
                "unsent_events",
                "held_questions",
            ):
                self.counters[name.replace("_", " ")] += getattr(counters, name)
            self.counters["replayed frames"] += counters.dropped_frames["replay"]

    def finish(self) -> None:
        """Count what the present runs counted."""
        for node in self.nodes.values():
            self._tally(node)

    # --- what goes wrong for all of them ---

    def postgres_down(self, seconds: float, *, rolled_back: bool) -> None:
        """Nobody reaches PostgreSQL for a while; with ``rolled_back`` it died with what wasn't committed."""
        self._postgres_back_at = max(self._postgres_back_at, trio.current_time() + seconds)
        self.database.away(seconds)
        for node in self.nodes.values():
            node.faults.go_down(seconds, rolled_back=rolled_back)

    def heal(self) -> None:
        """Nothing goes wrong from now on."""
        self.healed = True
        self.database.back()
        self.bus_faults.heal()
        for node in self.nodes.values():
            node.faults.heal()

    def unsettled(self) -> list[str]:
        """What isn't as it should be once everything healed."""
        found = [f"{name} isn't up" for name, node in self.nodes.items() if not node.up]
        if found:
            return found
        view = self.database.members.view()
        if len(view.members) != len(self.nodes):
            return [f"members are {[member.name for member in view.members]}"]
        wanted = placement([member.id for member in view.members])
        wrong = sum(shard.owner != owner for shard, owner in zip(view.shards, wanted, strict=True))
        if wrong:
            found.append(f"{wrong} shards aren't where they should be")
        ids = {member.id for member in view.members}
        for name, node in self.nodes.items():
            if silent := ids - {node.ownership.me.node} - set(node.hears()):
                found.append(f"{name} doesn't hear {sorted(silent)}")
            if node.ownership.view.version != view.version:
                found.append(f"{name} knows version {node.ownership.view.version} of {view.version}")
        return found


class SeededBusFaults(BusFaults):
    """A network as late and lossy as this seed likes."""

    def __init__(self, seed: str, history: History) -> None:
        self._random = random.Random(seed)
        self._history = history
        self._delay_s = self._random.choice(DELAYS_S)
        self._publish_s = self._random.choice(PUBLISH_S)
        self._loses, self._repeats, self._overtakes, self._unanswered = (
            self._random.choice([0.0, 0.0, 0.01, 0.1]) for _ in range(4)
        )
        self.lost = 0

    def heal(self) -> None:
        """Nothing goes wrong from now on."""
        self._loses = self._repeats = self._overtakes = self._unanswered = self._publish_s = 0.0

    @override
    def takes_s(self, sender: str) -> float:
        return self._random.uniform(0, self._publish_s) if self._publish_s else 0.0

    @override
    def fate(self, sender: str, channel: str) -> Fate:
        chance = self._random.random
        if chance() < self._loses:
            self.lost += 1
            self._history.note("BUS", f"loses a frame of {sender} to {channel}")
            return Fate(delays_s=())
        delays_s = [self._random.uniform(0, self._delay_s)]
        if chance() < self._repeats:
            self._history.note("BUS", f"repeats a frame of {sender} to {channel}")
            delays_s.append(self._random.uniform(0, 1))
        overtakes = chance() < self._overtakes
        if overtakes:
            self._history.note("BUS", f"lets a frame of {sender} to {channel} be overtaken")
            delays_s[0] += self._random.uniform(0, 0.5)
        return Fate(delays_s=tuple(delays_s), overtakes=overtakes)

    @override
    def answers(self, sender: str) -> bool:
        return self._random.random() >= self._unanswered
