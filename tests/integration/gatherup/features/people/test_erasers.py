"""No table keeps rows of a deleted person because its feature forgot to say how they leave."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, cast

import psycopg
import pytest

from gatherup.kinds import TABLES
from storage.postgres.people.erasure import Eraser
from tests.declared import features

pytestmark = pytest.mark.real
ANN = "user:" + "a" * 32
KEPT = {
    "api_key": "the id of the admin who made it",
    "attempt": "digests, for as long as a lock lasts",
    "checkpoint": "states of streams, which hold ids and no texts",
    "cluster": "no person",
    "cron": "no person: when recurring jobs were ordered",
    "erasure": "the id, until nothing else is left",
    "event": "of streams: Kind.erase",
    "lookup": "no person: names that admins give",
    "node": "no person",
    "owed_command": "on its way into a stream: Kind.erase",
    "projected_table": "no person: names of tables and functions",
    "projection_row": "of streams: Kind.erase",
    "rating_game": "no person",
    "rating_match": "numbers of players, without their accounts",
    "rating_player": "its account becomes null: the results of others keep their meaning",
    "rating_step": "numbers of players, without their accounts",
    "rated_tournament": "no person",
    "receipt": "of streams: ids and digests",
    "in_hand": "an author's id, for a day after a node was lost",
    "schema_migrations": "no person",
    "swept_until": "no person: how far sweeps came",
    "stream": "an inbox's id is its owner's",
    "webhook": "the id of the admin who made it",
    "webhook_delivery": "no person: what became of a request",
}
"""Tables with nothing of a person but ids, or whose rows leave in another way, and why that is right."""

_CAN_NAME_A_USER = """
    select distinct c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
        and a.atttypid::regtype::text = any(
            '{uuid,text,"character varying",jsonb,json,bytea,uuid[],text[],bytea[]}'
        )
"""
_GO_WITH_THE_ACCOUNT = """
    with recursive gone as (
        select 'account'::regclass::oid as id
        union
        select f.conrelid from pg_constraint f join gone on f.confrelid = gone.id
        where f.contype = 'f' and f.confdeltype = 'c'
    )
    select relname from pg_class join gone on gone.id = pg_class.oid
"""


class Statements:
    """A connection that keeps what it is told to execute."""

    def __init__(self) -> None:
        self.said: list[str] = []

    async def execute(self, statement: bytes, parameters: object = None) -> None:
        self.said.append(statement.decode())


async def erased(erasers: Iterable[Eraser]) -> set[str]:
    """The tables that these change."""
    statements = Statements()
    for erase in erasers:
        await erase(cast(Any, statements), ANN)
    return {
        table
        for statement in statements.said
        for table in re.findall(r"(?:delete from|update) (\w+)", statement)
    }


def tables(dsn: str, query: str) -> set[str]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        return {name for (name,) in connection.execute(query.encode()).fetchall()}


async def explained(dsn: str, erasers: Iterable[Eraser]) -> set[str]:
    return {*TABLES, *await erased(erasers), *tables(dsn, _GO_WITH_THE_ACCOUNT)}


async def test_each_table_that_can_name_a_user_says_how_a_deleted_one_leaves(postgres_dsn: str) -> None:
    erasers = [erase for feature in features() for erase in feature.erasers]
    found, said = tables(postgres_dsn, _CAN_NAME_A_USER), await explained(postgres_dsn, erasers)
    assert found - said - KEPT.keys() == set(), (
        "say how a deleted person's rows leave these tables: in a foreign key to account with on delete cascade, in an "
        "eraser of their feature (Feature.erasers), in Kind.tables; or why they may stay: in KEPT here"
    )
    assert KEPT.keys() - (found - said) == set(), "these tables are gone or erased: take them out of KEPT"


async def test_a_table_that_nobody_erases_is_found(postgres_dsn: str) -> None:
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute("create table trophy (owner text not null)")
        connection.execute("create table skin (owner uuid references account on delete set null)")
        connection.execute("create table badge (owner uuid references account on delete cascade)")
        connection.execute("create table score (points bigint)")
    found = tables(postgres_dsn, _CAN_NAME_A_USER) - KEPT.keys()
    assert found - await explained(postgres_dsn, []) == {
        "trophy",
        "skin",
        "job",
        "read_position",
        "audit_log",
    }
