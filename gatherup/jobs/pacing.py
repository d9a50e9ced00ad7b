"""How often a worker is woken, however much happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from actors.ports.time import Clock
from gatherup.wakeup import Wakeup

PACE_S: Final = 0.05
"""Shortest distance of two looks for jobs because of commits or other nodes' messages, and of two such messages of a
node: what comes meanwhile goes together."""


async def wake_paced(something: Wakeup, wake: Callable[[], None], clock: Clock) -> None:
    """Wake a worker when something happens, at once but no more often than once in PACE_S, until cancelled."""
    while True:
        await something.wait()
        something.clear()
        wake()
        await clock.sleep_until(clock.monotonic() + PACE_S)
