"""The Trio driver against a real PostgreSQL: everything psycopg does, and cancellation at every point."""

import random
from collections.abc import AsyncIterator, Generator

import psycopg
import pytest
import trio
import trio.testing
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from psycopg.waiting import Ready, Wait

from gatherup.embedded import PostgresServer
from storage.postgres.driver.connection import TrioConnection

pytestmark = pytest.mark.real

HANG_GUARD_S = 60


@pytest.fixture
async def connection(empty_postgres_dsn: str) -> AsyncIterator[TrioConnection]:
    async with await TrioConnection.connect(empty_postgres_dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
async def observer(empty_postgres_dsn: str) -> AsyncIterator[TrioConnection]:
    async with await TrioConnection.connect(empty_postgres_dsn, autocommit=True) as connection:
        yield connection


async def sleep_long(connection: TrioConnection) -> None:
    await connection.execute("select pg_sleep(600)")


async def scalar(connection: TrioConnection, query: str, *params: object) -> object:
    row = await (await connection.execute(query.encode(), params)).fetchone()
    assert row is not None
    return row[0]


async def wait_until_sleeping(observer: TrioConnection, pid: int, wait_event: str = "PgSleep") -> None:
    """Wait until the backend stands in pg_sleep (or waits for the client)."""
    query = "select count(*) from pg_stat_activity where pid = %s and wait_event = %s"
    with trio.fail_after(HANG_GUARD_S):
        while not await scalar(observer, query, pid, wait_event):
            await trio.lowlevel.checkpoint()


async def wait_until_backend_gone(observer: TrioConnection, pid: int) -> None:
    with trio.fail_after(HANG_GUARD_S):
        while await scalar(observer, "select count(*) from pg_stat_activity where pid = %s", pid):
            await trio.lowlevel.checkpoint()


async def sleepers(observer: TrioConnection) -> object:
    return await scalar(observer, "select count(*) from pg_stat_activity where wait_event = 'PgSleep'")


@pytest.mark.parametrize("how", ["socket", "tcp", "name", "two hosts"])
async def test_connects_and_adapts_types(postgres_server: PostgresServer, how: str) -> None:
    dsn = {
        "socket": postgres_server.dsn,
        "tcp": postgres_server.tcp_dsn_for("postgres"),
        "name": postgres_server.tcp_dsn_for("postgres").replace("127.0.0.1", "localhost"),
        "two hosts": postgres_server.dsn.replace("host='", "host='/nonexistent,"),
    }[how]
    async with await TrioConnection.connect(dsn, row_factory=dict_row) as connection:
        query = "select 1 as a, %s::jsonb as j, %s::text[] as t"
        row = await (await connection.execute(query, (Jsonb({"x": 1}), ["é", "b"]))).fetchone()
    assert row == {"a": 1, "j": {"x": 1}, "t": ["é", "b"]}


@pytest.mark.parametrize("dsn", ["host=127.0.0.1 port=1 user=x", "host=no.such.host.invalid user=x"])
async def test_a_failed_connect_is_an_operational_error(dsn: str) -> None:
    with pytest.raises(psycopg.OperationalError):
        await TrioConnection.connect(dsn)


async def test_a_silent_server_times_out_and_connecting_can_be_cancelled() -> None:
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    dsn = f"host=127.0.0.1 port={listener.socket.getsockname()[1]} user=x"
    async with listener:
        with pytest.raises(psycopg.errors.ConnectionTimeout):
            await TrioConnection.connect(dsn, connect_timeout=2)
        await (await listener.accept()).aclose()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(TrioConnection.connect, dsn)
            async with await listener.accept() as stream:
                assert await stream.receive_some()  # the start-up packet: now it waits for our answer
                nursery.cancel_scope.cancel()
                with trio.fail_after(HANG_GUARD_S):
                    assert await stream.receive_some() == b""  # and hung up


async def test_a_cancelled_query_ends_on_the_server_and_the_connection_stays(
    connection: TrioConnection, observer: TrioConnection
) -> None:
    pid = connection.info.backend_pid
    async with trio.open_nursery() as nursery:
        nursery.start_soon(sleep_long, connection)
        await wait_until_sleeping(observer, pid)
        nursery.cancel_scope.cancel()
    assert await sleepers(observer) == 0
    assert await scalar(connection, "select 7") == 7


async def test_a_server_that_confirms_no_cancel_is_hung_up_on(
    empty_postgres_dsn: str, observer: TrioConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.postgres.driver.connection.CLEANUP_TIMEOUT_S", 0.05)

    async def lost(*, timeout: float) -> None:
        """The cancel request goes out and is lost."""

    async with await TrioConnection.connect(empty_postgres_dsn, autocommit=True) as connection:
        monkeypatch.setattr(connection, "cancel_safe", lost)
        pid = connection.info.backend_pid
        async with trio.open_nursery() as nursery:
            nursery.start_soon(sleep_long, connection)
            await wait_until_sleeping(observer, pid)
            nursery.cancel_scope.cancel()
        assert connection.closed
    await observer.execute("select pg_terminate_backend(%s)", (pid,))


async def test_a_cancelled_transaction_rolls_back(
    connection: TrioConnection, observer: TrioConnection
) -> None:
    await connection.execute("create table t (a int)")

    async def in_a_query() -> None:
        async with connection.transaction():
            await connection.execute("insert into t values (1)")
            await connection.execute("select pg_sleep(600)")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(in_a_query)
        await wait_until_sleeping(observer, connection.info.backend_pid)
        nursery.cancel_scope.cancel()
    assert connection.info.transaction_status == TransactionStatus.IDLE

    with trio.CancelScope() as scope:
        async with connection.transaction():
            await connection.execute("insert into t values (2)")
            scope.cancel()
            await trio.lowlevel.checkpoint()
    assert scope.cancelled_caught
    assert connection.info.transaction_status == TransactionStatus.IDLE
    assert await scalar(connection, "select count(*) from t") == 0


async def test_a_commit_that_has_begun_is_awaited(connection: TrioConnection) -> None:
    await connection.execute("create table t (a int)")
    with trio.CancelScope() as scope:
        async with connection.transaction():
            await connection.execute("insert into t values (5)")
            scope.cancel()
    assert await scalar(connection, "select array_agg(a) from t") == [5]


async def test_begin_cancelled_leaves_the_connection_idle(connection: TrioConnection) -> None:
    with trio.CancelScope() as scope:
        scope.cancel()
        async with connection.transaction():
            raise AssertionError("the block must not run")
    assert scope.cancelled_caught
    assert await scalar(connection, "select 1") == 1


async def test_cancelled_while_another_task_keeps_the_transaction_from_ending(
    empty_postgres_dsn: str, observer: TrioConnection
) -> None:
    async with await TrioConnection.connect(empty_postgres_dsn, autocommit=True) as connection:
        await connection.execute("create table t (a int)")
        pid = connection.info.backend_pid

        async def use_it_too() -> None:
            with pytest.raises(psycopg.OperationalError):
                await connection.execute("select pg_sleep(600)")

        async with trio.open_nursery() as nursery:
            with trio.CancelScope() as scope:
                async with connection.transaction():
                    await connection.execute("insert into t values (1)")
                    nursery.start_soon(use_it_too)
                    await wait_until_sleeping(observer, pid)
                    scope.cancel()
        assert scope.cancelled_caught
        assert connection.closed
    await observer.execute("select pg_terminate_backend(%s)", (pid,))
    await wait_until_backend_gone(observer, pid)
    assert await scalar(observer, "select count(*) from t") == 0


async def test_savepoints_roll_back_alone(connection: TrioConnection) -> None:
    await connection.execute("create table t (a int primary key)")
    async with connection.transaction():
        await connection.execute("insert into t values (1)")
        with pytest.raises(psycopg.errors.UniqueViolation):
            async with connection.transaction():
                await connection.execute("insert into t values (1)")
        await connection.execute("insert into t values (2)")
    assert await scalar(connection, "select count(*) from t") == 2


async def test_the_block_of_a_connection_commits_or_rolls_back(
    empty_postgres_dsn: str, connection: TrioConnection
) -> None:
    await connection.execute("create table t (a int)")
    async with await TrioConnection.connect(empty_postgres_dsn) as committing:
        await committing.execute("insert into t values (1)")
    with pytest.raises(ValueError, match="mine"):  # noqa: PT012
        async with await TrioConnection.connect(empty_postgres_dsn) as failing:
            await failing.execute("insert into t values (2)")
            raise ValueError("mine")
    with trio.CancelScope() as scope:
        async with await TrioConnection.connect(empty_postgres_dsn) as cancelled:
            await cancelled.execute("insert into t values (3)")
            scope.cancel()
            await trio.lowlevel.checkpoint()
    assert committing.closed
    assert failing.closed
    assert cancelled.closed
    assert await scalar(connection, "select array_agg(a) from t") == [1]


async def test_pipeline_executemany_copy_cursor_and_stream(connection: TrioConnection) -> None:
    await connection.execute("create table t (a int, b text)")
    async with connection.pipeline():
        cursors = [await connection.execute("select %s::int", (i,)) for i in range(500)]
        assert [await cursor.fetchone() for cursor in cursors] == [(i,) for i in range(500)]
    cursor = connection.cursor()
    await cursor.executemany("insert into t values (%s, %s)", [(i, "x" * i) for i in range(500)])
    async with cursor.copy("copy t from stdin") as copy:
        for i in range(20_000):
            await copy.write_row((i, "y" * 200))
    async with connection.transaction(), connection.cursor(name="named") as named:
        await named.execute("select * from t")
        assert len([row async for row in named]) == 20_500
    assert len([row async for row in connection.cursor().stream("select * from t")]) == 20_500
    async with cursor.copy("copy t to stdout") as copy:
        assert sum([len(data) async for data in copy]) > 4_000_000


async def test_big_pipelines_read_while_they_write(connection: TrioConnection) -> None:
    """Both send buffers fill: whoever only writes would wait for ever."""
    text = "z" * 100_000
    with trio.fail_after(HANG_GUARD_S):
        async with connection.pipeline():
            cursors = [await connection.execute("select %s::text", (text,)) for _ in range(300)]
            for cursor in cursors:
                assert await cursor.fetchone() == (text,)


async def test_work_that_never_waits_lets_others_run(connection: TrioConnection) -> None:
    turns = 0

    def done_at_once() -> Generator[Wait, Ready | int, int]:
        return turns
        yield

    async with trio.open_nursery() as nursery:

        async def count_turns() -> None:
            nonlocal turns
            while True:
                await trio.lowlevel.checkpoint()
                turns += 1

        nursery.start_soon(count_turns)
        await trio.lowlevel.checkpoint()
        for _ in range(200):
            await connection.wait(done_at_once())
        assert turns >= 5
        nursery.cancel_scope.cancel()


async def test_notifications(connection: TrioConnection, observer: TrioConnection) -> None:
    await connection.execute("listen news")
    for payload in "123":
        await observer.execute("select pg_notify('news', %s)", (payload,))
    with trio.fail_after(HANG_GUARD_S):
        assert [n.payload async for n in connection.notifies(stop_after=3)] == ["1", "2", "3"]
    assert [n async for n in connection.notifies(timeout=0)] == []
    async with trio.open_nursery() as nursery:

        async def listen() -> None:
            generator = connection.notifies()
            try:
                async for _ in generator:
                    raise AssertionError("nobody notifies")
            finally:
                await generator.aclose()

        nursery.start_soon(listen)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert await scalar(connection, "select 1") == 1


async def test_a_killed_backend_is_an_operational_error(
    empty_postgres_dsn: str, observer: TrioConnection
) -> None:
    async with await TrioConnection.connect(empty_postgres_dsn, autocommit=True) as connection:
        pid = connection.info.backend_pid
        async with trio.open_nursery() as nursery:

            async def lose_it() -> None:
                with pytest.raises(psycopg.OperationalError):
                    await connection.execute("select pg_sleep(600)")

            nursery.start_soon(lose_it)
            await wait_until_sleeping(observer, pid)
            await observer.execute("select pg_terminate_backend(%s)", (pid,))
        assert connection.closed
        assert connection.broken


async def test_close_wakes_a_waiting_task(empty_postgres_dsn: str, observer: TrioConnection) -> None:
    connection = await TrioConnection.connect(empty_postgres_dsn, autocommit=True)
    pid = connection.info.backend_pid
    async with trio.open_nursery() as nursery:

        async def wait() -> None:
            with pytest.raises(psycopg.OperationalError):
                await connection.execute("select pg_sleep(600)")

        nursery.start_soon(wait)
        await wait_until_sleeping(observer, pid)
        await connection.close()
    await observer.execute("select pg_terminate_backend(%s)", (pid,))


async def test_cancel_storm_on_one_connection(connection: TrioConnection, observer: TrioConnection) -> None:
    """A cancellation at every step of a transaction: after each the connection is idle and answers right."""
    await connection.execute("create table t (a int)")
    committed = 0
    for steps in range(120):
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:

                async def cancel_after(count: int) -> None:
                    for _ in range(count):
                        await trio.lowlevel.checkpoint()
                    scope.cancel()

                nursery.start_soon(cancel_after, steps)
                async with connection.transaction():
                    await connection.execute("insert into t values (%s)", (steps,))
                    assert await scalar(connection, "select %s::int", steps) == steps
                committed += 1
                nursery.cancel_scope.cancel()
        assert not connection.closed
        assert connection.info.transaction_status == TransactionStatus.IDLE
    assert await scalar(connection, "select count(*) from t") == committed
    assert await sleepers(observer) == 0


async def test_cancel_storm_of_random_delays(connection: TrioConnection, observer: TrioConnection) -> None:
    chance = random.Random(1)
    for i in range(60):
        with trio.move_on_after(chance.uniform(0, 0.01)):
            await connection.execute("select pg_sleep(%s)", (chance.uniform(0, 0.01),))
        assert await scalar(connection, "select %s::int", i) == i
    assert await sleepers(observer) == 0
