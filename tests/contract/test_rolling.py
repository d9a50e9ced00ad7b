"""An old and a new node write to one database: columns that only the new one knows, in a cold and in the hot table."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from actors.kind import Change, Delete, FactKey, Row, Update, Upsert
from actors.ports.log import Log, LogDataError, Verdict
from actors.tables import Column, Tables, Type
from tests import single
from tests.contract.rig import TABLES, Owner, Rig, append, new_stream

USER = "user:" + "1" * 32
NEW_COLUMNS = (
    Column("colour", Type.TEXT, required=True, default="grey"),
    Column("tags", Type.TEXTS, default=["x"]),
    Column("rank", Type.INTEGER),
    Column("loud", Type.BOOLEAN, required=True, default=False),
    Column("steps", Type.INTEGERS, required=True, default=[]),
)
DEFAULTS = {"colour": "grey", "tags": ["x"], "rank": None, "loud": False, "steps": []}
PAINTED = {"colour": "red", "tags": None, "rank": 7, "loud": True, "steps": [2**40]}
ROWS: dict[str, tuple[str, Row, Row]] = {
    "room": (
        "",
        {"access": "public", "history": True, "slow_mode_s": 0, "creator": USER, "created_at": 1},
        {"name": "Hall", "archived_at": 9},
    ),
    "message": (
        "12",
        {"number": 3, "author": USER, "body": "hello", "at": 7, "mentions": [USER]},
        {"body": None, "edits": [13], "mentions": None},
    ),
    "reaction": (
        f"12 {USER} +",
        {"message": 12, "author": USER, "reaction": "+", "at": 7},
        {"at": 8},
    ),
}
"""Of a table: a key, a row as old nodes know it, and what is changed in it then."""


def with_new_columns(table: str) -> Tables:
    return {
        **TABLES,
        table: replace(TABLES[table], columns=(*TABLES[table].columns, *NEW_COLUMNS)),
    }


class Roll:
    """One stream with one row, written by both."""

    def __init__(self, owner: Owner, old: Log, new: Log, table: str) -> None:
        self.old = old
        self.new = new
        self._owner = owner
        self._stream = new_stream()
        self._activation = 0
        self._head = 0
        self._table = table
        self._key, self.row, self.changes = ROWS[table]

    async def open(self) -> None:
        made = await single.activate(
            self.new, self._owner.fence, self._stream, epoch=self._owner.epoch, create=True, state_version=1
        )
        assert made is not None
        self._activation = made.activation

    async def upsert(self, by: Log, values: Row) -> None:
        await self._write(by, Upsert(self._table, self._key, values))

    async def update(self, by: Log, values: Row) -> None:
        await self._write(by, Update(self._table, self._key, values))

    async def delete(self, by: Log) -> None:
        await self._write(by, Delete(self._table, self._key))

    async def _write(self, by: Log, change: Change) -> None:
        one = append(self._stream, self._activation, self._head, changes=(change,))
        assert await by.append(self._owner.fence, [one], wait_for_locks=True) == [Verdict.ACCEPTED]
        self._head += 1

    async def seen(self, by: Log) -> Row | None:
        key = FactKey(self._table, self._key)
        return (await single.facts(by, self._stream, [key]))[key]

    async def new_columns(self) -> Row | None:
        """What the new node finds in the columns that only it knows; None if there is no row."""
        row = await self.seen(self.new)
        return None if row is None else {column.name: row[column.name] for column in NEW_COLUMNS}


@pytest.fixture(params=ROWS)
async def roll(request: pytest.FixtureRequest, log_under_test: Rig) -> AsyncIterator[Roll]:
    table: str = request.param
    for column in NEW_COLUMNS:
        await log_under_test.add_column(table, column)
    async with log_under_test.log_of(TABLES) as old, log_under_test.log_of(with_new_columns(table)) as new:
        roll = Roll(await log_under_test.owner(), old, new, table)
        await roll.open()
        yield roll


@pytest.mark.parametrize("table", ROWS)
async def test_columns_come_while_a_node_writes(log_under_test: Rig, table: str) -> None:
    """Its connections have planned their statements before."""
    rig, new_tables = log_under_test, with_new_columns(table)
    async with rig.log_of(TABLES) as old, rig.log_of(new_tables) as new:
        roll = Roll(await rig.owner(), old, new, table)
        await roll.open()
        for _ in range(2):
            await roll.upsert(old, roll.row)
            await roll.update(old, roll.changes)
        for column in NEW_COLUMNS:
            await rig.add_column(table, column)
            await roll.upsert(old, roll.row)
            await roll.update(old, roll.changes)
        assert await roll.new_columns() == DEFAULTS
        await roll.upsert(new, {**roll.row, **PAINTED})
        await roll.update(old, roll.changes)
        await roll.upsert(old, roll.row)
        assert await roll.new_columns() == PAINTED


async def test_a_row_of_an_old_node_has_the_defaults(roll: Roll) -> None:
    await roll.upsert(roll.old, roll.row)
    assert await roll.new_columns() == DEFAULTS


async def test_a_row_of_a_new_node_has_the_defaults_of_what_it_does_not_name(roll: Roll) -> None:
    await roll.upsert(roll.new, {**roll.row, "rank": 3})
    assert await roll.new_columns() == {**DEFAULTS, "rank": 3}


async def test_a_null_that_is_said_is_null(roll: Roll) -> None:
    await roll.upsert(roll.new, {**roll.row, "tags": None})
    assert await roll.new_columns() == {**DEFAULTS, "tags": None}


async def test_values_survive_a_whole_row_of_an_old_node(roll: Roll) -> None:
    await roll.upsert(roll.new, {**roll.row, **PAINTED})
    changed = {**roll.row, **roll.changes}
    await roll.upsert(roll.old, changed)
    assert await roll.new_columns() == PAINTED
    assert changed.items() <= (await roll.seen(roll.new) or {}).items()


async def test_values_survive_an_update_of_an_old_node(roll: Roll) -> None:
    await roll.upsert(roll.new, {**roll.row, **PAINTED})
    await roll.update(roll.old, roll.changes)
    assert await roll.new_columns() == PAINTED
    assert {**roll.row, **roll.changes}.items() <= (await roll.seen(roll.new) or {}).items()


async def test_an_update_of_a_new_node_changes_a_row_of_an_old_one(roll: Roll) -> None:
    await roll.upsert(roll.old, roll.row)
    before = await roll.seen(roll.old)
    await roll.update(roll.new, {"colour": "green", "tags": None, "steps": [1]})
    assert await roll.new_columns() == {**DEFAULTS, "colour": "green", "tags": None, "steps": [1]}
    assert await roll.seen(roll.old) == before


async def test_a_whole_row_of_a_new_node_resets_what_it_does_not_name(roll: Roll) -> None:
    await roll.upsert(roll.new, {**roll.row, **PAINTED})
    await roll.upsert(roll.new, {**roll.row, "rank": 8})
    assert await roll.new_columns() == {**DEFAULTS, "rank": 8}


async def test_a_row_that_an_old_node_deleted_begins_anew(roll: Roll) -> None:
    await roll.upsert(roll.new, {**roll.row, **PAINTED})
    await roll.delete(roll.old)
    assert await roll.seen(roll.new) is None
    await roll.update(roll.old, roll.changes)
    assert await roll.seen(roll.new) is None
    await roll.upsert(roll.old, roll.row)
    assert await roll.new_columns() == DEFAULTS


async def test_an_old_node_sees_what_it_knows(roll: Roll) -> None:
    await roll.upsert(roll.new, {**roll.row, **PAINTED})
    seen = await roll.seen(roll.old)
    assert seen is not None
    assert roll.row.items() <= seen.items()
    assert not seen.keys() & PAINTED.keys()


@pytest.mark.parametrize("column", ["colour", "loud", "steps"])
async def test_a_required_column_is_never_null(roll: Roll, column: str) -> None:
    with pytest.raises(LogDataError):
        await roll.upsert(roll.new, {**roll.row, column: None})
    assert await roll.seen(roll.new) is None
    await roll.upsert(roll.new, roll.row)
    with pytest.raises(LogDataError):
        await roll.update(roll.new, {column: None})
    assert await roll.new_columns() == DEFAULTS
