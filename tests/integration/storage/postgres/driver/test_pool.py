"""The connection pool against a real PostgreSQL."""

import random
from contextlib import aclosing

import psycopg
import pytest
import trio
import trio.testing

from storage.postgres.driver.connection import TrioConnection
from storage.postgres.driver.errors import PoolClosed, PoolTimeout
from storage.postgres.driver.pool import Lender, Pool

pytestmark = pytest.mark.real

HANG_GUARD_S = 60


async def answers(pool: Pool, value: int) -> bool:
    async with pool.connection() as connection:
        row = await (await connection.execute("select %s::int", (value,))).fetchone()
    return row == (value,)


async def backends(pool: Pool) -> int:
    """How many backends serve this database, the asking one included."""
    async with pool.connection() as connection:
        query = (
            "select count(*) from pg_stat_activity"
            " where datname = current_database() and backend_type = 'client backend'"
        )
        row = await (await connection.execute(query)).fetchone()
    assert row
    return row[0]


async def wait_for_backend_end(pool: Pool, pid: int) -> None:
    with trio.fail_after(HANG_GUARD_S):
        while True:
            async with pool.connection() as connection:
                cursor = await connection.execute("select 1 from pg_stat_activity where pid = %s", (pid,))
                if await cursor.fetchone() is None:
                    return


async def test_connections_are_reused_last_first(empty_postgres_dsn: str) -> None:
    async with Pool(empty_postgres_dsn, size_max=3, autocommit=True) as pool:
        async with pool.connection() as first, pool.connection() as second:
            assert first is not second
        async with pool.connection() as again:
            assert again is first  # it came back last


async def test_no_more_than_size_max(empty_postgres_dsn: str) -> None:
    async with Pool(empty_postgres_dsn, size_max=3, autocommit=True) as pool:
        async with trio.open_nursery() as nursery:
            for i in range(50):
                nursery.start_soon(answers, pool, i)
        assert await backends(pool) == 3


async def test_waiters_are_served_in_order(empty_postgres_dsn: str) -> None:
    order: list[int] = []
    async with Pool(empty_postgres_dsn, size_max=1, autocommit=True) as pool, trio.open_nursery() as nursery:

        async def take(number: int) -> None:
            async with pool.connection():
                order.append(number)

        async with pool.connection():
            for number in range(5):
                nursery.start_soon(take, number)
                await trio.testing.wait_all_tasks_blocked()
        async with pool.connection():  # whoever asks later gets none before them
            assert order == [0, 1, 2, 3, 4]


async def test_waiting_has_limits(empty_postgres_dsn: str) -> None:
    async with (
        Pool(empty_postgres_dsn, size_max=1, waiters_max=1, acquire_timeout_s=0.01, autocommit=True) as pool,
        trio.open_nursery() as nursery,
    ):

        async def wait_in_vain() -> None:
            with pytest.raises(PoolTimeout, match="no database connection became free"):
                await answers(pool, 1)

        async with pool.connection():
            nursery.start_soon(wait_in_vain)
            while not pool._waiters:
                await trio.lowlevel.checkpoint()
            with pytest.raises(PoolTimeout, match="wait for a database connection already"):
                await answers(pool, 2)
            with trio.fail_after(HANG_GUARD_S):
                while pool._waiters:
                    await trio.lowlevel.checkpoint()
        assert await answers(pool, 3)


async def test_a_crowd_neither_refuses_nor_overtakes_who_goes_first(empty_postgres_dsn: str) -> None:
    order: list[str] = []
    async with (
        Pool(empty_postgres_dsn, size_max=1, waiters_max=3, autocommit=True) as pool,
        trio.open_nursery() as nursery,
    ):

        async def take(name: str, lender: Lender) -> None:
            async with lender.connection():
                order.append(name)

        async with pool.connection():
            for number in range(3):
                nursery.start_soon(take, f"crowd {number}", pool)
                await trio.testing.wait_all_tasks_blocked()
            with pytest.raises(PoolTimeout):
                await answers(pool, 1)
            for number in range(2):
                nursery.start_soon(take, f"first {number}", pool.first)
                await trio.testing.wait_all_tasks_blocked()
            assert order == []
    assert order == ["first 0", "first 1", "crowd 0", "crowd 1", "crowd 2"]


