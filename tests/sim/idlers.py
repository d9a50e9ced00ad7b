"""Very many streams that are idle at the same time and let go in a few sweeps, while commands come for them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Set
from typing import Final

import trio

from actors.ports.log import Fence
from protocol.frames import Accepted, Command
from protocol.ids import SYSTEM, derive_client_id
from tests.counter_kind import Add, CounterKind, Open
from tests.sim.cluster import Cluster
from tests.sim.errands import Errands
from tests.sim.history import History
from tests.sim.node import SimNode

IDLE: Final = 0.05
"""The part of histories with a mass of idle streams."""
SIZE: Final = 120
BY: Final = f"user:{0xE0:032x}"
COMES: Final = 0.5
"""The part of checkpoints of which a command comes while they are kept, or just after."""
COMES_MAX: Final = 2
"""So often for one stream, in trouble and again in peace."""
ANSWERED_S: Final = 8.0
"""In peace such a command is answered within this time, at first; one that was dropped only after COMMAND_TIMEOUT_S."""
LET_GO_S: Final = 40.0
"""In peace all are let go within this time, also by one node, by the limits of ``schedule``."""
LOOK_S: Final = 0.5


class Idlers:
    """Those of one history. Begins nothing more once ``run`` is cancelled; what was begun is finished by itself."""

    def __init__(self, cluster: Cluster, seed: int, history: History, nursery: trio.Nursery) -> None:
        self._chance = random.Random(f"idlers {seed}")
        self._cluster = cluster
        self._history = history
        self._nursery = nursery
        self._errands = Errands("idlers", cluster, seed, history, nursery)
        self._added: Counter[str] = Counter()
        """Commands for each, ever; each adds one point."""
        self._came: Counter[str] = Counter()
        """Those of them that came while it was let go."""
        self.came_between = 0
        self.there = self._chance.random() < IDLE
        self._peace = False
        self._late: list[str] = []
        """What was wrong with answers in peace."""
        openings = [Open(client_id=derive_client_id("idler", str(n))) for n in range(SIZE)]
        self._openings = {CounterKind().stream_of(opening, by=BY): opening for opening in openings}

    async def run(self) -> None:
        """Have all made and added to, and leave them alone."""
        if not self.there:
            return
        self._cluster.database.on_checkpoint = self._in_between
        self._history.note("IDLERS", "are made")
        await self._errands.run([(BY, stream, command) for stream, command in self._openings.items()])
        await self._add_to_all()

    @property
    def streams(self) -> Set[str]:
        """Its counters, in which nobody else counts."""
        return self._openings.keys()

    async def _add_to_all(self) -> None:
        self._history.note("IDLERS", "are added to")
        await self._errands.run([(BY, stream, self._add(stream)) for stream in self._openings])

    def _add(self, stream: str) -> Add:
        self._added[stream] += 1
        return Add(
            client_id=derive_client_id("add", stream, str(self._added[stream])), stream=stream, points=1
        )

    def _in_between(self, run: Fence, stream: str) -> None:
        """A checkpoint is about to be written: a command may come for its stream, where it still is."""
        if stream not in self._openings or self._came[stream] >= COMES_MAX or self._chance.random() > COMES:
            return
        self._came[stream] += 1
        self.came_between += 1
        here = [node for node in self._cluster.nodes.values() if node.up and node.ownership.me == run]
        if here and self._peace:
            self._nursery.start_soon(self._once, here[0], stream, self._add(stream))
        elif here:
            self._errands.begin(BY, stream, self._add(stream), at_first=here[0])

    async def _once(self, node: SimNode, stream: str, command: Command) -> None:
        reply = None
        with trio.move_on_after(ANSWERED_S):
            reply = await node.runtime.router.ask(command, by=BY)
        if not isinstance(reply, Accepted):
            self._late.append(f"in peace, while {stream} was let go, {command} was answered {reply}")

    # --- what must hold ---

    def unsettled(self) -> list[str]:
        """What isn't answered yet."""
        return self._errands.unsettled()

    async def let_go_in_peace(self) -> None:
        """All are added to, idle and let go: nothing that came is lost, each left a checkpoint. Raises Violation."""
        made = [stream for stream in self._openings if stream in self._cluster.database.story]
        if not self.there or len(made) < SIZE:
            return
        self._peace = True
        self._came.clear()
        await self._add_to_all()
        deadline = trio.current_time() + LET_GO_S
        while active := self._active():
            if trio.current_time() > deadline:
                raise self._history.fail(5, f"{len(active)} idle streams aren't let go: {active[0]}")
            await trio.sleep(LOOK_S)
        if self._late:
            raise self._history.fail(1, self._late[0], "lost")
        for stream in made:
            self._check_let_go(stream)

    def _active(self) -> list[str]:
        cells = (cell for node in self._cluster.nodes.values() for cell in node.cells)
        return [cell.stream for cell in cells if cell.stream in self._openings]

    def _check_let_go(self, stream: str) -> None:
        row = self._cluster.database.stream(stream)
        assert row is not None
        poisoned = self._history.poisoned(stream, BY) + self._history.poisoned(stream, SYSTEM)
        total = getattr(self._cluster.database.story[stream][-1].state, "total", None)
        if not poisoned and total != self._added[stream]:
            raise self._history.fail(3, f"{stream} was added to {self._added[stream]} times, and has {total}")
        kept = max((seq for seq, _ in row.checkpoints.values()), default=0)
        if kept < row.head:
            raise self._history.fail(5, f"{stream} was let go at {row.head} with its checkpoint at {kept}")
