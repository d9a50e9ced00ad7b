"""One flush of one stream: what goes to whom in which order, carried out in slices."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from actors.relay.entry import End, Send, Step, Subscription


class Flush:
    """The steps of one flush that are left. Each step is done for all before the next begins.

    Subscribers that leave meanwhile are passed over; those that come meanwhile are no targets of it.
    """

    __slots__ = ("_done", "_end", "_steps", "deliveries", "head", "sends", "started")

    def __init__(
        self, steps: deque[Step], head: int, started: float, end: Callable[[Subscription], None]
    ) -> None:
        self._steps = steps
        self._done = 0  # of the first step's targets
        self._end = end
        self.head = head
        """The last seq it brings."""
        self.started = started
        """Monotonic seconds."""
        self.deliveries = 0
        """Events handed to writers so far, counted once per subscriber."""
        self.sends = 0
        """Writes so far."""

    @property
    def finished(self) -> bool:
        """Whether nothing is left."""
        return not self._steps

    def advance(self, sends_max: int) -> int:
        """Make up to this many sends, without yielding: how many were made."""
        made = 0
        while self._steps and made < sends_max:
            step = self._steps[0]
            if isinstance(step, End):
                for subscription in step.subscriptions:
                    self._end(subscription)
                self._steps.popleft()
                continue
            # Sliced where it stands: a step may have more targets than one slice may make sends.
            targets = step.targets[self._done : self._done + sends_max - made]
            self._write(step, targets)
            made += len(targets)
            self._done += len(targets)
            if self._done == len(step.targets):
                self._steps.popleft()
                self._done = 0
        self.sends += made
        return made

    def _write(self, step: Send, targets: Sequence[Subscription]) -> None:
        data = step.data
        if step.droppable:
            for subscription in targets:
                if subscription.live:
                    subscription.writer.write_droppable(data)
        else:
            for subscription in targets:
                if subscription.live:
                    subscription.writer.write(data)
            self.deliveries += len(targets) * step.events
