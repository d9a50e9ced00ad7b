"""One node's time: a monotonic clock of its own, a wall clock that is wrong, and the freezer (SIGSTOP)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from math import inf
from typing import Final

import trio
from typing_extensions import override

from actors.kind import Instant
from actors.ports.time import Clock
from tests.ports import EPOCH_MS

_ROUNDING_S: Final = 1e-9
"""Nobody wakes before its time for want of a bit."""
LOOKS_S = (0.0, 0.0, 1e-6)
"""What a look at the clock takes, on one node or another: no step would ever have taken its time otherwise. It is far
below what leases and timeouts can notice.
"""


class SimClock(Clock):
    """The Clock port of one process.

    While it is frozen nothing it waited for comes back, deadlines included, but its clocks go on, as with SIGSTOP.
    What runs first on thaw is the seed's choice.
    """

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)
        self._origin_s = self._random.uniform(0, 100_000)
        self._rate = self._random.choice([1.0, 1.0, 0.9998, 1.0003])
        self._wall_ms = self._random.choice([0, 0, 40, -700, 3_600_000, -90_000])
        self._look_s = self._random.choice(LOOKS_S)
        self._looked_at_s = 0.0
        self._scopes: dict[trio.CancelScope, float] = {}  # open deadlines, in Trio's time
        self._thaw: trio.Event | None = None
        self.thawed_at = 0.0
        """Of the last freeze, in Trio's time."""

    # --- what goes wrong ---

    @property
    def frozen(self) -> bool:
        """Whether the process stands still."""
        return self._thaw is not None

    def freeze(self) -> None:
        """Let nothing run from the next port call on."""
        self._thaw = trio.Event()
        for scope in self._scopes:
            scope.deadline = inf

    def thaw(self) -> None:
        """Go on; what became due meanwhile is due now."""
        if self._thaw is not None:
            self._thaw.set()
            self._thaw = None
            self.thawed_at = trio.current_time()
            for scope, deadline in self._scopes.items():
                scope.deadline = max(deadline, trio.current_time() + self._linger())

    def jump(self, milliseconds: int) -> None:
        """Somebody sets the wall clock."""
        self._wall_ms += milliseconds

    async def thawed(self) -> None:
        """Return once the process isn't frozen: every port call passes here."""
        while self._thaw is not None:
            await self._thaw.wait()
            await trio.sleep(self._linger())

    def _linger(self) -> float:
        return self._random.choice([0.0, 0.0, 0.001, 0.02])

    # --- the port ---

    @override
    def now(self) -> Instant:
        return EPOCH_MS + self._wall_ms + int(trio.current_time() * 1000)

    @override
    def monotonic(self) -> float:
        now = self._origin_s + trio.current_time() * self._rate
        self._looked_at_s = max(now, self._looked_at_s + self._look_s)
        return self._looked_at_s

    @override
    async def sleep_until(self, monotonic: float) -> None:
        await trio.sleep_until((monotonic - self._origin_s) / self._rate + _ROUNDING_S)
        await self.thawed()

    @override
    def deadline(self, seconds: float) -> AbstractContextManager[trio.CancelScope]:
        return self._deadline(seconds)

    @contextmanager
    def _deadline(self, seconds: float) -> Iterator[trio.CancelScope]:
        until = trio.current_time() + max(0.0, seconds) / self._rate
        with trio.CancelScope(deadline=inf if self.frozen else until) as scope:
            self._scopes[scope] = until
            try:
                yield scope
            finally:
                del self._scopes[scope]
