"""A node of the last release writes rows that have columns it doesn't know; and what it can't live with is seen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from tests.released.code.actors.kind import Update, Upsert
from tests.released.code.actors.ports import LogDataError, LogUnavailableError, Verdict
from tests.released.code.protocol.ids import stream_key
from tests.released.code.tests.contract.rig import append, postgres_rig
from tests.released.code.tests.contract.test_log import MESSAGE, ROOM, Node

pytestmark = pytest.mark.real

# A table that is seldom written, and one that every message writes.
ADDED = {
    "room": "alter table room add column colour text not null default 'grey'",
    "message": "alter table message add column colour text not null default 'grey'",
}
CHANGES: dict[str, tuple[Upsert, Upsert, Update]] = {
    "room": (
        Upsert("room", "", ROOM),
        Upsert("room", "", ROOM | {"topic": "Go"}),
        Update("room", "", {"topic": "Shogi"}),
    ),
    "message": (
        Upsert("message", "1", MESSAGE),
        Upsert("message", "1", MESSAGE | {"body": "edited"}),
        Update("message", "1", {"body": "again"}),
    ),
}
"""An insert, and both ways to change what it wrote."""


@pytest.fixture
async def node(rolling_dsn: str) -> AsyncIterator[Node]:
    async with postgres_rig(rolling_dsn) as rig:
        yield await Node.owning(rig)


def asked(dsn: str, statement: str, *parameters: Any) -> Any:
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(statement.encode(), parameters)
        return cursor.fetchone() if cursor.description else None


@pytest.mark.parametrize("table", ADDED)
async def test_a_new_column_keeps_its_value(rolling_dsn: str, node: Node, table: str) -> None:
    asked(rolling_dsn, ADDED[table])
    stream, activation = await node.opened()
    row = f"select to_jsonb(r) from {table} r where stream_id = encode(%s, 'hex')::uuid"
    inserted, replaced, updated = CHANGES[table]

    assert await node.one(append(stream, activation, 0, changes=(inserted,))) is Verdict.ACCEPTED
    assert asked(rolling_dsn, row, stream_key(stream))[0]["colour"] == "grey"
    asked(rolling_dsn, f"update {table} set colour = 'red'")  # a new node's work
    for head, change in ((1, replaced), (2, updated)):
        assert await node.one(append(stream, activation, head, changes=(change,))) is Verdict.ACCEPTED
        (found,) = asked(rolling_dsn, row, stream_key(stream))
        assert found["colour"] == "red"
        assert change.values.items() <= found.items()


async def test_a_changed_row_type_is_noticed(rolling_dsn: str, node: Node) -> None:
    """What the suite guards against: an attribute more, and the released log can't write a room any more."""
    asked(rolling_dsn, "alter type room_write add attribute colour text")
    stream, activation = await node.opened()
    with pytest.raises((LogDataError, LogUnavailableError), match="columns"):
        await node.one(append(stream, activation, 0, changes=(Upsert("room", "", ROOM),)))


async def test_a_dropped_function_is_noticed(rolling_dsn: str) -> None:
    asked(rolling_dsn, "drop function append_batch")
    async with postgres_rig(rolling_dsn) as rig:
        node = await Node.owning(rig)
        stream, activation = await node.opened()
        with pytest.raises(LogUnavailableError, match="does not exist"):
            await node.one(append(stream, activation, 0))
