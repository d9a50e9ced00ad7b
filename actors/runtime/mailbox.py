"""What waits for one actor, in the order it came."""

from __future__ import annotations

import math
from collections import deque

import outcome
import trio

from actors.runtime.envelope import Envelope


class Mailbox:
    """A bounded queue with one reader, which drains it whole. Putting never blocks."""

    __slots__ = ("_commands", "_limit", "_reader", "_woken")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._commands: deque[Envelope] = deque()
        self._reader: trio.lowlevel.Task | None = None
        self._woken = False

    def __len__(self) -> int:
        return len(self._commands)

    @property
    def expires_at(self) -> float:
        """When the last of its commands is answered in any case (monotonic seconds); long ago for an empty one."""
        return max((e.expires_at for e in self._commands if not e.settled), default=-math.inf)

    def put(self, envelope: Envelope) -> bool:
        """Queue a command; false if the mailbox is full."""
        if len(self._commands) >= self._limit:
            return False
        self._commands.append(envelope)
        self._wake()
        return True

    def put_back(self, envelopes: list[Envelope]) -> None:
        """Return commands that were taken and not decided, to the front and past the limit."""
        self._commands.extendleft(reversed(envelopes))

    def wake(self) -> None:
        """Let the reader look around, though no command came."""
        self._woken = True
        self._wake()

    def take(self, limit: int) -> list[Envelope]:
        """Up to this many commands that nobody has answered meanwhile."""
        taken: list[Envelope] = []
        commands = self._commands
        while commands and len(taken) < limit:
            envelope = commands.popleft()
            if not envelope.settled:
                taken.append(envelope)
        return taken

    async def wait(self) -> None:
        """Return when there is something to take, or after a wake-up."""
        if not self._commands and not self._woken:
            self._reader = trio.lowlevel.current_task()

            def abort(_: object) -> trio.lowlevel.Abort:
                self._reader = None
                return trio.lowlevel.Abort.SUCCEEDED

            await trio.lowlevel.wait_task_rescheduled(abort)
        else:
            await trio.lowlevel.checkpoint()
        self._woken = False

    def _wake(self) -> None:
        if self._reader is not None:
            reader, self._reader = self._reader, None
            trio.lowlevel.reschedule(reader, outcome.Value(None))
