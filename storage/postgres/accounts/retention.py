"""Rows of accounts that are kept for a time only. Methods may raise PostgresError. Times are Unix milliseconds."""

from __future__ import annotations

from actors.kind import Instant
from storage.postgres.accounts.login_rows import end_logins
from storage.postgres.audit_log import record
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import lent, rows
from storage.postgres.ids import user_of

# With their refresh tokens. One that was ended is kept as long as its tokens would be: so that showing one is noticed.
_DELETE_LOGINS = """
with old as (
    select ctid from login where expires_at < %(before)s limit %(rows)s for update skip locked
), gone as (
    delete from login l using old where l.ctid = old.ctid returning 1
)
select count(*) from gone
"""

_DELETE_CODES = """
with old as (
    select ctid from mailed_token where expires_at < %(before)s limit %(rows)s for update skip locked
), gone as (
    delete from mailed_token t using old where t.ctid = old.ctid returning 1
)
select count(*) from gone
"""

_DELETE_ATTEMPTS = """
with old as (
    select ctid from attempt where last_at < %(before)s limit %(rows)s for update skip locked
), gone as (
    delete from attempt a using old where a.ctid = old.ctid returning 1
)
select count(*) from gone
"""

# Nobody but its device knows a guest, and that hasn't come for long. What it wrote is erased like everybody's.
_ABANDON = """
with old as (
    select id from account a
    where handle is null and password_hash is null and email is null and deleted_at is null
      and created_at < %(before)s
      and not exists (select from identity i where i.account = a.id)
      and not exists (select from login l where l.account = a.id and l.last_used_at >= %(before)s)
    limit %(rows)s
    for update skip locked
)
update account a set deleted_at = %(now)s, erase_at = %(now)s from old where a.id = old.id returning a.id
"""


class Retention:
    """The repository of rows that grow old. Each method tells how many it took; at most ``rows_max``."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def delete_logins(self, before: Instant, rows_max: int) -> int:
        """Delete logins whose last refresh token has expired before."""
        return await self._count(_DELETE_LOGINS, before=before, rows=rows_max)

    async def delete_codes(self, before: Instant, rows_max: int) -> int:
        """Delete mailed codes that have expired before."""
        return await self._count(_DELETE_CODES, before=before, rows=rows_max)

    async def delete_attempts(self, before: Instant, rows_max: int) -> int:
        """Delete counts of wrong attempts, the last of which was made before."""
        return await self._count(_DELETE_ATTEMPTS, before=before, rows=rows_max)

    async def abandon_guests(self, before: Instant, now: Instant, rows_max: int) -> int:
        """Hand over to erasure the guest accounts that weren't used since ``before``."""
        parameters = {"before": before, "now": now, "rows": rows_max}
        async with lent(self._pool, transaction=True) as connection:
            cursor = await connection.execute(_ABANDON, parameters)
            guests = [user_of(account) for (account,) in await cursor.fetchall()]
            for guest in guests:
                await end_logins(connection, guest, why="deleted", at=now, address=None, by="system")
                await record(connection, "account.abandoned", by="system", on=guest)
        return len(guests)

    async def _count(self, statement: str, **parameters: object) -> int:
        ((deleted,),) = await rows(self._pool, statement, parameters)
        return deleted
