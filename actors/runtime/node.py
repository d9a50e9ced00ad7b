"""The runtime of one node: committer, supervisor, due work and router, started and stopped in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import trio

from actors.cluster.ownership import Ownership
from actors.kind import Instant, Kind
from actors.ports.executor import Executor
from actors.ports.log import Log
from actors.ports.time import Clock, Randomness
from actors.ports.trace import Tracer
from actors.runtime import limits
from actors.runtime.actor_context import ActorContext
from actors.runtime.committer import Committer
from actors.runtime.counters import RuntimeCounters
from actors.runtime.due import DueWork
from actors.runtime.effects import Delivery, EffectSource
from actors.runtime.envelope import Envelope
from actors.runtime.peers import Peers
from actors.runtime.publisher import Publisher
from actors.runtime.router import Router
from actors.runtime.stream_store import StreamStore
from actors.runtime.supervisor import Supervisor
from actors.runtime.trials import Trials
from actors.runtime.work import Works


class Runtime:
    """Everything between a command and its reply, for the streams of this node's shards.

    ``peers`` takes what is for the streams of other nodes; without it, that is refused ``unavailable``.
    """

    def __init__(
        self,
        *,
        kinds: Sequence[Kind[Any]],
        log: Log,
        ownership: Ownership,
        clock: Clock,
        randomness: Randomness,
        publisher: Publisher,
        executor: Executor,
        digest_key: bytes,
        peers: Peers | None = None,
        commit_connections: int = limits.COMMIT_CONNECTIONS,
        tracer: Tracer | None = None,
    ) -> None:
        by_name = {kind.wire.name: kind for kind in kinds}
        self._clock = clock
        self._ownership = ownership
        self._randomness = randomness
        self.counters = RuntimeCounters()
        self.committer = Committer(
            log, ownership.me, clock, randomness, commit_connections=commit_connections
        )
        self.store = StreamStore(log, ownership, clock)
        self.works = Works(executor, clock, randomness, self.counters)
        context = ActorContext(
            store=self.store,
            ownership=ownership,
            clock=clock,
            randomness=randomness,
            committer=self.committer,
            trials=Trials(log, ownership),
            works=self.works,
            publisher=publisher,
            digest_key=digest_key,
            route=self._route,
            fenced=self._fenced,
            schedule=self._schedule,
            deliver=self._deliver,
            counters=self.counters,
            tracing=tracer is not None,
        )
        # Each hears of a change of owners in this order: what is lost ends before what is held is taken on.
        self.supervisor = Supervisor(by_name, context)
        self.router = Router(by_name, self.supervisor, ownership, peers, publisher, clock, tracer)
        self.due = DueWork(log, ownership, clock, randomness, self.supervisor.wake)

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve until cancelled, as the run that the node is now. The committer is the last to go: it outlives every
        actor.
        """
        self.committer.fence = self._ownership.me
        async with trio.open_nursery() as outer:
            await outer.start(self.committer.run)
            async with trio.open_nursery() as nursery:
                await nursery.start(self.supervisor.run)
                nursery.start_soon(self.due.run)
                nursery.start_soon(self.router.run)
                task_status.started()

    async def release(self, shards: Iterable[int], timeout_s: float) -> bool:
        """End the activity in shards that are being handed over (``Ownership.hand_over`` was called): on return
        this node has nothing in hand for them.

        Streams finish what is in their mailboxes and checkpoint; what isn't done in time is cut off, its commands
        wait for the next owner, and the result is false.
        """
        return await self.supervisor.release(shards, timeout_s)

    def _route(self, envelope: Envelope) -> None:
        self.router.route(envelope)

    def _fenced(self, stream: str) -> None:
        self.router.fenced(stream)

    def _schedule(self, stream: str, at: Instant) -> None:
        self.due.schedule(stream, at)

    def _deliver(self, nursery: trio.Nursery, cell: EffectSource) -> Delivery:
        delivery = Delivery(cell, self.router, self._clock, self._randomness, self.counters)
        nursery.start_soon(delivery.run)
        return delivery
