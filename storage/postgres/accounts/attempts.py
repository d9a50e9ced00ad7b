"""Wrong attempts, counted for all nodes together. Methods may raise PostgresError."""

from __future__ import annotations

from collections.abc import Sequence

from actors.kind import Instant
from actors.limiting.lockout import Limited, Tally, counted, forgiven
from storage.postgres.driver.connection import TrioConnection
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import lent

# Locks each row, in the order of keys, also those that weren't there.
_LOCK = """
insert into attempt (key, failures, last_at)
select key, 0, 0 from unnest(%(keys)s::bytea[]) key order by key
on conflict (key) do update set failures = attempt.failures
returning key, failures, last_at
"""

_WRITE = """
update attempt a set failures = given.failures, last_at = given.last_at
from unnest(%(keys)s::bytea[], %(failures)s::integer[], %(last)s::bigint[]) given(key, failures, last_at)
where a.key = given.key
"""


class Attempts:
    """Reads and writes wrong attempts."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def begin(self, limited: Sequence[Limited], now: Instant) -> int:
        """Count an attempt as wrong until ``forgive`` says otherwise, so that many at once count too.

        0, or for how many milliseconds none may be made: then it isn't counted.
        """
        async with lent(self._pool, transaction=True) as connection:
            tallies = await _locked(connection, limited)
            wait_ms = max(one.rule.wait_ms(tally, now) for one, tally in zip(limited, tallies, strict=True))
            if wait_ms == 0:
                await _write(connection, limited, [counted(tally, now) for tally in tallies])
            return wait_ms

    async def forgive(self, limited: Sequence[Limited]) -> None:
        """The attempt that ``begin`` counted was right."""
        async with lent(self._pool, transaction=True) as connection:
            tallies = await _locked(connection, limited)
            right = [forgiven(one.rule, tally) for one, tally in zip(limited, tallies, strict=True)]
            await _write(connection, limited, right)


async def _locked(connection: TrioConnection, limited: Sequence[Limited]) -> list[Tally]:
    cursor = await connection.execute(_LOCK, {"keys": [one.key for one in limited]})
    found = {bytes(key): Tally(failures, last_at) for key, failures, last_at in await cursor.fetchall()}
    return [found[one.key] for one in limited]


async def _write(connection: TrioConnection, limited: Sequence[Limited], tallies: Sequence[Tally]) -> None:
    parameters = {
        "keys": [one.key for one in limited],
        "failures": [tally.failures for tally in tallies],
        "last": [tally.last_at for tally in tallies],
    }
    await connection.execute(_WRITE, parameters)
