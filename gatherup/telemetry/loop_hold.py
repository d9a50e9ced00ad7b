"""The watch over the loop: which tasks keep all others waiting, and how long."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

import structlog
import trio

LOG_DISTANCE_S: Final = 10.0
"""Shortest distance of two log lines."""

_log = structlog.stdlib.get_logger("gatherup.loop")


class LoopHold(trio.abc.Instrument):
    """Counts the steps of tasks that took longer than ``hold_max_s``, and names their tasks in the log.

    ``now`` gives seconds that never go back. Time in which the machine ran
    something else counts.
    """

    def __init__(self, now: Callable[[], float], *, hold_max_s: float) -> None:
        self.holds = 0
        self.longest_s = 0.0
        """The longest step over ``hold_max_s``, since the start."""
        self._now = now
        self._hold_max_s = hold_max_s
        self._begun = now()
        self._logged_at = -math.inf
        self._unlogged = 0

    @contextmanager
    def watching(self) -> Generator[None]:
        """Watch the running loop for the block; a ``hold_max_s`` of 0 watches nothing."""
        if not self._hold_max_s:
            yield
            return
        self._begun = self._now()  # the present step goes on in the block
        trio.lowlevel.add_instrument(self)
        try:
            yield
        finally:
            trio.lowlevel.remove_instrument(self)

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        """Trio is about to run a task."""
        self._begun = self._now()

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        """It ran, up to where it waits again."""
        took_s = self._now() - self._begun
        if took_s > self._hold_max_s:
            self._held(task.name, took_s)

    def _held(self, task: str, took_s: float) -> None:
        self.holds += 1
        self.longest_s = max(self.longest_s, took_s)
        now = self._now()
        if now - self._logged_at < LOG_DISTANCE_S:
            self._unlogged += 1
            return
        _log.warning("the loop was held", task=task, held_ms=round(took_s * 1000, 1), unlogged=self._unlogged)
        self._logged_at, self._unlogged = now, 0
