"""Work: what states want worked out that would hold the loop. It is called elsewhere and comes back as a command."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import Any, Final

import trio
from msgspec import Struct, structs

from actors.kind import Kind, Work
from actors.ports.executor import Executor
from actors.ports.time import Clock, Randomness
from actors.runtime import limits
from actors.runtime.active import Active
from actors.runtime.backoff import backoff
from actors.runtime.counters import Buckets, RuntimeCounters
from actors.runtime.envelope import Envelope
from actors.runtime.mailbox import Mailbox
from actors.runtime.time_slice import TimeSlice
from protocol.frames import Command, Refused, Reply, Unknown
from protocol.ids import SYSTEM, derive_client_id

_log = logging.getLogger(__name__)


class Done(Struct, frozen=True):
    """What came of a work."""

    key: int
    result: Any


class Works:
    """The works of one node's streams: WORKS_AT_ONCE of them are worked out at a time, the others wait in line."""

    def __init__(
        self, executor: Executor, clock: Clock, randomness: Randomness, counters: RuntimeCounters
    ) -> None:
        self.seconds: Final = Buckets(limits.WORK_S_BOUNDS)
        """How long those took that were worked out, from their turn on."""
        self._executor = executor
        self._clock = clock
        self._randomness = randomness
        self._counters = counters
        self._turns = trio.CapacityLimiter(limits.WORKS_AT_ONCE)

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return self._turns.statistics().tasks_waiting

    async def work_out(self, stream: str, wanted: Callable[[], Work | None]) -> Done | None:
        """What comes of what is wanted when its turn has come. None if it failed, which is logged, or is no longer
        wanted then.
        """
        async with self._turns:
            work = wanted()
            if work is None:
                return None
            begun = self._clock.monotonic()
            try:
                arguments = await _gathered(work, TimeSlice(self._clock))
                result = await self._executor.call(work.function, *arguments)
            except Exception:
                self._counters.works_failed += 1
                _log.exception("a stream's work failed: it is tried again", extra={"stream": stream})
                return None
            self.seconds.add(self._clock.monotonic() - begun)
            return Done(work.key, result)

    def outdated(self) -> None:
        """A result was thrown away, since what it was worked out from has changed."""
        self._counters.works_outdated += 1

    async def rest(self, failures: int) -> None:
        """Wait before the attempt that follows so many in vain."""
        wait_s = backoff(self._randomness, failures, limits.WORK_BACKOFF_MIN_S, limits.WORK_BACKOFF_MAX_S)
        await self._clock.sleep_until(self._clock.monotonic() + wait_s)


class StreamWork:
    """The work of an active stream. While its state wants any, a task sees to it.

    Nothing is lost when that is cut off: the state wants it still, and the next activation begins anew. Nothing is
    taken twice or too late: only what its state wants now is sent to the stream, and its kind decides once more.
    """

    def __init__(self, stream: str, kind: Kind[Any], active: Active, mailbox: Mailbox, works: Works) -> None:
        self.going = False
        """Whether its state wants something worked out, or its result hasn't been answered yet."""
        self._stream = stream
        self._kind = kind
        self._active = active
        self._mailbox = mailbox
        self._works = works
        self._found_head = active.head
        self._stuck: tuple[int, int] | None = None
        """The key and the head at which a result changed nothing: it isn't worked out again before the next event."""

    def begin(self, nursery: trio.Nursery) -> None:
        """See to what the state wants, now that it may have changed."""
        if not self.going and self._wanted() is not None:
            self.going = True
            nursery.start_soon(self._run)

    def _wanted(self) -> Work | None:
        work = self._kind.work(self._active.state)
        return None if work is None or (work.key, self._active.head) == self._stuck else work

    async def _run(self) -> None:
        failures = 0
        done: Done | None = None
        while (work := self._wanted()) is not None:
            if done is None or done.key != work.key:
                done = await self._works.work_out(self._stream, self._wanted)
            if done is not None and await self._take(done):
                failures, done = 0, None
            elif self._wanted() is not None:
                failures += 1
                await self._works.rest(failures)
        self.going = False
        self._mailbox.wake()

    async def _take(self, done: Done) -> bool:
        """Have the stream take a result, unless it is outdated. False if that must be tried again."""
        if not self._wants(done.key):
            self._works.outdated()
            return True
        try:
            command = self._kind.worked(self._active.state, done.key, done.result)
        except Exception:
            _log.exception("a stream can't say what its work came to", extra={"stream": self._stream})
            return False
        reply = await self._sent(done.key, command)
        if reply is None or isinstance(reply, Unknown) or (isinstance(reply, Refused) and reply.retry):
            return False
        if self._wants(done.key):
            self._stuck = done.key, self._active.head
            _log.error("a work changed nothing; it waits for an event", extra={"stream": self._stream})
        return True

    def _wants(self, key: int) -> bool:
        work = self._wanted()
        return work is not None and work.key == key

    async def _sent(self, key: int, command: Command) -> Reply | None:
        """Its reply to itself; None if it came back."""
        head = self._active.head
        client_id = derive_client_id("work", self._stream, str(key), str(head))
        # At the head that this activation found, an earlier one may have sent it, and its node been lost by it.
        stamped = structs.replace(command, client_id=client_id, resend=head == self._found_head)
        replies: list[Reply] = []
        settled = trio.Event()

        def answered(reply: Reply) -> None:
            replies.append(reply)
            settled.set()

        envelope = Envelope(stamped, SYSTEM, self._stream, answered, math.inf, returned=settled.set)
        self._mailbox.put_back([envelope])
        self._mailbox.wake()
        await settled.wait()
        return replies[0] if replies else None


async def _gathered(work: Work, time_slice: TimeSlice) -> tuple[object, ...]:
    """The arguments of a work; others run meanwhile."""
    steps = work.gather()
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
        await time_slice.rest()
