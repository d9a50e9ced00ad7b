"""The supervisor: this node's registry of streams, and the parent of their tasks."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from contextvars import copy_context
from itertools import cycle
from typing import Any

import trio

from actors.cluster.ownership import Change
from actors.kind import Kind
from actors.ports.cluster_view import SHARDS, shard_of
from actors.runtime import limits
from actors.runtime.actor_context import ActorContext
from actors.runtime.cell import Cell
from actors.runtime.entity import Entity
from actors.runtime.time_slice import TimeSlice
from protocol.codes import Code
from protocol.ids import kind_of

_log = logging.getLogger(__name__)


class _Release:
    """Entities whose end somebody waits for."""

    def __init__(self, entities: Iterable[Entity]) -> None:
        self.left = set(entities)
        self.done = trio.Event()
        self.ended()

    def ended(self, entity: Entity | None = None) -> None:
        if entity is not None:
            self.left.discard(entity)
        if not self.left:
            self.done.set()


class Supervisor:
    """Finds or starts the entity of a stream, passivates idle ones, and ends those of shards that go."""

    def __init__(self, kinds: Mapping[str, Kind[Any]], context: ActorContext) -> None:
        self._kinds = kinds
        self._context = context
        self._clock = context.clock
        self._shards: tuple[dict[str, Entity], ...] = tuple({} for _ in range(SHARDS))
        self._count = 0  # of all entities whose task lives, those that are ending included
        self._nursery: trio.Nursery | None = None
        self._task_context = copy_context()
        self._releases: list[_Release] = []
        context.ownership.on_change(self._cut_lost)

    def __len__(self) -> int:
        return self._count

    def entity(self, stream: str, epoch: int) -> Entity | None:
        """The entity of a stream that this node owns at this epoch, started if need be; None when not running or
        full, or for no known kind.

        One of an earlier epoch may still be ending: it gives back what it is given.
        """
        entities = self._shards[shard_of(stream)]
        found = entities.get(stream)
        if found is not None and not found.closed:
            found.idle_sweeps = 0
            return found
        kind = self._kinds.get(kind_of(stream))
        if kind is None or self._nursery is None or self._count >= limits.ENTITIES_MAX:
            return None
        entity = entities[stream] = Entity(stream, kind, epoch, self._context)
        self._count += 1
        # Not as part of whatever asked for it: what an actor does is nobody's request.
        self._task_context.run(self._nursery.start_soon, self._live, entity)
        return entity

    @property
    def mailboxes(self) -> tuple[int, int]:
        """Commands in all mailboxes, and in the fullest one. Looks at all of them."""
        depths = [len(entity.mailbox) for entities in self._shards for entity in entities.values()]
        return sum(depths), max(depths, default=0)

    def wake(self, stream: str, epoch: int) -> None:
        """Activate the stream if it isn't active, and let it see what is due."""
        entity = self.entity(stream, epoch)
        if entity is not None:
            entity.when_active(_wake)

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run the entities until cancelled."""
        async with trio.open_nursery() as nursery:
            self._nursery, self._task_context = nursery, copy_context()
            try:
                task_status.started()
                await self._passivate_idle()
            finally:
                self._nursery = None  # before it closes: whoever ends meanwhile gives back its commands

    async def release(self, shards: Iterable[int], timeout_s: float) -> bool:
        """Let every entity of these shards finish its mailbox, checkpoint and end. False if some were cut off when
        time was up.

        The caller makes sure that no further commands come. Effects that aren't settled are left to the next owner.
        """
        release = _Release(entity for number in shards for entity in self._shards[number].values())
        self._releases.append(release)
        try:
            time_slice = TimeSlice(self._clock)
            for entity in tuple(release.left):
                entity.leave()
                await time_slice.rest()
            with self._clock.deadline(timeout_s):
                await release.done.wait()
            late = tuple(release.left)
            for entity in late:
                entity.cut()
            await release.done.wait()
        finally:
            self._releases.remove(release)
        if late:
            _log.warning("streams were cut off: they weren't released in time", extra={"streams": len(late)})
        return not late

    def _cut_lost(self, change: Change) -> None:
        for number in change.lost:
            for entity in self._shards[number].values():
                entity.cut()

    async def _live(self, entity: Entity) -> None:
        try:
            await entity.run()
        finally:
            self._count -= 1
            entities = self._shards[shard_of(entity.stream)]
            if entities.get(entity.stream) is entity:  # giving back its commands may have begun the next one
                del entities[entity.stream]
            for release in self._releases:
                release.ended(entity)

    async def _passivate_idle(self) -> None:
        """Look at all streams in the course of a sweep, a part in each step: thousands may become idle at once."""
        steps = limits.PASSIVATION_STEPS
        for step in cycle(range(steps)):
            await self._clock.sleep_until(self._clock.monotonic() + limits.PASSIVATION_SWEEP_S / steps)
            self._passivate_some(self._shards[step::steps])

    def _passivate_some(self, shards: Iterable[Mapping[str, Entity]]) -> None:
        # Counting sweeps costs a command less than a look at the clock.
        sweeps_max = limits.PASSIVATE_AFTER_S / limits.PASSIVATION_SWEEP_S
        counters, left = self._context.counters, limits.PASSIVATIONS_PER_STEP_MAX
        for entity in (entity for entities in shards for entity in entities.values()):
            entity.idle_sweeps += 1
            if entity.idle_sweeps <= sweeps_max or entity.cell is None or entity.has_pending:
                continue
            if left:
                left -= 1
                counters.passivations += 1
                entity.passivate()
            else:
                counters.passivations_deferred += 1


def _wake(found: Cell | Code | None) -> None:
    if isinstance(found, Cell):
        found.mailbox.wake()
