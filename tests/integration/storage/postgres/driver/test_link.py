"""The committer's connection against a real PostgreSQL: what may be concluded from every failure."""

from collections.abc import AsyncIterator

import psycopg
import pytest
import trio
import trio.testing

from gatherup.embedded import PostgresServer
from storage.postgres.driver import binary
from storage.postgres.driver.errors import (
    DataRejected,
    LinkUnusable,
    OutcomeUnknown,
    PostgresError,
    Retryable,
    ServerFault,
    StatementFailed,
)
from storage.postgres.driver.link import CommitLink

pytestmark = pytest.mark.real

HANG_GUARD_S = 60
STATEMENTS = {
    "put": "insert into t values ($1::int4, $2::bytea) returning k, v",
    "get": "select v from t where k = $1::int4",
    "lock": "select k from t where k = $1::int4 for update",
    "lock_nowait": "select k from t where k = $1::int4 for update nowait",
    "deferred": "insert into d values ($1::int4)",
    "sleep": "select pg_sleep($1::int4)::text",
    "echo": "select $1::text",
    "show": "select current_setting($1::text)",
    "divide": "select 1 / $1::int4",
    "fail": "do $$ begin raise exception 'no' using errcode = 'P0001'; end $$",
    "oom": "do $$ begin raise exception 'no' using errcode = '53200'; end $$",
    "serial": "do $$ begin raise exception 'no' using errcode = '40001'; end $$",
}
SCHEMA = """
create table t (k int4 primary key, v bytea);
create table d (k int4 unique deferrable initially deferred);
"""


def i4(value: int) -> bytes:
    return value.to_bytes(4, "big", signed=True)


@pytest.fixture
def database(empty_postgres_dsn: str) -> str:
    with psycopg.connect(empty_postgres_dsn, autocommit=True) as connection:
        connection.execute(SCHEMA)
    return empty_postgres_dsn


@pytest.fixture
async def link(database: str) -> AsyncIterator[CommitLink]:
    link = await CommitLink.connect(database, STATEMENTS)
    yield link
    await link.aclose()


@pytest.fixture
def observer(database: str):
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


async def wait_until(observer: psycopg.Connection, condition: str, *params: object) -> None:
    query = f"select count(*) from pg_stat_activity where {condition}"
    with trio.fail_after(HANG_GUARD_S):
        while observer.execute(query.encode(), params).fetchone() == (0,):
            await trio.lowlevel.checkpoint()


async def wait_until_gone(observer: psycopg.Connection, pid: int) -> None:
    with trio.fail_after(HANG_GUARD_S):
        while observer.execute("select 1 from pg_stat_activity where pid = %s", (pid,)).fetchone():
            await trio.lowlevel.checkpoint()


def rows_of(observer: psycopg.Connection) -> list[int]:
    return [k for (k,) in observer.execute("select k from t order by k")]


async def test_binary_both_ways_null_and_no_rows(link: CommitLink) -> None:
    assert await link.execute("put", [i4(1), b"\x00\xff"]) == [(i4(1), b"\x00\xff")]
    assert await link.execute("put", [i4(-2), None]) == [(i4(-2), None)]
    assert await link.execute("get", [i4(9)]) == []
    assert binary.read_int((await link.execute("put", [i4(-3), b""]))[0][0] or b"") == -3


async def test_session_settings(database: str, link: CommitLink) -> None:
    expected = {
        "plan_cache_mode": b"force_generic_plan",
        "enable_seqscan": b"off",
        "enable_mergejoin": b"off",
        "enable_hashjoin": b"off",
        "jit": b"off",
        "statement_timeout": b"10s",
        "lock_timeout": b"5s",
    }
    for name, value in expected.items():
        assert await link.execute("show", [name.encode()]) == [(value,)]
    other = await CommitLink.connect(database, STATEMENTS, lock_timeout_s=0.25, settings={"jit": "on"})
    assert await other.execute("show", [b"lock_timeout"]) == [(b"250ms",)]
    assert await other.execute("show", [b"jit"]) == [(b"on",)]
    await other.aclose()


@pytest.mark.parametrize(
    ("statement", "params", "error", "sqlstate"),
    [
        ("divide", [i4(0)], DataRejected, "22012"),
        ("echo", [b"\xff"], DataRejected, "22021"),
        ("fail", [], ServerFault, "P0001"),
        ("oom", [], StatementFailed, "53200"),
        ("serial", [], Retryable, "40001"),
        ("no such statement", [], StatementFailed, "26000"),
        # reported after the statement itself succeeded, by the commit
        ("deferred", [i4(1)], DataRejected, "23505"),
    ],
)
async def test_a_refused_statement_leaves_the_link_usable(
    link: CommitLink, statement: str, params: list[bytes], error: type[PostgresError], sqlstate: str
) -> None:
    await link.execute("deferred", [i4(1)])
    with pytest.raises(error) as raised:
        await link.execute(statement, params)
    assert type(raised.value) is error
    assert raised.value.sqlstate == sqlstate
    assert await link.execute("echo", [b"well"]) == [(b"well",)]


