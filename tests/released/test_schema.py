"""`pre` only adds: whatever nodes of the last release find in the schema is still there, and need be given no more."""

from __future__ import annotations

import psycopg
import pytest

from tests.released.catalog import catalog, must_be_given
from tests.released.write import BASELINE

RELEASED = (BASELINE / "schema.txt").read_text(encoding="utf-8").splitlines()


def lost(dsn: str) -> list[str]:
    with psycopg.connect(dsn) as connection:
        return sorted(set(RELEASED) - set(catalog(connection)))


def unknown_to_nodes(dsn: str) -> set[str]:
    """Columns of released tables that a released insert doesn't name, though it must."""
    columns = {line.split()[1] for line in RELEASED if line.startswith("column ")}
    tables = {column.partition(".")[0] for column in columns}
    with psycopg.connect(dsn) as connection:
        needed = must_be_given(connection)
    return {name for name in needed - columns if name.partition(".")[0] in tables}


@pytest.mark.real
def test_nothing_is_lost(rolling_dsn: str) -> None:
    assert lost(rolling_dsn) == []
    assert unknown_to_nodes(rolling_dsn) == set()


@pytest.mark.real
@pytest.mark.parametrize(
    ("statement", "missed"),
    [
        ("alter table room drop column topic", "column room.topic text"),
        ("alter table room alter column topic type varchar(9)", "column room.topic text"),
        ("drop function drain_node", "function drain_node(node_name text) returns boolean"),
        (
            "drop index message_author",
            "CREATE INDEX message_author ON public.message USING btree (author, stream_id, seq)",
        ),
        ("alter table room drop constraint room_pkey", "constraint room.room_pkey PRIMARY KEY (stream_id)"),
    ],
)
def test_a_loss_is_found(rolling_dsn: str, statement: str, missed: str) -> None:
    with psycopg.connect(rolling_dsn) as connection:
        connection.execute(statement.encode())
    assert missed in lost(rolling_dsn)


@pytest.mark.real
def test_a_column_that_must_be_given_is_found(rolling_dsn: str) -> None:
    with psycopg.connect(rolling_dsn) as connection:
        connection.execute("alter table room add column colour text not null")
        connection.execute("alter table room add column shade text not null default ''")
    assert unknown_to_nodes(rolling_dsn) == {"room.colour"}
