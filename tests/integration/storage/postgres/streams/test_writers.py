"""The writers that make_writer makes, and what the catalog says of the tables that the kinds declare."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.sql import SQL, Identifier, Literal
from psycopg.types.json import Jsonb

from actors.kind import FactKey, Update, Upsert, tables_of
from actors.ports.log import LogFaultError, Verdict
from actors.tables import Column, Table, Tables, Type
from gatherup.kinds import TABLES
from protocol.ids import stream_key
from storage.postgres.schema.migrate import migrate
from storage.postgres.schema.plan import Phase
from storage.postgres.streams.log import PostgresLog
from storage.postgres.streams.projections import COLUMN_TYPES
from tests import single
from tests.contract.rig import Owner, PostgresRig, append, new_stream, postgres_rig
from tests.example_kind import TABLE, load_declared

pytestmark = pytest.mark.real

SELLER = "user:" + "5" * 32


@pytest.fixture
def admin(postgres_dsn: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        yield connection


@asynccontextmanager
async def log_of(dsn: str, tables: Tables) -> AsyncIterator[tuple[PostgresRig, PostgresLog, Owner]]:
    async with postgres_rig(dsn) as rig, PostgresLog(dsn, rig.pool, rig.clock, tables) as log:
        yield rig, log, await rig.owner()


async def opened(log: PostgresLog, owner: Owner, kind: str = "room") -> tuple[str, int]:
    """A new stream and its activation."""
    stream = new_stream(kind)
    made = await single.activate(log, owner.fence, stream, epoch=owner.epoch, create=True, state_version=1)
    assert made is not None
    return stream, made.activation


# --- the declarations and the catalog ----------------------------------------------------------------------------

_COLUMNS = """
    select a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
    from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = %s::regclass and a.attnum > 0 and not a.attisdropped
"""
_KEYS = """
    select a.attname::text from pg_index x cross join unnest(x.indkey) with ordinality k(attnum, position)
    join pg_attribute a on a.attrelid = x.indrelid and a.attnum = k.attnum
    where x.indrelid = %s::regclass and x.indisprimary order by k.position
