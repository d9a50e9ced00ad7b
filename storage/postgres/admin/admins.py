"""What admins do to accounts. Every act stands in the audit log, written with it.

Every method may raise PostgresError. Times are Unix milliseconds; users are ``user:32hex``.
"""

from __future__ import annotations

from enum import Enum, auto

from msgspec import Struct

from actors.kind import Instant
from protocol.ids import SYSTEM
from storage.postgres.accounts.login_rows import end_logins
from storage.postgres.audit_log import record
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import lent, rows
from storage.postgres.ids import user_of, uuid_of
from storage.postgres.people.people import FIRST, PageOf


class BanRow(Struct, frozen=True, kw_only=True):
    """A user who is kept out."""

    user: str
    at: Instant
    reason: str


class Banning(Enum):
    """What became of a ban."""

    DONE = auto()
    NOBODY = auto()
    """There is no such user."""
    ADMIN = auto()
    """An admin isn't banned: their rights are taken first, on the command line."""


_IS_ADMIN = """
select from account where id = %(account)s and admin and deleted_at is null and banned_at is null
"""
_ADMINS = "select handle from account where admin and deleted_at is null order by handle_folded"

_SET_ADMIN = """
update account set admin = %(admin)s
from (
    select id, admin from account
    where handle_folded = %(folded)s and deleted_at is null for no key update
) was
where account.id = was.id returning account.id, was.admin
"""

_LOCK = """
select admin, banned_at is not null from account where id = %(account)s and deleted_at is null for no key update
"""
_BAN = "update account set banned_at = coalesce(banned_at, %(at)s), ban_reason = %(reason)s where id = %(account)s"
_UNBAN = """
update account set banned_at = null, ban_reason = '' where id = %(account)s and banned_at is not null returning id
"""
_BANS = """
select id, banned_at, ban_reason from account
where banned_at is not null and (banned_at, id) < (%(at)s, %(key)s)
order by banned_at desc, id desc limit %(limit)s
"""
_BANS_BACK = """
select id, banned_at, ban_reason from account
where banned_at is not null and (banned_at, id) > (%(at)s, %(key)s)
order by banned_at, id limit %(limit)s
"""


class Admins:
    """Reads and writes admins and bans."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def is_admin(self, user: str) -> bool:
        """Whether this user has the rights of an admin now."""
        return bool(await rows(self._pool, _IS_ADMIN, {"account": uuid_of(user)}))

    async def handles(self) -> list[str]:
        """The handles of all admins, in order."""
        return [handle for (handle,) in await rows(self._pool, _ADMINS, {})]

    async def set_admin(self, folded: str, *, admin: bool) -> str | None:
        """Give or take an admin's rights, as the operator; the user, None if nobody has this handle."""
        async with lent(self._pool, transaction=True) as connection:
            parameters = {"folded": folded, "admin": admin}
            cursor = await connection.execute(_SET_ADMIN.encode(), parameters)
            found = await cursor.fetchone()
            if found is None:
                return None
            account, was = found
            user = user_of(account)
            act = "admin.granted" if admin else "admin.revoked"
            await record(connection, act, by=SYSTEM, on=user, before={"admin": was}, after={"admin": admin})
            return user

    async def ban(self, user: str, *, by: str, reason: str, at: Instant, from_address: str) -> Banning:
        """Keep a user out: all their logins end, on every node. Banning again only changes the reason."""
        parameters = {"account": uuid_of(user), "at": at, "reason": reason}
        async with lent(self._pool, transaction=True) as connection:
            cursor = await connection.execute(_LOCK.encode(), parameters)
            found = await cursor.fetchone()
            if found is None:
                return Banning.NOBODY
            admin, banned = found
            if admin:
                return Banning.ADMIN
            await connection.execute(_BAN.encode(), parameters)
            act = "account.ban_changed" if banned else "account.banned"
            await record(connection, act, by=by, on=user, from_address=from_address)
            if not banned:
                await end_logins(connection, user, why="banned", at=at, address=from_address, by=by)
            return Banning.DONE

    async def unban(self, user: str, *, by: str, from_address: str) -> None:
        """Let a user in again; nothing happens if they aren't kept out."""
        async with lent(self._pool, transaction=True) as connection:
            cursor = await connection.execute(_UNBAN.encode(), {"account": uuid_of(user)})
            if await cursor.fetchone() is not None:
                await record(connection, "account.unbanned", by=by, on=user, from_address=from_address)

    async def bans(self, page: PageOf) -> list[BanRow]:
        """Who is kept out, the newest first."""
        at, last = page.edge or FIRST
        parameters = {"at": at, "key": uuid_of(last), "limit": page.limit}
        found = await rows(self._pool, _BANS_BACK if page.back else _BANS, parameters)
        return [
            BanRow(user=user_of(account), at=banned_at, reason=reason) for account, banned_at, reason in found
        ]
