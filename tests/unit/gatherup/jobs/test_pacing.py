"""A worker is woken at once, and a busy node looks for many jobs at once."""

from __future__ import annotations

from typing import Any

import trio
import trio.testing

from gatherup.jobs.pacing import PACE_S, wake_paced
from gatherup.wakeup import Wakeup
from tests.ports import TrioClock


async def test_the_worker_is_woken_at_once_and_not_for_each_commit(autojump_clock: Any) -> None:
    committed, worker = Wakeup(), Wakeup()
    woken: list[float] = []

    async def work() -> None:
        while True:
            await worker.wait()
            worker.clear()
            woken.append(trio.current_time())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(work)
        nursery.start_soon(wake_paced, committed, worker.wake, TrioClock())
        await trio.sleep(5)
        committed.wake()
        await trio.testing.wait_all_tasks_blocked()
        assert woken == [5.0]
        for _ in range(1000):
            await trio.sleep(PACE_S / 100)
            committed.wake()
        await trio.sleep(60)
        assert len(woken) <= 12
        assert woken[-1] - woken[0] <= 11 * PACE_S + 1e-6
        nursery.cancel_scope.cancel()
