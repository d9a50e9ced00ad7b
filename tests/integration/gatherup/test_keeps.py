"""What is kept how long: every table is on the list, and each part goes after its time and not before."""

from __future__ import annotations

from typing import Final

import pytest
import trio
from typing_extensions import override

from gatherup.clock import SystemClock
from gatherup.config import Config, ConfigError
from gatherup.engine_keeps import engine_keeps
from gatherup.features.accounts.keeps import account_keeps
from gatherup.features.gatherings.keeps import gathering_keeps
from gatherup.features.integrations.keeps import integration_keeps
from gatherup.features.people.feature import erasure_of
from gatherup.features.rooms.keeps import room_keeps
from gatherup.features.series.keeps import series_keeps
from gatherup.features.tournaments.keeps import tournament_keeps
from gatherup.jobs.cron import CronTable
from gatherup.jobs.queue import JobUnknownError
from gatherup.jobs.worker import JobWorker
from gatherup.keeps import PAUSE_S, Keep, Sweeper
from gatherup.reference import keeps
from gatherup.wakeup import Wakeup
from storage.postgres.driver.errors import StatementFailed
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import execute, rows
from storage.postgres.outbox.cron import Cron
from storage.postgres.outbox.jobs import Jobs
from tests.integration.gatherup.kept_samples import FIRST, SAMPLES
from tests.integration.keeping import base_of, ordered, swept
from tests.integration.site import Site, settings
from tests.ports import SeededRandomness, TrioClock

DAY_MS = 86_400_000
BEGAN: Final = SystemClock().now() - 2000 * DAY_MS
ROWS: Final = Keep(what="rows", tables=("rows",), until="…", setting="keep.codes_days", rows_max=10)
TIMED: Final = [keep.what for keep in keeps() if keep.setting is not None]


class At(SystemClock):
    """A clock that stands, and on which waiting takes no time."""

    def __init__(self, now: int) -> None:
        super().__init__()
        self._stands = now

    @override
    def now(self) -> int:
        return self._stands

    @override
    async def sleep_until(self, monotonic: float) -> None:
        await trio.lowlevel.checkpoint()


def bound(config: Config, pool: Pool) -> dict[str, Keep]:
    """All that is swept, by its name, as a node sweeps it."""
    base = base_of(config, pool, SystemClock())
    made = (
        *engine_keeps(config, pool),
        *account_keeps(base),
        *room_keeps(base),
        *integration_keeps(base),
        *tournament_keeps(base),
        *gathering_keeps(base),
        *series_keeps(base),
        erasure_of(base, ()),
    )
    return {keep.what: keep for keep in made if keep.take is not None}


async def number(pool: Pool, query: str) -> int:
    ((count,),) = await rows(pool, f"select count(*) from ({query}) t", {})
    return count


@pytest.mark.real
async def test_every_table_is_on_the_list(pool: Pool) -> None:
    found = {
        name
        for (name,) in await rows(pool, "select tablename from pg_tables where schemaname = 'public'", {})
    }
    assert {table for keep in keeps() for table in keep.tables} == found


@pytest.mark.real
async def test_a_node_sweeps_all_that_has_a_time_and_counts_it(site: Site) -> None:
    told = (await site.http.get("/metrics")).text
    for measure in ("gatherup_sweeps_total", "gatherup_swept_rows_total"):
        assert {what for what in TIMED if f'{measure}{{what="{what}"}}' in told} == {*TIMED}
    assert len({keep.what for keep in keeps()}) == len(keeps())


@pytest.mark.real
async def test_each_part_goes_after_its_time_in_batches_and_not_before(postgres_dsn: str) -> None:
    config = settings(postgres_dsn)
    async with Pool(postgres_dsn, autocommit=True) as pool:
        parts = bound(config, pool)
        assert {*parts} == {*TIMED} == {*SAMPLES}
        for statement in FIRST:
            await execute(pool, statement, {})
        for what, sample in SAMPLES.items():
            keep = parts[what]
            assert keep.take is not None
            for n in range(3):
                await execute(pool, sample.insert, {"at": BEGAN, "n": n})
            stays = bool(sample.stays)
            if stays:
                await execute(pool, sample.stays, {"at": BEGAN, "n": 3})
            over = BEGAN + keep.keep_ms
            sweeper = await swept([keep], At(over - 1000))
            assert (await number(pool, sample.left), sweeper.rows[what,]) == (3 + stays, 0), what
            assert 1 <= await keep.take(BEGAN + 1000, 1) <= 1 + (what == "edits") * 2, what  # of one moment
            assert await number(pool, sample.left) >= (what != "edits") * (2 + stays), what
            sweeper = await swept([keep], At(over + 1000))
            assert (await number(pool, sample.left), sweeper.sweeps[what,]) == (stays, 1), what