async def test_reserved_connections_are_lent_to_who_goes_first_alone(empty_postgres_dsn: str) -> None:
    order: list[str] = []
    async with (
        Pool(empty_postgres_dsn, size_max=3, reserved=2, autocommit=True) as pool,
        trio.open_nursery() as nursery,
    ):

        async def take(name: str) -> None:
            async with pool.connection():
                order.append(name)

        async with pool.first.connection():
            async with pool.first.connection(), pool.first.connection():
                nursery.start_soon(take, "waits")
                await trio.testing.wait_all_tasks_blocked()
            await trio.testing.wait_all_tasks_blocked()
            assert order == [], "what is free is reserved"
        await trio.testing.wait_all_tasks_blocked()
        async with pool.connection(), pool.first.connection(), pool.first.connection():
            assert order == ["waits"]


async def test_where_one_connection_is_all_it_is_lent_to_everybody(empty_postgres_dsn: str) -> None:
    async with Pool(empty_postgres_dsn, size_max=1, reserved=2, autocommit=True) as pool:
        assert await answers(pool, 1)


async def test_close_fails_waiters_and_closes_leases_on_return(empty_postgres_dsn: str) -> None:
    pool = Pool(empty_postgres_dsn, size_max=1, autocommit=True)
    async with trio.open_nursery() as nursery:

        async def wait_for_one() -> None:
            with pytest.raises(PoolClosed):
                await answers(pool, 1)

        async with pool.connection() as lent:
            for _ in range(3):
                nursery.start_soon(wait_for_one)
            await trio.testing.wait_all_tasks_blocked()
            await pool.aclose()
            assert await (await lent.execute("select 1")).fetchone() == (1,)
        assert lent.closed
    with pytest.raises(PoolClosed):
        await answers(pool, 1)


async def test_a_failed_connect_gives_its_place_back(empty_postgres_dsn: str) -> None:
    async with Pool(empty_postgres_dsn, size_max=1, autocommit=True) as pool:
        with trio.CancelScope() as scope:
            scope.cancel()
            await answers(pool, 1)
        assert scope.cancelled_caught
        good, pool._conninfo = pool._conninfo, "host=127.0.0.1 port=1 user=x"
        for _ in range(3):
            with pytest.raises(psycopg.OperationalError):
                await answers(pool, 1)
        pool._conninfo = good
        assert await answers(pool, 1)


async def test_an_open_transaction_is_rolled_back_on_return(empty_postgres_dsn: str) -> None:
    async with Pool(empty_postgres_dsn, size_max=1) as pool:
        async with pool.connection() as connection:
            await connection.execute("create table t (a int)")
            await connection.commit()
            await connection.execute("insert into t values (1)")
        async with pool.connection() as again:
            assert again is connection
            assert await (await again.execute("select count(*) from t")).fetchone() == (0,)
            with pytest.raises(psycopg.errors.DivisionByZero):
                await again.execute("select 1/0")
        assert await answers(pool, 1)


async def test_an_open_transaction_is_rolled_back_though_the_scope_is_cancelled(
    empty_postgres_dsn: str,
) -> None:
    async with Pool(empty_postgres_dsn, size_max=1) as pool:
        with trio.CancelScope() as scope:
            async with pool.connection() as connection:
                await connection.execute("create table t (a int)")
                scope.cancel()
        async with pool.connection() as again:
            assert again is connection
            assert await (await again.execute("select to_regclass('t')")).fetchone() == (None,)


