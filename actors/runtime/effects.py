"""Sending the effects of events to other streams until each is settled: to all targets at once, in order to each."""

from __future__ import annotations

from functools import partial
from typing import Protocol

import trio
from msgspec import structs

from actors.ports.streams import Streams
from actors.ports.time import Clock, Randomness
from actors.runtime import limits
from actors.runtime.active import Active
from actors.runtime.backoff import backoff
from actors.runtime.counters import RuntimeCounters
from actors.runtime.mailbox import Mailbox
from actors.runtime.owed import PendingEffect
from protocol.frames import Accepted, Refused, Reply
from protocol.ids import derive_client_id


class EffectSource(Protocol):
    """A cell, as far as sending its effects needs it."""

    stream: str
    active: Active
    mailbox: Mailbox
    delivering: Delivery | None

    @property
    def serves(self) -> bool:
        """Whether this activation may still act for its stream."""
        ...

    def put_off(self, wait_s: float) -> None:
        """Note in the log what is settled, and that the rest is tried again after this time."""
        ...


class Delivery:
    """Sends what a cell owes, until nothing is left.

    Nothing is lost when it is cut off: the next activation derives what is pending again, and the client_id, which
    comes from the cause, makes a repeat do nothing. A target that is away delays what goes to it alone.
    """

    def __init__(
        self,
        cell: EffectSource,
        router: Streams,
        clock: Clock,
        randomness: Randomness,
        counters: RuntimeCounters,
    ) -> None:
        self._cell = cell
        self._router = router
        self._clock = clock
        self._randomness = randomness
        self._counters = counters
        self._stirred = trio.Event()

    def stir(self) -> None:
        """More is owed, or something was answered."""
        self._stirred.set()

    def may_send(self) -> bool:
        """Whether anything may be said for the stream now."""
        return self._cell.serves

    async def run(self) -> None:
        """Send until nothing is owed, then let the cell note that."""
        cell, owed, suspended = self._cell, self._cell.active.owed, 0
        while owed:
            self._stirred = trio.Event()
            owed.wake(self._clock.monotonic())
            # Asked before every step: what a node that may not act says for a stream, its owner may have to take back.
            if not self.may_send():
                suspended += 1
                wait_s = self._backoff_s(suspended)
                cell.put_off(wait_s)
                await self._clock.sleep_until(self._clock.monotonic() + wait_s)
                continue
            suspended = 0
            if owed.ready:
                self._send_some()
                await trio.lowlevel.checkpoint()
            else:
                await self._wait()
        cell.active.retry_at = None
        cell.delivering = None
        cell.mailbox.wake()

    def _send_some(self) -> None:
        """Send to some targets: so many that the step stays short."""
        sent, self._cell.active.retry_at = 0, None
        while self._cell.active.owed.ready and sent < limits.EFFECTS_PER_STEP:
            for effect in self._cell.active.owed.take():
                self._send(effect)
                sent += 1

    def _send(self, effect: PendingEffect) -> None:
        stream = self._cell.stream
        client_id = derive_client_id("effect", stream, str(effect.seq), str(effect.index))
        command = structs.replace(effect.send.command, client_id=client_id, resend=effect.tried)
        self._router.send(command, by=stream, reply=partial(self._replied, effect))

    def _replied(self, effect: PendingEffect, reply: Reply) -> None:
        owed, settled = self._cell.active.owed, _settled(reply)
        self._counters.effects += settled
        target = owed.replied(effect, settled=settled)
        if target is not None:
            owed.rest(effect, self._clock.monotonic() + self._backoff_s(target.attempts))
        self._stirred.set()

    async def _wait(self) -> None:
        """Return when something was answered or added, or may go again."""
        owed = self._cell.active.owed
        retry_at = owed.next_retry_at
        if retry_at is None:
            await self._stirred.wait()
            return
        wait_s = max(0.0, retry_at - self._clock.monotonic())
        if not owed.flying:
            self._cell.put_off(wait_s)
        with self._clock.deadline(wait_s):
            await self._stirred.wait()

    def _backoff_s(self, attempt: int) -> float:
        return backoff(self._randomness, attempt, limits.EFFECT_BACKOFF_MIN_S, limits.EFFECT_BACKOFF_MAX_S)


def _settled(reply: Reply) -> bool:
    return isinstance(reply, Accepted) or (isinstance(reply, Refused) and not reply.retry)