async def test_locks_and_time_limits_are_retryable(database: str, observer: psycopg.Connection) -> None:
    observer.execute("insert into t values (1)")
    link = await CommitLink.connect(database, STATEMENTS, statement_timeout_s=5, lock_timeout_s=0.01)
    with observer.transaction():
        observer.execute("select 1 from t for update")
        for statement in ("lock", "lock_nowait"):
            with pytest.raises(Retryable) as raised:
                await link.execute(statement, [i4(1)])
            assert raised.value.sqlstate == "55P03"
    await link.aclose()
    link = await CommitLink.connect(database, STATEMENTS, statement_timeout_s=0.01)
    with pytest.raises(Retryable) as raised:
        await link.execute("sleep", [i4(600)])
    assert raised.value.sqlstate == "57014"
    assert await link.execute("echo", [b"well"]) == [(b"well",)]
    await link.aclose()


async def test_a_deadlock_is_retryable(database: str, link: CommitLink, observer: psycopg.Connection) -> None:
    observer.execute("insert into t values (1), (2)")
    crossed = {
        "both": "select set_config('x.y', k::text, false) from t where k in (1, 2) order by k for update"
    }
    crossing = await CommitLink.connect(
        database, crossed, settings={"deadlock_timeout": "10ms"}, lock_timeout_s=0
    )
    pid = crossing.backend_pid
    async with trio.open_nursery() as nursery:

        async def lose() -> None:
            with pytest.raises(Retryable) as raised:
                await crossing.execute("both", [])
            assert raised.value.sqlstate == "40P01"

        with observer.transaction():
            observer.execute("select 1 from t where k = 2 for update")
            nursery.start_soon(lose)
            await wait_until(observer, "pid = %s and wait_event_type = 'Lock'", pid)
            observer.execute("set local deadlock_timeout = '1h'")
            # now the crossing link holds row 1 and waits for row 2
            await trio.to_thread.run_sync(lambda: observer.execute("select 1 from t where k = 1 for update"))
    await crossing.aclose()


async def test_connecting_to_nothing_is_unusable() -> None:
    with pytest.raises(LinkUnusable):
        await CommitLink.connect("host=127.0.0.1 port=1 user=x", {})


@pytest.mark.parametrize(
    "options",
    [{"statements": {"bad": "selec 1"}}, {"settings": {"jit": "perhaps"}}],
)
async def test_a_refused_set_up_closes_the_connection(
    database: str, observer: psycopg.Connection, options
) -> None:
    with pytest.raises(PostgresError) as raised:
        await CommitLink.connect(database, **{"statements": {}, **options})
    assert not isinstance(raised.value, OutcomeUnknown)
    with trio.fail_after(HANG_GUARD_S):
        query = "select count(*) from pg_stat_activity where datname = current_database()"
        while observer.execute(query).fetchone() != (1,):
            await trio.lowlevel.checkpoint()


async def test_a_link_that_died_idle_sends_nothing(link: CommitLink, observer: psycopg.Connection) -> None:
    observer.execute("select pg_terminate_backend(%s)", (link.backend_pid,))
    await wait_until_gone(observer, link.backend_pid)
    with pytest.raises(LinkUnusable, match="idle"):
        await link.execute("put", [i4(1), None])
    assert link.closed
    with pytest.raises(LinkUnusable, match="closed"):
        await link.execute("put", [i4(1), None])
    assert rows_of(observer) == []


async def test_a_backend_killed_in_flight_leaves_the_outcome_unknown(
    link: CommitLink, observer: psycopg.Connection
) -> None:
    pid = link.backend_pid
    async with trio.open_nursery() as nursery:

        async def lose() -> None:
            with pytest.raises(OutcomeUnknown) as raised:
                await link.execute("sleep", [i4(600)])
            assert raised.value.sqlstate == "57P01"

        nursery.start_soon(lose)
        await wait_until(observer, "pid = %s and wait_event = 'PgSleep'", pid)
        observer.execute("select pg_terminate_backend(%s)", (pid,))
    assert link.closed


