"""When recurring jobs are due, and that each due time is one job."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from gatherup.jobs.cron import LOOK_S, MISSED_MAX, CronLineError, CronTable, Schedule
from gatherup.wakeup import Wakeup
from storage.memory.cron import MemoryCron
from storage.memory.jobs import MemoryJobs
from tests.ports import TrioClock

BERLIN = ZoneInfo("Europe/Berlin")
HOUR_S = 3600


def schedule(line: str, name: str = "a", zone: tzinfo = UTC) -> Schedule:
    return Schedule(name=name, line=line, zone=zone, queue="q")


def ms(*parts: int) -> int:
    return round(datetime(*parts, tzinfo=UTC).timestamp() * 1000)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("0 0 31 2 *", "never fires|Bad"),
        ("0 0 30 2,4 1#6", "never fires|Bad"),
        ("* * */20 * 1L", "never fires"),
        ("61 * * * *", "Bad minute"),
        ("* * * *", "5 fields"),
        ("* * * * * *", "5 fields"),
        ("@daily", "5 fields"),
        ("", "5 fields"),
        ("a b c d e", "Bad"),
    ],
)
def test_a_line_that_says_no_time_is_refused_with_a_sentence(line: str, says: str) -> None:
    with pytest.raises(CronLineError, match=says) as error:
        schedule(line)
    assert "of a" in str(error.value)


def test_half_past_two_comes_once_on_a_day_without_it_and_on_one_with_two() -> None:
    half_past_two = schedule("30 2 * * *", zone=BERLIN)
    spring = half_past_two.due(ms(2026, 3, 28, 12), ms(2026, 3, 29, 12))
    assert spring == [ms(2026, 3, 29, 1)]  # 03:00, right after the hour that there isn't
    autumn = half_past_two.due(ms(2026, 10, 24, 12), ms(2026, 10, 25, 12))
    assert autumn == [ms(2026, 10, 25, 0, 30)]


def test_an_hourly_line_goes_on_hour_by_hour_through_a_change_of_clocks() -> None:
    hourly = schedule("0 * * * *", zone=BERLIN)
    for day in (ms(2026, 3, 29), ms(2026, 10, 25)):
        due = hourly.due(day - 1000, day + 6 * HOUR_S * 1000)
        assert due == [day + n * HOUR_S * 1000 for n in range(6, -1, -1)]


def test_a_due_time_belongs_to_the_look_that_reaches_it() -> None:
    hourly = schedule("0 * * * *")
    ten = ms(2026, 1, 1, 10)
    assert hourly.due(ten - 1, ten) == [ten]
    assert hourly.due(ten, ten + 999) == []
    assert hourly.due(ten - 1, ten - 1) == []
    assert hourly.due(ten + 5000, ten - 5000) == []
    assert hourly.next_after(ten) == ten + HOUR_S * 1000
    assert hourly.next_after(ten - 1) == ten


@given(
    begin=st.integers(ms(2026, 3, 27), ms(2026, 4, 1)),
    steps=st.lists(st.integers(1, 6 * HOUR_S * 1000), max_size=12),
    line=st.sampled_from(["30 2 * * *", "*/20 1-3 * * *", "0 * * * *", "15 3 * * 0"]),
    months=st.sampled_from([0, 210 * 24 * HOUR_S * 1000]),
)
def test_looks_that_follow_each_other_find_each_due_time_once(
    begin: int, steps: list[int], line: str, months: int
) -> None:
    made, at, found = schedule(line, zone=BERLIN), begin + months, list[int]()
    for step in steps:
        found += reversed(made.due(at, at + step))
        at += step
    assert found == made.due(begin + months, at)[::-1]
    assert all(made.next_after(due - 1) == due for due in found)


class Cluster:
    """Nodes that order the same recurring jobs."""

    def __init__(self, *lines: str) -> None:
        self.jobs = MemoryJobs(TrioClock())
        self.rows = MemoryCron(self.jobs, TrioClock())
        self.schedules = [schedule(line, f"s{n}") for n, line in enumerate(lines)]
        self.tables: list[CronTable] = []

    @asynccontextmanager
    async def running(self, nodes: int = 2):
        async with trio.open_nursery() as nursery:
            for _ in range(nodes):
                self.tables.append(CronTable(self.schedules, self.rows, TrioClock(), Wakeup()))
                nursery.start_soon(self.tables[-1].run)
            yield
            nursery.cancel_scope.cancel()

    def finish(self) -> list[dict[str, Any]]:
        """Do all jobs: their arguments."""
        done = [dict(stored.arguments) for stored in self.jobs.stored.values()]
        self.jobs.stored.clear()
        return done


async def test_two_nodes_order_each_due_time_once(autojump_clock: object) -> None:
    cluster, done = Cluster("*/10 * * * *", "0 * * * *"), list[dict[str, Any]]()
    async with cluster.running():
        for _ in range(6 * 60):
            await trio.sleep(60)
            done += cluster.finish()
    for name, count in (("s0", 36), ("s1", 6)):
        due = [one["due_at"] for one in done if one["kind"] == name]
        assert len(due) == len(set(due)) == count
    assert all(one["missed"] == 0 for one in done)


async def test_after_three_hours_away_it_is_done_once_and_says_how_many_were_missed(
    autojump_clock: object,
) -> None:
    cluster = Cluster("0 * * * *")
    async with cluster.running():
        await trio.sleep(1)
    await trio.sleep(3 * HOUR_S)
    async with cluster.running():
        await trio.sleep(1)
    (job,) = cluster.finish()
    assert job["missed"] == 2
    assert sum(sum(table.missed.values()) for table in cluster.tables) == 2


async def test_a_long_one_is_not_ordered_again_until_it_is_done(autojump_clock: object) -> None:
    cluster = Cluster("*/10 * * * *")
    async with cluster.running():
        await trio.sleep(3 * HOUR_S)
        (long,) = cluster.finish()
        await trio.sleep(LOOK_S * 2)
        (late,) = cluster.finish()
    assert long["missed"] == 0
    assert late["missed"] == 16


async def test_what_was_missed_for_months_is_counted_up_to_a_bound(autojump_clock: object) -> None:
    cluster = Cluster("* * * * *")
    async with cluster.running(1):
        await trio.sleep(1)
    await trio.sleep(90 * 24 * HOUR_S)
    async with cluster.running(1):
        await trio.sleep(1)
    (job,) = cluster.finish()
    assert job["missed"] == MISSED_MAX


class Apart(TrioClock):
    """The clock of a machine that is wrong by so much."""

    def __init__(self, by_s: float) -> None:
        self._by_ms = round(by_s * 1000)

    def now(self) -> int:
        return super().now() + self._by_ms


class Paused(MemoryCron):
    """The rows of a node that stands still between its look and its order, once, for so long."""

    def __init__(self, rows: MemoryCron, jobs: MemoryJobs, for_s: float) -> None:
        super().__init__(jobs, TrioClock())
        self.until = rows.until
        self.woke = trio.Event()
        self._for_s = for_s

    async def order(self, name: str, due_at: int, queue: str, missed: int) -> bool:
        if self._for_s:
            for_s, self._for_s = self._for_s, 0.0
            await trio.sleep(for_s)
            self.woke.set()
        return await super().order(name, due_at, queue, missed)


async def test_nodes_alike_in_name_one_paused_and_clocks_apart_order_each_due_time_once(
    autojump_clock: object,
) -> None:
    """Nothing of a node counts: neither what it is called nor what time it thinks it is, nor when it looked."""
    cluster, done = Cluster("*/10 * * * *"), list[dict[str, Any]]()
    paused = Paused(cluster.rows, cluster.jobs, for_s=2.5 * HOUR_S)
    async with trio.open_nursery() as nursery:
        for rows, by_s in ((paused, 0), (cluster.rows, 86_400), (cluster.rows, -86_400), (cluster.rows, 0)):
            table = CronTable(cluster.schedules, rows, Apart(by_s), Wakeup())
            nursery.start_soon(table.run)
        for _ in range(6 * 60):
            await trio.sleep(60)
            done += cluster.finish()
        nursery.cancel_scope.cancel()
    assert paused.woke.is_set()
    due = [one["due_at"] for one in done]
    assert due == sorted(set(due))
    assert len(due) == 36
    assert all(one["missed"] == 0 for one in done)
