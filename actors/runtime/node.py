"""The runtime of one node: committer, supervisor, due work and router, started and stopped in order."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import trio

from actors.kind import Instant, Kind
from actors.ports import Clock, Fence, Log, LogRow, Randomness
from actors.runtime import limits
from actors.runtime.cell import Cell, Surroundings
from actors.runtime.committer import Committer
from actors.runtime.due import DueWork
from actors.runtime.effects import deliver_effects
from actors.runtime.router import Router
from actors.runtime.supervisor import Supervisor
from protocol.frames import Signalled

_log = logging.getLogger(__name__)


class Runtime:
    """Everything between a command and its reply, for all streams of one node."""

    def __init__(
        self,
        *,
        kinds: Sequence[Kind[Any]],
        log: Log,
        fence: Fence,
        clock: Clock,
        randomness: Randomness,
        publish: Callable[[str, Sequence[LogRow]], None],
        signalled: Callable[[Signalled], None],
        digest_key: bytes,
        lanes: int = limits.COMMIT_LANES,
    ) -> None:
        by_name = {kind.name: kind for kind in kinds}
        self._clock = clock
        self._randomness = randomness
        self.committer = Committer(log, fence, clock, randomness, lanes=lanes)
        self.due = DueWork(log, clock, self._wake)
        around = Surroundings(log, fence, clock, self.committer, publish, digest_key)
        self.supervisor = Supervisor(by_name, around, randomness, self._schedule, self._deliver)
        self.router = Router(by_name, self.supervisor, clock, signalled)

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve until cancelled. The committer is the last to go: it outlives every actor."""
        async with trio.open_nursery() as outer:
            await outer.start(self.committer.run)
            async with trio.open_nursery() as nursery:
                await nursery.start(self.supervisor.run)
                nursery.start_soon(self.due.run)
                nursery.start_soon(self.router.run)
                task_status.started()

    async def drain(self, timeout_s: float) -> bool:
        """Take nothing new, finish and checkpoint what is there. False if the time wasn't enough."""
        self.router.draining = True
        with self._clock.deadline(timeout_s) as scope:
            await self.supervisor.drain()
        if scope.cancelled_caught:
            _log.warning("%d streams were not drained in time", len(self.supervisor))
        return not scope.cancelled_caught

    def _wake(self, stream: str) -> None:
        self.supervisor.wake(stream)

    def _schedule(self, stream: str, at: Instant) -> None:
        self.due.schedule(stream, at)

    def _deliver(self, nursery: trio.Nursery, cell: Cell) -> None:
        nursery.start_soon(deliver_effects, cell, self.router, self._clock, self._randomness)
