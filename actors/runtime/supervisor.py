"""The supervisor: this node's registry of streams, and the parent of their tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import trio

from actors.kind import Instant, Kind
from actors.ports import Clock, Randomness
from actors.runtime import limits
from actors.runtime.cell import Cell, Surroundings
from actors.runtime.entity import Entity
from protocol.ids import kind_of


class Supervisor:
    """Finds or starts the entity of a stream, passivates idle ones, and drains all of them in order."""

    def __init__(
        self,
        kinds: Mapping[str, Kind[Any]],
        around: Surroundings,
        randomness: Randomness,
        schedule: Callable[[str, Instant], None],
        deliver: Callable[[trio.Nursery, Cell], None],
    ) -> None:
        self._kinds = kinds
        self._around = around
        self._clock: Clock = around.clock
        self._randomness = randomness
        self._schedule = schedule
        self._deliver = deliver
        self._entities: dict[str, Entity] = {}
        self._nursery: trio.Nursery | None = None
        self._draining = False
        self._empty = trio.Event()

    def __len__(self) -> int:
        return len(self._entities)

    def entity(self, stream: str) -> Entity | None:
        """The entity of this stream, started if need be; None when not running or draining, or for no known kind."""
        found = self._entities.get(stream)
        if found is not None and not found.closed:
            found.used_at = self._clock.monotonic()
            return found
        kind = self._kinds.get(kind_of(stream))
        if kind is None or self._nursery is None or self._draining:
            return None
        if len(self._entities) >= limits.ENTITIES_MAX:
            return None
        entity = Entity(stream, kind, self._around, self._randomness, self._schedule, self._deliver)
        self._entities[stream] = entity
        self._nursery.start_soon(self._live, entity)
        return entity

    def wake(self, stream: str) -> None:
        """Activate the stream if it isn't active, and let it see what is due. Draining, that is the next owner's."""
        entity = None if self._draining else self.entity(stream)
        if entity is not None:
            entity.when_active(_poke)

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run the entities until cancelled."""
        try:
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                task_status.started()
                await self._passivate_idle()
        finally:
            self._nursery = None

    async def drain(self) -> None:
        """Let every entity finish what is in its mailbox, checkpoint and go; none is started any more.

        The caller sees that no more commands come. What events owe to others is left to the next owner.
        """
        self._draining = True
        for entity in self._entities.values():
            entity.leave()
        if self._entities:
            await self._empty.wait()

    async def _live(self, entity: Entity) -> None:
        try:
            await entity.run()
        finally:
            if self._entities.get(entity.stream) is entity:
                del self._entities[entity.stream]
            if self._draining and not self._entities:
                self._empty.set()

    async def _passivate_idle(self) -> None:
        while True:
            await self._clock.sleep_until(self._clock.monotonic() + limits.PASSIVATION_SWEEP_S)
            idle_since = self._clock.monotonic() - limits.PASSIVATE_AFTER_S
            for entity in self._entities.values():
                if entity.used_at <= idle_since and not entity.owes:
                    entity.passivate()


def _poke(cell: Cell | None) -> None:
    if cell is not None:
        cell.mailbox.poke()
