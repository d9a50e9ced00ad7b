"""Sending the effects of events to other streams: in order, until each is settled."""

from __future__ import annotations

from typing import Protocol

from msgspec import structs

from actors.ports.streams import Streams
from actors.ports.time import Clock, Randomness
from actors.runtime import limits
from actors.runtime.active import Active
from actors.runtime.backoff import backoff
from actors.runtime.mailbox import Mailbox
from protocol.frames import Accepted, Refused, Reply
from protocol.ids import derive_client_id


class EffectSource(Protocol):
    """A cell, as far as sending its effects needs it."""

    stream: str
    active: Active
    mailbox: Mailbox
    delivering: bool

    @property
    def serves(self) -> bool:
        """Whether this activation may still act for its stream."""
        ...

    def put_off(self, wait_s: float) -> None:
        """Note in the log that the oldest effect is tried again after this time."""
        ...


async def deliver_effects(cell: EffectSource, router: Streams, clock: Clock, randomness: Randomness) -> None:
    """Send each pending effect until it is accepted or refused for good, then let the cell note how far it got.

    Nothing is lost when this is cut off: the next activation derives what is pending again, and the client_id, which
    comes from the cause, makes a repeat do nothing.
    """
    pending = cell.active.pending
    while pending:
        effect = pending[0]
        seq, index, send = effect.seq, effect.index, effect.send
        # Always a resend: an earlier activation may have sent it, and been cut off before it noted the answer.
        client_id = derive_client_id("effect", cell.stream, str(seq), str(index))
        command = structs.replace(send.command, client_id=client_id, resend=True)
        attempt = 0
        # In order, one at a time: effects_seq is a single number, so a later effect can't be noted before an earlier.
        while not (cell.serves and _settled(await router.ask(command, by=cell.stream))):
            attempt += 1
            wait_s = backoff(randomness, attempt, limits.EFFECT_BACKOFF_MIN_S, limits.EFFECT_BACKOFF_MAX_S)
            cell.put_off(wait_s)
            await clock.sleep_until(clock.monotonic() + wait_s)
        pending.popleft()
        cell.active.retry_at = None
    cell.delivering = False
    cell.mailbox.wake()


def _settled(reply: Reply) -> bool:
    return isinstance(reply, Accepted) or (isinstance(reply, Refused) and not reply.retry)
