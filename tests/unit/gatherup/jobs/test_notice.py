"""Jobs of streams are looked for after each commit, and a busy node looks for many at once."""

from __future__ import annotations

from typing import Any

import trio
import trio.testing

from actors.ports.log import LogRow
from gatherup.jobs.notice import PACE_S, CommitNotice, wake_paced
from gatherup.wakeup import Wakeup
from protocol.frames import Signalled
from tests.ports import TrioClock
from tests.unit.actors.runtime.conftest import Published

ROOM = f"room:{1:032x}"
ROW = LogRow(1, b"", None)


async def test_what_is_published_is_passed_on_and_noted() -> None:
    inner, committed = Published(), Wakeup()
    notice = CommitNotice(inner, committed)
    notice.stands(ROOM, 3)
    notice.signalled(Signalled(stream=ROOM, author="system", type="presence"))
    with trio.move_on_after(0):
        await committed.wait()
        raise AssertionError("nothing was committed")
    notice.publish(ROOM, [ROW])
    await committed.wait()
    assert (inner.rows, len(inner.signals), inner.heads) == ([(ROOM, ROW)], 1, [(ROOM, 3)])


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