"""


@pytest.mark.parametrize("name", TABLES)
def test_a_declared_table_is_as_the_migrations_made_it(admin: psycopg.Connection, name: str) -> None:
    """A new column stands in a migration (``alter table``, ``make_writer``) and in ``Kind.tables``, alike."""
    table = TABLES[name]
    key = [] if table.key is None else [table.key]
    assert [k for (k,) in admin.execute(_KEYS, (name,))] == ["stream_id", *(column.name for column in key)]

    def default(expression: str | None) -> Any:
        found = None if expression is None else admin.execute(f"select {expression}".encode()).fetchone()
        return found and found[0]

    actual = {
        column: (kind, not_null, default(expression))
        for column, kind, not_null, expression in admin.execute(_COLUMNS, (name,))
    }
    declared = {
        column.name: (COLUMN_TYPES[column.type], column.required, column.default)
        for column in (*key, *table.columns)
    }
    assert actual == {"stream_id": ("uuid", True, None), **declared}


@pytest.mark.parametrize("name", [*TABLES, "projection_row"])
def test_a_declared_table_has_its_writers(admin: psycopg.Connection, name: str) -> None:
    """They were made anew after the last change of its columns: each of these stands in both."""
    assert admin.execute("select from projected_table where name = %s", (name,)).fetchone() is not None
    columns = {column.name for column in TABLES[name].columns} if name in TABLES else {"value"}
    for verb in ("write", "update"):
        query = "select prosrc from pg_proc where proname = %s"
        ((source,),) = admin.execute(query, (f"{verb}_{name}",)).fetchall()
        assert {column for column in columns if column in source} == columns


def test_every_projected_table_is_declared(admin: psycopg.Connection) -> None:
    assert {name for (name,) in admin.execute("select name from projected_table")} == {
        *TABLES,
        "projection_row",
    }


# --- tables of one's own -----------------------------------------------------------------------------------------


async def test_create_table_its_writer_and_a_declaration_are_enough(
    postgres_dsn: str, admin: psycopg.Connection
) -> None:
    """The table that docs/kinds.md declares for its kind, with the very SQL of the page."""
    functions = "select p.oid::regprocedure::text, prosrc from pg_proc p where proname ~ 'append_batch|_rows'"
    before = admin.execute(functions).fetchall()
    admin.execute(TABLE.text.encode())
    assert admin.execute(functions).fetchall() == before
    auction = load_declared()
    tables = {**TABLES, **tables_of([auction.AuctionKind()])}
    key = FactKey("lot", "")
    async with log_of(postgres_dsn, tables) as (_, log, owner):
        (one, a), (other, b) = [await opened(log, owner, "auction") for _ in range(2)]
        lot, room = Upsert("lot", "", {"item": "Cup"}), {"access": "public", "history": True}
        room |= {"slow_mode_s": 0, "creator": SELLER, "created_at": 1}
        appends = [
            append(s, of, 0, changes=(lot, Upsert("room", "", room))) for s, of in ((one, a), (other, b))
        ]
        assert await log.append(owner.fence, appends, wait_for_locks=True) == [Verdict.ACCEPTED] * 2
        bid = append(other, b, 1, changes=(Update("lot", "", {"bids": 3}),))
        assert await log.append(owner.fence, [bid], wait_for_locks=True) == [Verdict.ACCEPTED]
        assert await single.facts(log, one, [key]) == {key: {"item": "Cup", "bids": 0}}
        assert await single.facts(log, other, [key]) == {key: {"item": "Cup", "bids": 3}}
    found = set(admin.execute("select stream_id, item, bids from lot"))
    assert found == {
        (UUID(bytes=stream_key(one)), "Cup", 0),
        (UUID(bytes=stream_key(other)), "Cup", 3),
    }
    assert admin.execute("select from projection_row").fetchall() == []


async def test_a_kind_that_declares_nothing_reaches_no_table(
    postgres_dsn: str, admin: psycopg.Connection
) -> None:
    """Whatever it calls its rows: they are its own."""
    names = ("room", "message", "event", "projection_row", "projected_table", "Rows; --", '"')
    changes = tuple(Upsert(name, "1", {"a": 1}) for name in names)
    keys = [FactKey(name, "1") for name in names]
    async with log_of(postgres_dsn, tables_of(())) as (_, log, owner):
        stream, activation = await opened(log, owner)
        for head, changed in enumerate((changes, tuple(Update(name, "1", {"b": 2}) for name in names))):
            one = append(stream, activation, head, changes=changed)
            assert await log.append(owner.fence, [one], wait_for_locks=True) == [Verdict.ACCEPTED]
        assert await single.facts(log, stream, keys) == {key: {"a": 1, "b": 2} for key in keys}
    assert {name for (name,) in admin.execute("select name from projection_row")} == set(names)
    assert admin.execute("select from room union all select from message").fetchall() == []


@pytest.mark.parametrize("name", ["nowhere", "event", "Rows; --", '"'])
@pytest.mark.parametrize("change", [Upsert, Update])
async def test_a_declared_table_without_a_writer_is_the_databases_fault(
    postgres_dsn: str, name: str, change: type[Upsert] | type[Update]
) -> None:
    """The stream alone is unavailable: no command is refused for its content."""
    tables = {**TABLES, name: Table(name, (Column("a", Type.INTEGER),))}
    async with log_of(postgres_dsn, tables) as (_, log, owner):
        stream, activation = await opened(log, owner)
        one = append(stream, activation, 0, changes=(change(name, "k", {"a": 1}),))
        with pytest.raises(LogFaultError):
            await log.append(owner.fence, [one], wait_for_locks=True)
        assert await single.read(log, stream, 0, 10) == []


@pytest.mark.parametrize(
    "columns",
    [
        "key text primary key, value text",
        "stream_id uuid, a text, b text, value text, primary key (stream_id, a, b)",
        "key text, stream_id uuid, value text, primary key (key, stream_id)",
        "stream_id uuid, value text",
        "stream_id uuid, key text, primary key (stream_id, key)",
    ],
)
def test_a_table_of_another_shape_gets_no_writer(admin: psycopg.Connection, columns: str) -> None:
    admin.execute(f"create table other ({columns})".encode())
    with pytest.raises(psycopg.errors.RaiseException):
        admin.execute("select make_writer('other')")
    assert admin.execute("select from projected_table where name = 'other'").fetchone() is None


@pytest.mark.parametrize(
    ("table", "key", "column"),
    [
        ("Order; --", "key", 'it\'s "all"'),
        ("r", "r", "n"),
        ("w", "n", "r"),
        ("found", "found", "value"),
        ("$body$", "$writer$", "%I %1$s $1 $$"),
        ("rows", "key", "gone"),
        ("n" * 56, "key", "value"),
    ],
)
def test_tables_and_columns_may_have_any_name(
    admin: psycopg.Connection, table: str, key: str, column: str
) -> None:
    stream = UUID(int=1)
    admin.execute(
        SQL(
            "create table {} (stream_id uuid, {} text, {} text, other text default '$$', primary key (stream_id, {}))"
        ).format(*map(Identifier, (table, key, column, key)))
    )
    admin.execute(SQL("select make_writer({}::regclass)").format(Literal(f'"{table}"')))
    rows = SQL("table {}").format(Identifier(table))

    def write(value: dict[str, Any], *, gone: bool = False) -> None:
        row = ([1], [gone], [table], ["k"], [Jsonb(value)])
        admin.execute("select write_rows(%s, '{0}', %s, %s, %s, %s, %s)", ([stream], *row))

    write({column: "a"})
    assert admin.execute(rows).fetchall() == [(stream, "k", "a", "$$")]
    write({column: "b"})
    changed = ([1], [table], ["k"], [Jsonb({"other": "c"})])
    admin.execute("select update_rows(%s, '{0}', %s, %s, %s, %s)", ([stream], *changed))
    assert admin.execute(rows).fetchall() == [(stream, "k", "b", "c")]
    write({}, gone=True)
    assert admin.execute(rows).fetchall() == []


def test_a_name_that_a_writer_would_cut_off_is_refused(admin: psycopg.Connection) -> None:
    """Two such tables would share one writer, and one would get the other's rows."""
    name = Identifier("n" * 57)
    admin.execute(SQL("create table {} (stream_id uuid primary key, value text)").format(name))
    with pytest.raises(psycopg.errors.RaiseException, match="too long"):
        admin.execute("select make_writer(%s::regclass)", ("n" * 57,))


