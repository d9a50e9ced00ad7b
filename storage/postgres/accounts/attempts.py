"""Wrong attempts, counted for all nodes together. Methods may raise PostgresError."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from actors.kind import Instant
from actors.limiting.lockout import Limited, Tally, counted, forgiven
from protocol.ids import SYSTEM
from storage.postgres.audit_log import record
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


class Begun(Struct, frozen=True):
    """How an attempt begins."""

    wait_ms: int
    """For so long none may be made; 0 for now."""
    locks: bool = False
    """If this one turns out to be wrong, the next ones must wait."""


class Attempts:
    """Reads and writes wrong attempts."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def begin(self, limited: Sequence[Limited], now: Instant) -> Begun:
        """Count an attempt as wrong until ``forgive`` says otherwise, so that many at once count too.

        One that must wait isn't counted.
        """
        async with lent(self._pool, transaction=True) as connection:
            tallies = await _locked(connection, limited)
            wait_ms = max(one.rule.wait_ms(tally, now) for one, tally in zip(limited, tallies, strict=True))
            if wait_ms > 0:
                return Begun(wait_ms)
            with_this = [counted(tally, now) for tally in tallies]
            await _write(connection, limited, with_this)
            pairs = zip(limited, with_this, strict=True)
            return Begun(0, locks=any(tally.failures == one.rule.free for one, tally in pairs))

    async def failed(self, what: str, *, on: str | None, address: str | None, locks: bool) -> None:
        """Note in the audit log that an attempt at this was wrong, and whether later ones must wait from now on."""
        async with lent(self._pool, transaction=True) as connection:
            await record(connection, f"{what}.failed", by=SYSTEM, on=on, from_address=address)
            if locks:
                await record(connection, f"{what}.locked_out", by=SYSTEM, on=on, from_address=address)

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