@pytest.mark.real
async def test_the_database_keeps_the_young_part_of_the_audit_log(pool: Pool) -> None:
    insert = (
        "insert into audit_log (act, actor, at) values ('x', 'x', now() - make_interval(days => %(days)s))"
    )
    for days in (89, 91):
        await execute(pool, insert, {"days": days})
    delete = "delete from audit_log where at < now() - make_interval(days => %(days)s)"
    await execute(pool, delete, {"days": 90})
    with pytest.raises(StatementFailed, match="younger than 90 days"):
        await execute(pool, delete, {"days": 88})
    with pytest.raises(StatementFailed, match="only ever added to"):
        await execute(pool, "truncate audit_log", {})
    assert await number(pool, "select from audit_log") == 1


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GATHERUP_KEEP_AUDIT_DAYS", "89"),
        ("GATHERUP_KEEP_RECEIPTS_DAYS", "6"),
        ("GATHERUP_KEEP_REMOVED_ROOMS_DAYS", "29"),
        ("GATHERUP_KEEP_ATTEMPTS_DAYS", "0"),
        ("GATHERUP_KEEP_EDITS_DAYS", "3651"),
    ],
)
def test_a_time_that_would_break_a_promise_is_refused(variable: str, value: str) -> None:
    with pytest.raises(ConfigError, match=variable):
        settings("postgresql://", **{variable: value})


async def test_a_setting_says_how_long(autojump_clock: object) -> None:
    asked: list[tuple[int, int]] = []

    async def take(before: int, rows_max: int) -> int:
        asked.append((before, rows_max))
        return 0

    keep = ROWS.by(take, settings("postgresql://", GATHERUP_KEEP_CODES_DAYS="3"))
    await swept([keep], At(10 * DAY_MS))
    assert asked == [(7 * DAY_MS, 10)]


async def test_a_backlog_is_deleted_in_batches(autojump_clock: object) -> None:
    asked: list[float] = []

    async def take(before: int, rows_max: int) -> int:
        asked.append(trio.current_time())
        return rows_max if len(asked) < 3 else 0

    sweeper = await swept([ROWS.by(take, settings("postgresql://"))], TrioClock())
    assert [round(at, 3) for at in asked] == [0, PAUSE_S, 2 * PAUSE_S]
    assert (sweeper.rows["rows",], sweeper.sweeps["rows",]) == (20, 1)


async def test_what_only_a_newer_release_keeps_is_left() -> None:
    with pytest.raises(JobUnknownError):
        await Sweeper([ROWS], TrioClock()).queue().handle(ordered("rows"))


@pytest.mark.real
async def test_sweeps_are_ordered_once_in_the_cluster_and_done(postgres_dsn: str) -> None:
    """Three nodes come back after three hours: one of them does it, once, and says what was missed."""
    taken: list[int] = []

    async def take(before: int, rows_max: int) -> int:
        taken.append(rows_max)
        return 0

    async with Pool(postgres_dsn, autocommit=True) as pool:
        await Cron(pool).ordered(["rows"])
        await execute(pool, "update cron set done_until = now() - interval '3 hours'", {})
        tables: list[CronTable] = []
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                sweeper = Sweeper([ROWS.by(take, settings(postgres_dsn))], TrioClock())
                worker = JobWorker(Jobs(pool), [sweeper.queue()], TrioClock(), SeededRandomness(), Wakeup())
                tables.append(CronTable(sweeper.schedules(), Cron(pool), TrioClock(), worker.wakeup))
                nursery.start_soon(worker.run)
                nursery.start_soon(tables[-1].run)
            with trio.fail_after(60):
                while not taken or await Jobs(pool).counts():
                    await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()
    assert taken == [10]
    assert sum(sum(table.missed.values()) for table in tables) == 2
