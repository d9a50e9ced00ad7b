"""What a stream owes to others: effects of its events that aren't settled, in order for each target. Pure."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence

from msgspec import Struct

from actors.kind import Send
from actors.runtime import limits
from protocol.frames import StreamCommand


class PendingEffect(Struct):
    """An effect that isn't settled yet."""

    seq: int
    """Of the event that caused it."""
    index: int
    """Among the event's effects."""
    send: Send
    tried: bool = False
    """Whether it may have been sent before, by this activation or an earlier one: then it goes as a resend."""

    @property
    def target(self) -> str:
        """The stream it goes to, with its lane; one that makes a stream to which nothing else goes is in order with
        nothing.
        """
        command = self.send.command
        if isinstance(command, StreamCommand):
            lane = self.send.lane
            return command.stream if lane is None else f"{command.stream} {lane}"
        return self.send.makes or f"{self.seq} {self.index}"


class Target:
    """What goes to one stream: a few at a time, in the order of their events; or to one lane of it, one at a time.

    One that wasn't served, such as one that is sent to a stream that is away, goes again before any later one does.
    Only those that were sent together with it may come before it then.
    """

    __slots__ = ("_failed", "_flying", "_queue", "attempts", "retry_at")

    def __init__(self) -> None:
        self.attempts = 0
        """In vain, since the last that was not."""
        self.retry_at: float | None = None
        """Monotonic seconds; None unless it waits for its next attempt."""
        self._queue: deque[PendingEffect] = deque()
        self._flying = 0
        self._failed: list[PendingEffect] = []

    @property
    def idle(self) -> bool:
        """Whether the next ones may go now."""
        return not self._flying and self.retry_at is None and bool(self._queue)

    @property
    def done(self) -> bool:
        """Whether nothing is owed any more."""
        return not (self._flying or self._queue)

    def add(self, effect: PendingEffect) -> None:
        """Owe one more."""
        self._queue.append(effect)

    def take(self) -> Sequence[PendingEffect]:
        """The next ones, which are on their way from now on: one alone in a lane, or until the target serves again."""
        alone = self.attempts or self._queue[0].send.lane is not None
        count = 1 if alone else min(limits.EFFECTS_AT_ONCE, len(self._queue))
        self._flying = count
        return [self._queue.popleft() for _ in range(count)]

    def replied(self, effect: PendingEffect, *, settled: bool) -> bool:
        """One of those was answered. True if it was the last, and some must go again."""
        self._flying -= 1
        if not settled:
            effect.tried = True
            self._failed.append(effect)
        if self._flying:
            return False
        failed, self._failed = sorted(self._failed, key=lambda each: (each.seq, each.index)), []
        self._queue.extendleft(reversed(failed))
        self.attempts = self.attempts + 1 if failed else 0
        return bool(failed)


class Owed:
    """All that a stream owes."""

    def __init__(self) -> None:
        self._unsettled: OrderedDict[tuple[int, int], PendingEffect] = OrderedDict()
        self._targets: dict[str, Target] = {}
        self._ready: OrderedDict[str, None] = OrderedDict()
        """Targets to which something can go now."""
        self._resting: dict[str, None] = {}
        """Targets that wait for their next attempt."""

    def __len__(self) -> int:
        return len(self._unsettled)

    @property
    def oldest(self) -> PendingEffect | None:
        """The first that isn't settled: whatever events before its own owe was settled."""
        return next(iter(self._unsettled.values()), None)

    @property
    def ready(self) -> bool:
        """Whether something can go now."""
        return bool(self._ready)

    @property
    def flying(self) -> bool:
        """Whether something is on its way."""
        return len(self._resting) + len(self._ready) < len(self._targets)

    @property
    def next_retry_at(self) -> float | None:
        """When the first of those that wait goes again, in monotonic seconds."""
        waits = [self._targets[name].retry_at for name in self._resting]
        return min((at for at in waits if at is not None), default=None)

    def add(self, effects: Iterable[PendingEffect]) -> None:
        """Owe these too, which are later than all before."""
        for effect in effects:
            self._unsettled[effect.seq, effect.index] = effect
            target = self._targets.setdefault(effect.target, Target())
            target.add(effect)
            if target.idle:
                self._ready[effect.target] = None

    def take(self) -> Sequence[PendingEffect]:
        """What goes to the next target that is ready; there must be one."""
        name, _ = self._ready.popitem(last=False)
        return self._targets[name].take()

    def replied(self, effect: PendingEffect, *, settled: bool) -> Target | None:
        """One that was taken was answered. Its target if it must be given a time for its next attempt, by ``rest``."""
        name = effect.target
        target = self._targets[name]
        if settled:
            del self._unsettled[effect.seq, effect.index]
        if target.replied(effect, settled=settled):
            return target
        if target.done:
            del self._targets[name]
        elif target.idle:
            self._ready[name] = None
        return None

    def rest(self, effect: PendingEffect, until: float) -> None:
        """The target of this one gets its next attempt at this monotonic time."""
        self._targets[effect.target].retry_at = until
        self._resting[effect.target] = None

    def wake(self, now: float) -> None:
        """Those whose time has come are ready."""
        for name in tuple(self._resting):
            target = self._targets[name]
            if target.retry_at is not None and target.retry_at <= now:
                target.retry_at = None
                del self._resting[name]
                self._ready[name] = None
