"""The timer of an active stream: its state says when it is due, and its kind which command then comes."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from functools import partial
from typing import Any

from msgspec import structs

from actors.kind import Instant, Kind
from actors.ports.time import Clock
from actors.runtime import limits
from actors.runtime.active import Active
from actors.runtime.envelope import Envelope
from actors.runtime.mailbox import Mailbox
from protocol.frames import Refused, Reply, Unknown
from protocol.ids import SYSTEM, derive_client_id

_log = logging.getLogger(__name__)


class Timer:
    """Puts the command of a timer that is due into the mailbox, before what waits there."""

    def __init__(
        self,
        stream: str,
        kind: Kind[Any],
        active: Active,
        mailbox: Mailbox,
        clock: Clock,
        schedule: Callable[[str, Instant], None],
    ) -> None:
        self.firing: Instant | None = None
        """When the timer was due whose command waits in the mailbox or is being decided."""
        self._stream = stream
        self._kind = kind
        self._active = active
        self._mailbox = mailbox
        self._clock = clock
        self._schedule = schedule
        self._found_head = active.head
        self._stuck: Instant | None = None
        """A timer whose command was refused: it isn't fired again until the state moves it."""
        self._not_before: Instant = 0
        """When one that came back is tried again. Fired at once, it would come before what waits in the mailbox, and
        come back, for ever.
        """

    def schedule(self) -> None:
        """Have the stream woken when its timer is due."""
        due = self._kind.due(self._active.state)
        if due is not None and due != self._stuck:
            self._schedule(self._stream, due)

    def moved(self) -> None:
        """There were events: a timer that changed nothing before may now."""
        self._stuck = None

    def fire(self) -> None:
        """Put its command into the mailbox if it is due; the command's client_id makes a repeat harmless."""
        due = self._kind.due(self._active.state)
        if due is None or self.firing is not None or due == self._stuck:
            return
        now = self._clock.now()
        if due > now:  # woken by a time it was put off from
            self._schedule(self._stream, due)
            return
        if now < self._not_before:
            return
        command = self._kind.on_due(self._active.state, now)
        if command is None:
            return
        self.firing = due
        cause = ("timer", self._stream, str(due), str(self._active.head))
        # At the head that this activation found, an earlier one may have fired it, and its node been lost by it.
        again = self._active.head == self._found_head
        stamped = structs.replace(command, client_id=derive_client_id(*cause), resend=again)
        told = partial(self._fired, due)
        envelope = Envelope(stamped, SYSTEM, self._stream, told, math.inf, returned=self._try_later)
        self._mailbox.put_back([envelope])

    def _try_later(self) -> None:
        self.firing = None
        self._not_before = self._clock.now() + limits.TIMER_RETRY_MS
        self._schedule(self._stream, self._not_before)

    def _fired(self, due: Instant, reply: Reply) -> None:
        """Its command was answered: one that couldn't be served is tried again, one without effect isn't."""
        if isinstance(reply, Unknown) or (isinstance(reply, Refused) and reply.retry):
            self._try_later()
            return
        self.firing = None
        if self._kind.due(self._active.state) == due:
            self._stuck = due
            _log.error("a timer changed nothing; it waits for an event", extra={"stream": self._stream})
