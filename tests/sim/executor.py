"""Work off the loop in a simulated node: in line, as slow and as unreliable as the seed likes."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final, TypeVar, TypeVarTuple

import trio
from typing_extensions import override

from storage.memory.executor import MemoryExecutor
from tests.sim.clock import SimClock
from tests.sim.faults import SeededFaults

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

SLOW_S: Final = (0.0, 0.1, 2.0)
"""What a call takes at most: one of these for each run of a node."""
KILLED: Final = (0.0, 0.0, 0.3)
"""The part of all calls whose process is killed, likewise."""


class SimExecutor(MemoryExecutor):
    """The processes of one run of a node, which are well after it has healed."""

    def __init__(self, clock: SimClock, faults: SeededFaults, seed: str) -> None:
        self._clock = clock
        self._faults = faults
        self._random = random.Random(seed)
        self._slow_s = self._random.choice(SLOW_S)
        self._killed = self._random.choice(KILLED)

    @override
    async def call(self, function: Callable[[*Ts], T], *arguments: *Ts) -> T:
        if not self._faults.healed:
            await trio.sleep(self._random.uniform(0, self._slow_s))
        await self._clock.thawed()
        if not self._faults.healed and self._random.random() < self._killed:
            raise RuntimeError("the process was killed")
        return await super().call(function, *arguments)
