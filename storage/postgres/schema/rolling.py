"""Which nodes run on a database that is to be migrated, and from which level on it serves nodes.

A node's level stands in the report that it sends with each renewal of its lease. A node that says nothing, because it
is of an older release or has just joined, counts as one of the first level.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import psycopg
from msgspec import Struct

from storage.postgres.schema.plan import FIRST_LEVEL

_MEMBERS: Final = "select id, name, fence, lease, lease_s, report from node where member order by id"
# Waits for what the run is writing; whoever renews or joins meanwhile changes fence or lease.
_UNCHANGED: Final = """
    select from node where id = %s and fence = %s and lease = %s and member for update
"""
_END_RUN: Final = "select end_run(%s, '{}', '{}')"
_RAISE: Final = "update schema_serves set oldest = greatest(oldest, %s)"

Connection = psycopg.Connection[Any]


class OlderNodesError(Exception):
    """Nodes of an older level live; the message is a sentence for a person."""


class _Report(Struct):
    schema: int = FIRST_LEVEL


class _Run(Struct, frozen=True, kw_only=True):
    """One run of a member, as it was seen."""

    id: int
    name: str
    fence: int
    lease: int
    lease_s: float
    level: int


def refuse_older(connection: Connection, level: int) -> None:
    """Raise OlderNodesError if a node below this level lives.

    A lease that stands still for as long as it says is a dead node's, as among the nodes: its run is ended, so that it
    writes nothing should it wake up. To see that takes as long. ``connection`` is in autocommit.
    """
    suspects = _older(connection, level)
    if not suspects:
        return
    connection.execute("select pg_sleep(%s)", (max(run.lease_s for run in suspects),))
    for run in suspects:
        with connection.transaction():
            seen = connection.execute(_UNCHANGED, (run.id, run.fence, run.lease)).fetchone()
            if seen is not None:
                connection.execute(_END_RUN, (run.id,))
    # Whoever joined meanwhile may not have said its level yet.
    known = {run.id for run in suspects}
    if living := [run.name for run in _older(connection, level) if run.id in known]:
        raise OlderNodesError(
            f"Nodes of an older version of GatherUp run: {', '.join(living)}. Restart them with the next release, or"
            " stop them. A rolling upgrade goes one release at a time: `gatherup migrate pre`, a restart of every node,"
            " `gatherup migrate post`."
        )


def serve_from(connection: Connection, level: int) -> None:
    """From now on no node below this level may start. Raises OlderNodesError while one lives."""
    while True:
        refuse_older(connection, level)
        with connection.transaction():
            if not exists(connection, "cluster"):
                return
            # Whoever joins holds this row: its node is seen here, or it sees what is written here.
            connection.execute("select from cluster for no key update")
            if not _older(connection, level):
                if exists(connection, "schema_serves"):
                    connection.execute(_RAISE, (level,))
                return


def _older(connection: Connection, level: int) -> list[_Run]:
    if not exists(connection, "node"):
        return []
    runs = [
        _Run(id=id_, name=name, fence=fence, lease=lease, lease_s=lease_s, level=_level(report))
        for id_, name, fence, lease, lease_s, report in connection.execute(_MEMBERS)
    ]
    return [run for run in runs if run.level < level]


def exists(connection: Connection, table: str) -> bool:
    """Whether the database has this table."""
    found = connection.execute("select to_regclass(%s) is not null", (table,)).fetchone()
    return found == (True,)


def _level(report: str) -> int:
    try:
        return msgspec.json.decode(report, type=_Report).schema
    except msgspec.MsgspecError:
        return FIRST_LEVEL