# --- before and after the release that is replaced is gone -------------------------------------------------------


def test_the_released_function_stays_until_the_migrations_that_remove(empty_postgres_dsn: str) -> None:
    def released() -> list[tuple[Any, ...]]:
        with psycopg.connect(empty_postgres_dsn) as connection:
            functions = (
                "select proname::text from pg_proc where proname in ('append_batch', 'write_projections')"
            )
            types = "select typname::text from pg_type where typtype = 'c' and typname like '%\\_write'"
            return connection.execute(f"{functions} union all {types} order by 1".encode()).fetchall()

    migrate(empty_postgres_dsn, Phase.PRE)
    assert len(released()) == 2 + 11
    migrate(empty_postgres_dsn, Phase.POST)
    assert released() == []


def test_the_released_function_leaves_new_columns_as_they_are(empty_postgres_dsn: str) -> None:
    """Before the migrations that remove, nodes of both releases write: a cold row and one of the hot table."""
    migrate(empty_postgres_dsn, Phase.PRE)
    room = "row(1, false, {}, null, 'public', true, 0, 'user:1', null, 1, null, null)::room_write"
    message = "row(1, false, 5, 1, 'user:1', {}, 1, null, null, '{{}}', null, null, null, null, null)::message_write"
    whole = "select write_projections('{{%s}}', '{{0}}', '{{}}', array[%s], array[%s], '{{}}', '{{}}', '{{}}', '{{}}')"
    updates = "array[row(1, 'room', '', %s), row(1, 'message', '5', %s)]::update_write[]"
    partly = f"select update_projections('{{%s}}', '{{0}}', {updates})"
    stream = UUID(int=1)
    with psycopg.connect(empty_postgres_dsn, autocommit=True) as connection:

        def found() -> list[tuple[Any, ...]]:
            rows = "select name, colour from room union all select body, colour from message"
            return connection.execute(rows).fetchall()

        for table in ("room", "message"):
            connection.execute(f"alter table {table} add column colour text not null default 'grey'".encode())
            connection.execute("select make_writer(%s::regclass)", (table,))
        connection.execute((whole % (stream, room, message)).format("'a'", "'b'").encode())
        assert found() == [("a", "grey"), ("b", "grey")]
        red = ([1, 1], ["room", "message"], ["", "5"], [Jsonb({"colour": "red"})] * 2)
        connection.execute("select update_rows(%s, '{0}', %s, %s, %s, %s)", ([stream], *red))
        connection.execute((whole % (stream, room, message)).format("'c'", "'d'").encode())
        assert found() == [("c", "red"), ("d", "red")]
        connection.execute((partly % (stream, """'{"name": "e"}'""", """'{"body": "f"}'""")).encode())
        assert found() == [("e", "red"), ("f", "red")]
