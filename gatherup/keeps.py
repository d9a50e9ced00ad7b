"""What is kept how long: one list that every feature extends, and the sweeper that lets go of what is over.

The sweeper is a set of recurring jobs, so each part is done once in the cluster, a batch at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from actors.kind import Instant
from actors.ports.jobs import TakenJob
from actors.ports.time import Clock
from gatherup.config import Config
from gatherup.jobs.cron import Schedule
from gatherup.jobs.queue import JobUnknownError, Queue

QUEUE: Final = "cleanup"
HOURLY: Final = "17 * * * *"
BATCH_ROWS: Final = 5000
PAUSE_S: Final = 0.5
"""Between two batches, so that a large backlog doesn't press on the log."""
AT_ONCE: Final = 2
ATTEMPTS_MAX: Final = 3
TIMEOUT_S: Final = 3600.0
BACKOFF_MIN_S: Final = 30.0
BACKOFF_MAX_S: Final = 600.0
_UNITS_MS: Final = {"days": 86_400_000, "s": 1000}

Take = Callable[[Instant, int], Awaitable[int]]
"""Lets go of what was over before this time, at most so many rows, and tells how many: fewer say that nothing is left.
Raises what the storage raises.
"""


class Keep(Struct, frozen=True, kw_only=True):
    """Rows, and how long they are kept. Declared as a constant, so that docs/retention.md is made without a node."""

    what: str
    """Its name: of its recurring job, and in metrics."""
    tables: tuple[str, ...]
    until: str
    """What ends it, or begins its time, for operators."""
    setting: str | None = None
    """How long it is kept from then on: ``section.field`` of the configuration. None: nothing sweeps it."""
    stored: bool = False
    """Rows say themselves when they are over: by the setting as it was when they were written."""
    rows_max: int = BATCH_ROWS
    """Taken at once."""
    line: str = HOURLY
    """When it is looked at, as a cron line in UTC."""
    keep_ms: int = 0
    take: Take | None = None
    """None in the declaration."""

    def by(self, take: Take, config: Config) -> Keep:
        """This, let go by ``take`` after the time that is configured."""
        assert self.setting is not None
        section, _, field = self.setting.partition(".")
        unit = _UNITS_MS[field.rpartition("_")[2]]
        keep_ms = 0 if self.stored else getattr(getattr(config, section), field) * unit
        return replace(self, take=take, keep_ms=keep_ms)


class Sweeper:
    """Lets go of what is over."""

    def __init__(self, keeps: Iterable[Keep], clock: Clock) -> None:
        self._swept = {keep.what: (keep, keep.take) for keep in keeps if keep.take is not None}
        self._clock = clock
        self.rows: Counter[tuple[str]] = Counter({(what,): 0 for what in self._swept})
        """Rows that this node let go, by what they were."""
        self.sweeps: Counter[tuple[str]] = Counter({(what,): 0 for what in self._swept})
        """How often this node did it to the end, by what."""

    def schedules(self) -> list[Schedule]:
        """When it is done."""
        return [Schedule(name=keep.what, line=keep.line, queue=QUEUE) for keep, _ in self._swept.values()]

    def queue(self) -> Queue:
        """The queue that does it. What is cut off begins anew: each batch stands for itself."""
        return Queue(
            name=QUEUE,
            handle=self._handle,
            at_once=AT_ONCE,
            lane_at_once=1,
            attempts_max=ATTEMPTS_MAX,
            timeout_s=TIMEOUT_S,
            backoff_min_s=BACKOFF_MIN_S,
            backoff_max_s=BACKOFF_MAX_S,
        )

    async def _handle(self, job: TakenJob) -> None:
        what = str(job.arguments.get("kind"))
        if what not in self._swept:
            raise JobUnknownError("This release keeps nothing of that name.")
        keep, take = self._swept[what]
        while True:
            gone = await take(self._clock.now() - keep.keep_ms, keep.rows_max)
            self.rows[what,] += gone
            if gone < keep.rows_max:
                break
            await self._clock.sleep_until(self._clock.monotonic() + PAUSE_S)
        self.sweeps[what,] += 1
