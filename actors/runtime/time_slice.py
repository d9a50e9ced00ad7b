"""How long a task of the runtime works before the loop is others'."""

from __future__ import annotations

import trio

from actors.ports.time import Clock
from actors.runtime import limits


class TimeSlice:
    """STEP_S, or a part of it, from now on or from the last time others ran.

    Whoever works through many things asks after each one, so a step takes as long as one more of them than fit.
    """

    __slots__ = ("_clock", "_ends_at", "_lasts_s")

    def __init__(self, clock: Clock, *, part: float = 1.0) -> None:
        self._clock = clock
        self._lasts_s = limits.STEP_S * part
        self.begin()

    def begin(self) -> None:
        """Others have just run."""
        self._ends_at = self._clock.monotonic() + self._lasts_s

    def over(self) -> bool:
        """Whether it is time to let others run."""
        return self._clock.monotonic() >= self._ends_at

    def half_over(self) -> bool:
        """Whether it is time for the rest of the same work."""
        return self._clock.monotonic() >= self._ends_at - self._lasts_s / 2

    async def rest(self) -> None:
        """Let others run if it is time, and begin again then. Otherwise there is no checkpoint."""
        if self.over():
            await trio.lowlevel.checkpoint()
            self.begin()
