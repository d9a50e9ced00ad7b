"""What goes wrong in a simulated storage, by seed."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence

import trio

from actors.ports import Append, LogUnavailableError
from storage.memory.faults import Faults, Outcome, Point

_TROUBLE = [
    Outcome.CONFLICT,
    Outcome.LOST_BEFORE_COMMIT,
    Outcome.LOST_AFTER_COMMIT,
    Outcome.LOST_AND_LATE,
]


class SeededFaults(Faults):
    """Delays, failures and lost answers, each as often as this seed likes; none after ``heal``."""

    def __init__(self, seed: str, nursery: trio.Nursery) -> None:
        self._random = random.Random(seed)
        self._nursery = nursery
        self._trouble = self._random.choice([0.0, 0.02, 0.1, 0.3])
        self._away = self._random.choice([0.0, 0.0, 0.02, 0.1])
        self._slow_s = self._random.choice([0.0, 0.005, 0.05, 0.5])
        self._busy = self._random.choice([0.0, 0.0, 0.2])
        self._down_until = 0.0
        self.healed = False

    def heal(self) -> None:
        """Nothing goes wrong from now on."""
        self.healed = True

    def go_down(self, seconds: float) -> None:
        """The whole database is away for a while."""
        self._down_until = trio.current_time() + seconds

    async def before(self, call: str) -> None:
        """See Faults."""
        await self._wait()
        down = trio.current_time() < self._down_until
        if not self.healed and (down or self._random.random() < self._away):
            raise LogUnavailableError(call)

    async def pause(self, point: Point) -> None:
        """See Faults."""
        if point is Point.ON_ITS_WAY and not self.healed:
            await trio.sleep(self._random.uniform(0, 3))
        await self._wait()

    async def _wait(self) -> None:
        if self.healed or not self._slow_s or self._random.random() < 0.3:
            await trio.lowlevel.checkpoint()
        else:
            await trio.sleep(self._random.uniform(0, self._slow_s))

    def outcome(self, appends: Sequence[Append]) -> Outcome:
        """See Faults."""
        if self.healed or self._random.random() >= self._trouble:
            return Outcome.ANSWERED
        return self._random.choice(_TROUBLE)

    def busy(self, stream: str) -> bool:
        """See Faults."""
        return not self.healed and self._random.random() < self._busy

    def detach(self, transaction: Callable[[], Awaitable[None]]) -> None:
        """See Faults: the server's half outlives the node."""
        self._nursery.start_soon(transaction)
