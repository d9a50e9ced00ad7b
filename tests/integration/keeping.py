"""Sweeping by hand what is kept for a time, by a clock of the test's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from actors.ports.jobs import TakenJob
from actors.ports.time import Clock
from gatherup.clock import SystemClock
from gatherup.config import Config
from gatherup.feature import Base
from gatherup.keeps import QUEUE, Keep, Sweeper
from storage.postgres.driver.pool import Pool


class Later(SystemClock):
    """A clock that is ahead."""

    def __init__(self, ahead_ms: float) -> None:
        super().__init__()
        self.ahead_ms = round(ahead_ms)

    def now(self) -> int:
        return super().now() + self.ahead_ms


def base_of(config: Config, pool: Pool, clock: Clock) -> Base:
    """What features are made from, as far as what they keep needs it."""
    rest: Any = dict.fromkeys({*Base.__struct_fields__} - {"config", "pool", "clock", "kinds"})
    return Base(config=config, pool=pool, clock=clock, kinds=(), **rest)


def ordered(what: str) -> TakenJob:
    """The job of a sweep."""
    return TakenJob(id=1, queue=QUEUE, arguments={"kind": what}, attempts=1, created_at=0)


async def swept(keeps: Iterable[Keep], clock: Clock) -> Sweeper:
    """All of these were swept once."""
    swept = [keep for keep in keeps if keep.take is not None]
    sweeper = Sweeper(swept, clock)
    for keep in swept:
        await sweeper.queue().handle(ordered(keep.what))
    return sweeper
