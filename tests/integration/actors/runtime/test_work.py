"""Streams whose work is done by real processes, which are killed in the middle of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import trio
from typing_extensions import override

from actors.kind import Work
from actors.runtime import limits
from gatherup.offloop.pool import OffLoop
from tests.counter_kind import Counter, CounterKind
from tests.gated import weight_told
from tests.unit.actors.runtime.test_work import Scales

HANG_S = 60


class Waiting(CounterKind):
    """Its weights come through a pipe with a name."""

    def __init__(self, folder: Path) -> None:
        self.told, self.gate = folder / "told", folder / "gate"
        os.mkfifo(self.told)
        os.mkfifo(self.gate)

    @override
    def work(self, state: Counter) -> Work | None:
        work = super().work(state)

        def gather() -> Generator[None, None, tuple[Any, ...]]:
            yield
            return str(self.told), str(self.gate)

        return None if work is None else Work(work.key, weight_told, gather)

    async def worker(self) -> int:
        """The process that works."""
        return int(await trio.to_thread.run_sync(self.told.read_text, abandon_on_cancel=True))

    async def tell(self, weight: int) -> None:
        await trio.to_thread.run_sync(self.gate.write_text, str(weight), abandon_on_cancel=True)


@pytest.fixture
async def scales(tmp_path: Path) -> Any:
    scales = Scales()
    scales.kind = Waiting(tmp_path)
    scales.executor = pool = OffLoop(processes=1, waiting_max=0)
    yield scales
    pool.close()


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_work_is_done_however_often_its_process_is_killed(
    scales: Scales, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice is more than the pool itself makes up for."""
    monkeypatch.setattr(limits, "WORK_BACKOFF_MIN_S", 0.001)
    kind = scales.kind
    assert isinstance(kind, Waiting)
    with trio.fail_after(HANG_S):
        async with scales.runtime() as runtime:
            stream = await scales.asked(runtime)
            killed = set[int]()
            for _ in range(times):
                killed.add(pid := await kind.worker())
                os.kill(pid, signal.SIGKILL)
            assert len(killed) == times
            assert await kind.worker() not in killed
            await kind.tell(77)
            await scales.hears.weighed.wait()
            assert scales.weights(stream) == [77]
            assert runtime.counters.works_failed == times // 2


async def test_work_of_a_node_that_died_is_done_by_the_next(scales: Scales) -> None:
    kind = scales.kind
    assert isinstance(kind, Waiting)
    with trio.fail_after(HANG_S):
        async with scales.runtime() as runtime:
            stream = await scales.asked(runtime)
            first = await kind.worker()
        os.kill(first, signal.SIGKILL)  # as it ends with its node
        async with scales.runtime():
            assert await kind.worker() != first
            await kind.tell(77)
            await scales.hears.weighed.wait()
            assert scales.weights(stream) == [77]
