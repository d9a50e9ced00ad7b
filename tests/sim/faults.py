"""What goes wrong between the nodes and the simulated PostgreSQL, by seed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import trio
from typing_extensions import override

from actors.cluster.limits import LEASE_S
from actors.ports.log import Append, LogOutcomeUnknownError, LogUnavailableError
from storage.memory.faults import Faults, Outcome, Point
from tests.sim.clock import SimClock

TROUBLES = (0.0, 0.02, 0.1, 0.3)
"""The part of all appends whose call fails, or whose answer is lost: one of these for each process."""
KINDS = (
    Outcome.CONFLICT,
    Outcome.LOST_BEFORE_COMMIT,
    Outcome.LOST_AFTER_COMMIT,
    Outcome.LOST_AND_LATE,
)


class SeededFaults(Faults):
    """One process's way to PostgreSQL: as slow and as unreliable as this seed likes, and healthy after ``heal``."""

    def __init__(self, seed: str, nursery: trio.Nursery) -> None:
        self._random = random.Random(seed)
        self._nursery = nursery
        self._trouble = self._random.choice(TROUBLES)
        self._away = self._random.choice([0.0, 0.0, 0.02, 0.1])
        self._slow_s = self._random.choice([0.0, 0.005, 0.05, 0.3])
        self._busy = self._random.choice([0.0, 0.0, 0.2])
        self._down_until = 0.0
        self._renewals_until = 0.0
        self._renewal_late_s: float | None = None
        self._calls: dict[Call, None] = {}
        self._under_way: Counter[str] = Counter()
        self.under_way_most: dict[str, int] = {}
        """By the name of a call, how many were under way at once since somebody took it away."""
        self.healed = False
        self.troubles = 0
        """Calls that failed, or whose answer was lost: each may cost an activation."""

    # --- what goes wrong ---

    def heal(self) -> None:
        """Nothing goes wrong from now on."""
        self.healed = True

    def go_down(self, seconds: float, *, rolled_back: bool) -> None:
        """PostgreSQL can't be reached for a while, and what is under way gets no answer.

        With ``rolled_back`` the server itself is gone, and with it what it hadn't committed.
        """
        self._down_until = max(self._down_until, trio.current_time() + seconds)
        for call in list(self._calls):
            call.lost = True
            if rolled_back:
                call.scope.cancel()

    def renew_slowly(self, seconds: float, late_s: float) -> None:
        """For a while the next renewal is answered so late, and those after it don't come through at all."""
        self._renewals_until = trio.current_time() + seconds
        self._renewal_late_s = late_s

    # --- what MemoryLog and MemoryDirectory ask ---

    @override
    async def before(self, call: str) -> None:
        await self._wait()
        if call == "renew" and self._renews_slowly and self._renewal_late_s is None:
            await trio.sleep_until(self._renewals_until)
        down = trio.current_time() < self._down_until
        if not self.healed and (down or self._random.random() < self._away):
            self.troubles += 1
            raise LogUnavailableError(call)

    @override
    async def after(self, call: str) -> None:
        await self._wait()
        if call == "renew" and self._renews_slowly and self._renewal_late_s is not None:
            late_s, self._renewal_late_s = self._renewal_late_s, None
            await trio.sleep(late_s)
        if not self.healed and self._random.random() < self._trouble / (1 if call == "move" else 8):
            await trio.sleep(self._random.choice([0.0, 0.0, LEASE_S]))
            raise LogUnavailableError(call)

    @override
    async def pause(self, point: Point) -> None:
        if point is Point.ON_ITS_WAY and not self.healed:
            await trio.sleep(self._random.uniform(0, 3))
        await self._wait()

    async def _wait(self) -> None:
        if self.healed or not self._slow_s or self._random.random() < 0.3:
            await trio.lowlevel.checkpoint()
        else:
            await trio.sleep(self._random.uniform(0, self._slow_s))

    @override
    def outcome(self, appends: Sequence[Append]) -> Outcome:
        if self.healed or self._random.random() >= self._trouble:
            return Outcome.ANSWERED
        self.troubles += 1
        return self._random.choice(KINDS)

    @override
    def busy(self, stream: str) -> bool:
        return not self.healed and self._random.random() < self._busy

    @override
    def detach(self, transaction: Callable[[], Awaitable[None]]) -> None:
        """The server's half outlives the node."""
        self._nursery.start_soon(transaction)

    @property
    def _renews_slowly(self) -> bool:
        return not self.healed and trio.current_time() < self._renewals_until

    # --- what the node's ports ask ---

    async def carry(self, name: str, call: Callable[[], Awaitable[Any]]) -> Any:
        """One call over one connection, which may be lost under it."""
        open_call = Call()
        self._calls[open_call] = None
        self._under_way[name] += 1
        self.under_way_most[name] = max(self.under_way_most.get(name, 0), self._under_way[name])
        try:
            with open_call.scope:
                answer = await call()
                if not open_call.lost:
                    return answer
        finally:
            del self._calls[open_call]
            self._under_way[name] -= 1
        self.troubles += 1
        raise LogOutcomeUnknownError(name) if name == "append" else LogUnavailableError(name)


class Call:
    """A call under way."""

    def __init__(self) -> None:
        self.scope = trio.CancelScope()
        self.lost = False


class Remote:
    """A port of one process whose other side is PostgreSQL.

    Each call parks while the process is frozen, before and after: what the server was asked before the freeze is done
    meanwhile, and its answer may be old when it is read. After a crash nothing is asked any more.
    """

    def __init__(self, port: Any, clock: SimClock, faults: SeededFaults) -> None:
        self._port = port
        self._clock = clock
        self._faults = faults

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        setattr(self, name, call := partial(self._call, name, method))
        return call

    async def _call(self, name: str, method: Any, *args: Any, **kwargs: Any) -> Any:
        await self._clock.thawed()
        try:
            return await self._faults.carry(name, partial(method, *args, **kwargs))
        finally:
            await self._clock.thawed()
