"""PostgreSQL and Valkey for a cluster that is measured from the outside, and what they were asked to do so far.

``python -m gatherup.bench.servers`` prints ``Servers`` as a line of JSON once both run and the schema is there, then
a ``Look`` for each line of standard input. At its end the servers are stopped and their data is gone.
"""

from __future__ import annotations

from typing import Final

import trio
from msgspec import Struct

from actors.ports.cluster_view import ClusterView
from gatherup.bench.measuring import folder, say
from gatherup.clock import SystemClock
from gatherup.embedded import embedded_postgres, embedded_valkey
from gatherup.playground.lines import lines
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import execute, rows
from storage.postgres.schema.migrate import migrate
from storage.postgres.streams.directory import PostgresDirectory
from storage.postgres.streams.log import quick
from storage.redis.address import parse_address
from storage.redis.connection import Connection, connected

DATABASE: Final = "gatherup"
STDIN: Final = 0
_SETTINGS: Final = {"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.max": "10000"}
_TRACK: Final = "create extension if not exists pg_stat_statements"

# Every statement a client sent, once each; what functions execute inside belongs to their caller's statement.
_STATEMENTS: Final = """
select left(regexp_replace(query, '\\s+', ' ', 'g'), 100) as query, sum(calls)::bigint as calls
from pg_stat_statements
where query not like '%%pg_stat_statements%%'
group by 1
"""


class Servers(Struct, frozen=True, kw_only=True):
    """Where nodes find them."""

    database_url: str
    redis_url: str


class Look(Struct, frozen=True, kw_only=True):
    """Counts since the servers started, and who owns which shard now."""

    statements: dict[str, int]
    """Executions at PostgreSQL by the beginning of the statement."""
    commands: dict[str, int]
    """Calls at Redis by the command's name."""
    owners: list[str | None]
    """The name of each shard's owner, by the shard's number."""


async def run() -> None:
    """Start the servers, and look whenever a line comes, until standard input ends."""
    clock = SystemClock()
    with folder() as data:
        async with (
            embedded_postgres(data / "postgres", settings=_SETTINGS) as postgres,
            embedded_valkey(data / "valkey") as valkey,
        ):
            dsn = postgres.dsn_for(DATABASE)
            migrate(dsn)
            address = parse_address(valkey.url)
            async with (
                Pool(quick(dsn), size_max=1, autocommit=True) as pool,
                PostgresDirectory(dsn, clock) as directory,
                connected(address, address.endpoints[0]) as redis,
            ):
                await execute(pool, _TRACK, {})
                say(Servers(database_url=dsn, redis_url=valkey.url))
                async for _ in lines(STDIN):
                    say(await _look(pool, directory, redis))


async def _look(pool: Pool, directory: PostgresDirectory, redis: Connection) -> Look:
    return Look(
        commands=_calls(await redis.call("INFO", "commandstats")),
        statements={str(row[0]): int(row[1]) for row in await rows(pool, _STATEMENTS, {})},
        owners=_owners(await directory.read()),
    )


def _owners(view: ClusterView) -> list[str | None]:
    names = {member.id: member.name for member in view.members}
    return [None if shard.owner is None else names[shard.owner] for shard in view.shards]


def _calls(stats: object) -> dict[str, int]:
    """The counts in lines like ``cmdstat_publish:calls=21,usec=…``."""
    assert isinstance(stats, bytes)
    found: dict[str, int] = {}
    for line in stats.decode().splitlines():
        name, _, values = line.partition(":calls=")
        if values:
            found[name.removeprefix("cmdstat_")] = int(values.partition(",")[0])
    return found


if __name__ == "__main__":
    trio.run(run)
