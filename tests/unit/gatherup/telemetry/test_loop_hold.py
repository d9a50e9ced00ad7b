"""The watch over the loop, on a stopwatch of its own."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
import structlog
import trio

from gatherup.telemetry.loop_hold import LOG_DISTANCE_S, LoopHold


class Stopwatch:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[MutableMapping[str, Any]]]:
    """What was logged."""
    with structlog.testing.capture_logs() as lines:
        # A fresh logger: one that has logged before may have its processors cached.
        monkeypatch.setattr("gatherup.telemetry.loop_hold._log", structlog.get_logger())
        yield lines


async def step(watch: LoopHold, stopwatch: Stopwatch, seconds: float) -> None:
    task = trio.lowlevel.current_task()
    watch.before_task_step(task)
    stopwatch.seconds += seconds
    watch.after_task_step(task)


async def test_only_what_takes_longer_than_allowed_counts(told: list[MutableMapping[str, Any]]) -> None:
    stopwatch = Stopwatch()
    watch = LoopHold(stopwatch, hold_max_s=0.5)
    for seconds in (0.25, 0.5, 0.75, 2.0, 1.0, 0.0):
        await step(watch, stopwatch, seconds)
    assert (watch.holds, watch.longest_s) == (3, 2.0)
    (line,) = told
    assert line["log_level"] == "warning"
    assert line["task"] == trio.lowlevel.current_task().name
    assert line["held_ms"] == 750.0


async def test_the_log_is_told_now_and_then_and_how_many_it_missed(
    told: list[MutableMapping[str, Any]],
) -> None:
    stopwatch = Stopwatch()
    watch = LoopHold(stopwatch, hold_max_s=0.5)
    for _ in range(4):
        await step(watch, stopwatch, 1.0)
    stopwatch.seconds += LOG_DISTANCE_S
    await step(watch, stopwatch, 3.0)
    assert [(line["held_ms"], line["unlogged"]) for line in told] == [(1000.0, 0), (3000.0, 3)]


async def test_it_names_the_task_that_held_the_loop(told: list[MutableMapping[str, Any]]) -> None:
    stopwatch = Stopwatch()
    watch = LoopHold(stopwatch, hold_max_s=0.5)

    async def quick() -> None:
        await trio.lowlevel.checkpoint()

    async def slow() -> None:
        await trio.lowlevel.checkpoint()
        stopwatch.seconds += 1.0
        await trio.lowlevel.checkpoint()

    with watch.watching():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(quick)
            nursery.start_soon(slow)
            nursery.start_soon(quick)
    assert watch.holds == 1
    assert [line["task"].rpartition(".")[2] for line in told] == ["slow"]


async def test_it_watches_for_the_block_alone_and_not_at_all_at_zero(
    told: list[MutableMapping[str, Any]],
) -> None:
    stopwatch = Stopwatch()
    for hold_max_s in (0.5, 0.0):
        watch = LoopHold(stopwatch, hold_max_s=hold_max_s)
        with watch.watching():
            await trio.lowlevel.checkpoint()
            stopwatch.seconds += 1.0
            await trio.lowlevel.checkpoint()
        stopwatch.seconds += 1.0
        await trio.lowlevel.checkpoint()
        assert watch.holds == (1 if hold_max_s else 0)
