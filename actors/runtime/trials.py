"""Trials: a command that an owner may have died of is decided alone, and noted in the log while it is.

An owner can't note what it decides without making every command dearer. But what it had in hand when it was lost
comes again, marked as a resend: while a loss is recent, each resend is noted before it is decided. So the owner after
the next finds the note of a run that is over, and refuses the command instead of dying of it too.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import trio

from actors.cluster.ownership import Ownership
from actors.ports.log import Log, LogUnavailableError
from actors.runtime import limits
from actors.runtime.envelope import Envelope, tag_of
from actors.runtime.mailbox import Mailbox
from protocol.codes import Code
from protocol.ids import kind_of

_log = logging.getLogger(__name__)
_SENDERS = frozenset({"user", "key"})
"""Kinds of authors who mark as a resend only what they sent before. Effects that are derived again, and timers, may be
marked at first.
"""


class Trials:
    """The trials of one node: as few at a time as can be, since whatever stops the node counts against all of them."""

    def __init__(self, log: Log, ownership: Ownership) -> None:
        self._source = log
        self._ownership = ownership
        self._at_once = trio.CapacityLimiter(1)

    @asynccontextmanager
    async def of(self, stream: str, envelopes: Sequence[Envelope]) -> AsyncGenerator[list[Envelope]]:
        """Those of a batch that may be decided, which the block does; the others are refused for good.

        Raises LogUnavailableError, FencedError; then nothing may be decided.
        """
        suspects = [envelope for envelope in envelopes if envelope.command.resend]
        waiting = self._at_once.statistics().tasks_waiting
        self._at_once.total_tokens = 1 + waiting // limits.TRIALS_IN_TURN
        async with self._at_once:
            for suspect in suspects:
                await self._begin(stream, suspect)
            try:
                yield [envelope for envelope in envelopes if not envelope.settled]
            finally:
                for suspect in suspects:
                    await self._end(stream, suspect)

    async def _begin(self, stream: str, envelope: Envelope) -> None:
        lost_before = int(kind_of(envelope.by) in _SENDERS)
        if not await self._source.take_in_hand(
            self._ownership.me, stream, envelope.key, lost_before=lost_before
        ):
            about = {"stream": stream, "command": tag_of(envelope.command), "client_id": envelope.key[1]}
            _log.error("nodes were lost with a command in hand: it is refused for good", extra=about)
            envelope.refuse(Code.INTERNAL, stream)

    async def _end(self, stream: str, envelope: Envelope) -> None:
        try:
            await self._source.let_go(stream, envelope.key)
        except LogUnavailableError:
            return  # the note counts only if this run is lost before the command comes again


def apart(taken: list[Envelope], mailbox: Mailbox) -> list[Envelope]:
    """Of a batch, the first resend alone or what comes before it; the rest goes back."""
    first = next((i for i, envelope in enumerate(taken) if envelope.command.resend), len(taken))
    cut = max(first, 1)
    mailbox.put_back(taken[cut:])
    return taken[:cut]