@pytest.mark.parametrize("passed_on", ["nothing", "all but ReadyForQuery"])
async def test_a_connection_cut_in_flight_leaves_the_outcome_unknown(
    postgres_server: PostgresServer, passed_on: str
) -> None:
    """The server hears the statement, and its answer is cut off: nobody may take it for an accepted one.

    Also not after CommandComplete, which is sent before the commit.
    """
    async with trio.open_nursery() as nursery:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        cut = trio.Event()

        async def cutting_proxy(client: trio.SocketStream) -> None:
            server = await trio.open_tcp_stream("127.0.0.1", postgres_server.port)
            async with client, server, trio.open_nursery() as both:

                async def forward(source: trio.SocketStream, sink: trio.SocketStream, answers: bool) -> None:
                    async for data in source:
                        if answers and cut.is_set():
                            if passed_on != "nothing":
                                assert data[-6:-1] == b"Z\0\0\0\5"
                                await sink.send_all(data[:-6])
                            break
                        await sink.send_all(data)
                    both.cancel_scope.cancel()

                both.start_soon(forward, client, server, False)
                both.start_soon(forward, server, client, True)

        nursery.start_soon(trio.serve_listeners, cutting_proxy, [listener])
        port = listener.socket.getsockname()[1]
        dsn = postgres_server.tcp_dsn_for("postgres").replace(
            f"port='{postgres_server.port}'", f"port='{port}'"
        )
        with psycopg.connect(postgres_server.dsn, autocommit=True) as observer:
            observer.execute("create table cut_off (a int)")
            link = await CommitLink.connect(dsn, {"put": "insert into cut_off values (1)"})
            cut.set()
            with pytest.raises(OutcomeUnknown):
                await link.execute("put", [])
            assert link.closed
            assert observer.execute("select count(*) from cut_off").fetchone() == (1,)
            observer.execute("drop table cut_off")
        nursery.cancel_scope.cancel()


async def test_no_answer_in_time_leaves_the_outcome_unknown(
    link: CommitLink, observer: psycopg.Connection
) -> None:
    link._answer_timeout_s = 0.05
    pid = link.backend_pid
    with pytest.raises(OutcomeUnknown, match="no answer within"):
        await link.execute("sleep", [i4(600)])
    assert link.closed
    observer.execute("select pg_terminate_backend(%s)", (pid,))


async def test_cancelled_before_sending_sends_nothing(link: CommitLink, observer: psycopg.Connection) -> None:
    with trio.CancelScope() as scope:
        scope.cancel()
        await link.execute("put", [i4(1), None])
    assert scope.cancelled_caught
    assert await link.execute("echo", [b"well"]) == [(b"well",)]
    assert rows_of(observer) == []


async def test_cancelled_in_flight_still_learns_the_outcome(
    link: CommitLink, observer: psycopg.Connection
) -> None:
    learned: list[object] = []

    async def put() -> None:
        learned.append(await link.execute("put", [i4(1), b"x"]))
        await trio.lowlevel.checkpoint()
        learned.append("not cancelled")

    observer.execute("begin; lock table t")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(put)
        await wait_until(observer, "pid = %s and wait_event_type = 'Lock'", link.backend_pid)
        nursery.cancel_scope.cancel()
        observer.execute("commit")
    assert learned == [[(i4(1), b"x")]]
    assert rows_of(observer) == [1]


async def test_one_statement_at_a_time(link: CommitLink, observer: psycopg.Connection) -> None:
    async with trio.open_nursery() as nursery:

        async def sleep() -> None:
            with pytest.raises(Retryable):
                await link.execute("sleep", [i4(600)])

        nursery.start_soon(sleep)
        await wait_until(observer, "pid = %s and wait_event = 'PgSleep'", link.backend_pid)
        with pytest.raises(RuntimeError, match="in flight"):
            await link.execute("echo", [b"x"])
        observer.execute("select pg_cancel_backend(%s)", (link.backend_pid,))
    assert await link.execute("echo", [b"well"]) == [(b"well",)]


async def test_closing_ends_a_statement_in_flight(link: CommitLink, observer: psycopg.Connection) -> None:
    pid = link.backend_pid
    async with trio.open_nursery() as nursery:

        async def lose() -> None:
            with pytest.raises(OutcomeUnknown):
                await link.execute("sleep", [i4(600)])

        nursery.start_soon(lose)
        await wait_until(observer, "pid = %s and wait_event = 'PgSleep'", pid)
        await link.aclose()
    observer.execute("select pg_terminate_backend(%s)", (pid,))


async def test_a_statement_larger_than_the_socket_buffers(link: CommitLink) -> None:
    big = b"z" * 30_000_000
    with trio.fail_after(HANG_GUARD_S):
        assert await link.execute("echo", [big]) == [(big,)]
