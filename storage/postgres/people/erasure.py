"""Deleting accounts, and erasing what is left of a person.

Deleted, an account is hidden and can be kept by signing in until ``erase_at``. Then its rows go, and a row of
``erasure`` stays until no stream holds anything of theirs, which ``storage.postgres.people.traces`` finds. Every
method may raise PostgresError; times are Unix milliseconds, users ``user:32hex``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime

from actors.kind import Instant
from protocol.ids import SYSTEM
from storage.postgres.accounts.login_rows import end_logins
from storage.postgres.accounts.notices import warn
from storage.postgres.audit_log import record
from storage.postgres.driver.connection import TrioConnection
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import lent, rows
from storage.postgres.ids import user_of, uuid_of
from storage.postgres.outbox.mail import Template

Eraser = Callable[[TrioConnection, str], Awaitable[None]]
"""Deletes the rows that a feature has of a user, in the transaction that forgets the account: its row goes last.

Rows that refer to the account with ``on delete cascade`` go with it, and need no eraser.
"""

_DELETE = """
update account set deleted_at = %(at)s, erase_at = %(erase_at)s
where id = %(account)s and deleted_at is null returning id
"""

_BEGAN = "select created_at from login where id = %(login)s and revoked_at is null"

_DUE = """
select id from account where erase_at <= %(at)s
order by erase_at limit 1 for update skip locked
"""
_FORGET = """
with erased as (
    insert into erasure (account) values (%(account)s) on conflict (account) do nothing
)
delete from account where id = %(account)s
"""

# The time moves on by what one go may take, so that one node at a time works on a person.
_CLAIM = """
update erasure e
set attempts = e.attempts + 1, next_attempt_at = now() + make_interval(secs => %(lease_s)s)
from (
    select account from erasure where next_attempt_at <= now()
    order by next_attempt_at limit 1 for update skip locked
) due
where e.account = due.account returning e.account
"""
_DONE = "delete from erasure where account = %(account)s"


class Erasures:
    """Reads and writes what is to be erased."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def login_began(self, login: str) -> Instant:
        """When this login began; 0 if it isn't one that goes on."""
        found = await rows(self._pool, _BEGAN, {"login": uuid_of(login)})
        return found[0][0] if found else 0

    async def delete(self, user: str, *, at: Instant, erase_at: Instant, address: str) -> bool:
        """Hide an account and end its logins; it is erased at ``erase_at``. False if there is no such account.

        Wake the relay of the command outbox afterwards.
        """
        parameters = {"account": uuid_of(user), "at": at, "erase_at": erase_at}
        async with lent(self._pool, transaction=True) as connection:
            cursor = await connection.execute(_DELETE.encode(), parameters)
            if await cursor.fetchone() is None:
                return False
            until = datetime.fromtimestamp(erase_at / 1000, UTC).strftime("%Y-%m-%d")
            await warn(connection, user, "account_deleted", Template.ACCOUNT_DELETED, until=until)
            await record(connection, "account.deleted", by=user, on=user, from_address=address)
            await end_logins(connection, user, why="deleted", at=at, address=address)
            return True

    async def forget_due(self, at: Instant, erasers: Iterable[Eraser]) -> bool:
        """Delete the rows of one account whose time has come, with these erasers; False if there is none.

        What it wrote in streams is claimed from then on.
        """
        async with lent(self._pool, transaction=True) as connection:
            cursor = await connection.execute(_DUE.encode(), {"at": at})
            found = await cursor.fetchone()
            if found is None:
                return False
            (account,) = found
            for erase in erasers:
                await erase(connection, user_of(account))
            await connection.execute(_FORGET.encode(), {"account": account})
            return True

    async def claim(self, *, lease_s: float) -> str | None:
        """Claim a user whose texts must be erased from streams, for this node alone for so long; None if there is
        none.
        """
        found = await rows(self._pool, _CLAIM, {"lease_s": lease_s})
        return user_of(found[0][0]) if found else None

    async def settle(self, user: str) -> None:
        """Nothing of this user is left anywhere."""
        async with lent(self._pool, transaction=True) as connection:
            await connection.execute(_DONE.encode(), {"account": uuid_of(user)})
            await record(connection, "account.erased", by=SYSTEM, on=user)