@pytest.mark.parametrize("work", ["pipeline", "copy", "stream"])
async def test_an_interrupted_command_leaves_the_pool_well(empty_postgres_dsn: str, work: str) -> None:
    async with Pool(empty_postgres_dsn, size_max=1, autocommit=True) as pool:
        async with pool.connection() as connection:
            await connection.execute("create table t (a int, b text)")
        with trio.CancelScope() as scope:
            async with pool.connection() as connection:
                if work == "pipeline":
                    async with connection.pipeline():
                        await connection.execute("select 1")
                        cursor = await connection.execute("select pg_sleep(600)")
                        scope.deadline = trio.current_time() + 0.01
                        await cursor.fetchone()
                elif work == "copy":
                    async with connection.cursor().copy("copy t from stdin") as copy:
                        await copy.write_row((1, "z"))
                        scope.cancel()
                        await trio.lowlevel.checkpoint()
                else:
                    query = "select g, repeat('x', 1000) from generate_series(1, 1000000) g"
                    async with aclosing(connection.cursor().stream(query)) as rows:  # type: ignore[type-var]
                        async for _ in rows:
                            scope.cancel()
                            await trio.lowlevel.checkpoint()
        assert scope.cancelled_caught
        assert await answers(pool, 1)
        async with pool.connection() as connection:
            assert await (await connection.execute("select count(*) from t")).fetchone() == (0,)


async def test_a_connection_held_by_an_abandoned_generator_is_not_lent_again(empty_postgres_dsn: str) -> None:
    async with Pool(empty_postgres_dsn, size_max=1, autocommit=True) as pool:
        async with pool.connection() as connection:
            await connection.execute("listen news")
            await connection.execute("notify news")
            abandoned = connection.notifies()
            await anext(abandoned)
        with trio.fail_after(HANG_GUARD_S):
            assert await answers(pool, 1)
        assert connection.closed
        await abandoned.aclose()


async def test_connections_that_died_idle_are_replaced(empty_postgres_dsn: str) -> None:
    async with (
        Pool(empty_postgres_dsn, size_max=2, autocommit=True) as pool,
        Pool(empty_postgres_dsn, size_max=1, autocommit=True) as observer,
    ):
        async with pool.connection() as first, pool.connection() as second:
            pids = [first.info.backend_pid, second.info.backend_pid]
        async with observer.connection() as connection:
            await connection.execute("select pg_terminate_backend(pid) from unnest(%s::int[]) pid", (pids,))
        for pid in pids:
            await wait_for_backend_end(observer, pid)
        assert await answers(pool, 1)
        assert first.closed
        assert second.closed


async def test_connections_grow_old(empty_postgres_dsn: str) -> None:
    async with Pool(empty_postgres_dsn, size_max=1, lifetime_max_s=0, autocommit=True) as pool:
        async with pool.connection() as first:
            pass
        async with pool.connection() as second:
            assert second is not first
        assert first.closed


async def test_cancel_storm(empty_postgres_dsn: str) -> None:
    """300 tasks, most cancelled somewhere between waiting for a connection and COMMIT."""
    chance = random.Random(1)
    finished = cancelled = 0
    async with Pool(empty_postgres_dsn, size_max=5, autocommit=True) as pool:

        async def work(number: int) -> None:
            nonlocal finished, cancelled
            with trio.move_on_after(chance.uniform(0.0, 0.05)) as scope:
                async with pool.connection() as connection, connection.transaction():
                    await connection.execute("select pg_sleep(%s)", (chance.uniform(0, 0.01),))
                    row = await (await connection.execute("select %s::int", (number,))).fetchone()
                    assert row == (number,)
                finished += 1
            cancelled += scope.cancelled_caught

        for _ in range(5):
            async with trio.open_nursery() as nursery:
                for number in range(60):
                    nursery.start_soon(work, number)
        assert cancelled > 0
        assert finished + cancelled >= 300
        with trio.fail_after(HANG_GUARD_S):
            async with trio.open_nursery() as nursery:
                for number in range(50):
                    nursery.start_soon(answers, pool, number)
        assert pool._free == 5
        assert len(pool._idle) <= 5
    async with await TrioConnection.connect(empty_postgres_dsn, autocommit=True) as observer:
        cursor = await observer.execute("select count(*) from pg_stat_activity where wait_event = 'PgSleep'")
        assert await cursor.fetchone() == (0,)
