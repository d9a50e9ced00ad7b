"""Accounts, logins and refresh tokens.

Every method may raise PostgresError. Times are Unix milliseconds; users are ``user:32hex``.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto
from typing import Final
from uuid import UUID

from msgspec import Struct

from actors.kind import Instant
from storage.postgres.errors import DataRejected
from storage.postgres.pool import Pool
from storage.postgres.queries import execute, lent, rows

_UNIQUE_VIOLATION: Final = "23505"


class HandleTakenError(Exception):
    """Another account has this handle."""


class AccountRow(Struct, frozen=True, kw_only=True):
    """An account that isn't deleted."""

    user: str
    handle: str | None
    display_name: str
    password_hash: str | None
    created_at: Instant


class ProfileRow(Struct, frozen=True, kw_only=True):
    """What others may know of an account that isn't deleted."""

    user: str
    handle: str | None
    display_name: str


class NewLogin(Struct, frozen=True, kw_only=True):
    """A login that begins, with its first refresh token's digest."""

    login: str
    """32 hexadecimal digits."""
    device: str
    token_digest: bytes
    at: Instant
    token_expires_at: Instant


class Rotation(Enum):
    """Why a refresh token wasn't exchanged."""

    UNKNOWN = auto()
    """There is no such token, or its login or account was ended."""
    EXPIRED = auto()
    REUSED = auto()
    """It was exchanged before: somebody has a copy. Its login is revoked now."""


class Renewed(Struct, frozen=True, kw_only=True):
    """The login and user of a refresh token that was exchanged."""

    user: str
    login: str


_CREATE = """
with made as (
    insert into account (id, handle, display_name, password_hash, created_at)
    values (%(account)s, %(handle)s, %(display_name)s, %(password_hash)s, %(at)s)
    returning id
), entered as (
    insert into login (id, account, device, created_at, last_used_at)
    select %(login)s, id, %(device)s, %(at)s, %(at)s from made
)
insert into refresh_token (hash, login, issued_at, expires_at)
values (%(digest)s, %(login)s, %(at)s, %(expires_at)s)
"""

_ADD_LOGIN = """
with entered as (
    insert into login (id, account, device, created_at, last_used_at)
    values (%(login)s, %(account)s, %(device)s, %(at)s, %(at)s)
)
insert into refresh_token (hash, login, issued_at, expires_at)
values (%(digest)s, %(login)s, %(at)s, %(expires_at)s)
"""

_BY_HANDLE = """
select id, handle, display_name, password_hash, created_at from account
where lower(handle) = lower(%(handle)s) and deleted_at is null
"""

_BY_USER = """
select id, handle, display_name, password_hash, created_at from account
where id = %(account)s and deleted_at is null
"""

_PROFILES = """
select id, handle, display_name from account where id = any(%(accounts)s) and deleted_at is null
"""

# Locks the login, so that two exchanges of one family take turns.
_FIND = """
select t.login, l.account, t.expires_at, l.revoked_at is not null or a.deleted_at is not null
from refresh_token t join login l on l.id = t.login join account a on a.id = l.account
where t.hash = %(digest)s
for update of l
"""

_USED = "select used_at is not null from refresh_token where hash = %(digest)s"

_ROTATE = """
with used as (
    update refresh_token set used_at = %(at)s where hash = %(digest)s
), forgotten as (
    delete from refresh_token where login = %(login)s and expires_at < %(at)s
), seen as (
    update login set last_used_at = %(at)s where id = %(login)s
)
insert into refresh_token (hash, login, issued_at, expires_at)
values (%(next_digest)s, %(login)s, %(at)s, %(expires_at)s)
"""

_REVOKE = "update login set revoked_at = coalesce(revoked_at, %(at)s) where id = %(login)s"


class Accounts:
    """The repository. Only digests of refresh tokens reach it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def create(self, account: AccountRow, login: NewLogin) -> None:
        """Keep an account and its first login, both or neither. Raises HandleTakenError."""
        parameters = {
            **_login_parameters(account.user, login),
            "handle": account.handle,
            "display_name": account.display_name,
            "password_hash": account.password_hash,
        }
        try:
            await execute(self._pool, _CREATE, parameters)
        except DataRejected as error:
            if error.sqlstate == _UNIQUE_VIOLATION:
                raise HandleTakenError from None
            raise

    async def by_handle(self, handle: str) -> AccountRow | None:
        """The account of this handle, whatever its case."""
        return await self._one(_BY_HANDLE, handle=handle)

    async def by_user(self, user: str) -> AccountRow | None:
        """The account of this user."""
        return await self._one(_BY_USER, account=_uuid(user))

    async def profiles(self, users: Iterable[str]) -> list[ProfileRow]:
        """The profiles of those of these users that there are, each once, in no particular order."""
        found = await rows(self._pool, _PROFILES, {"accounts": [_uuid(user) for user in users]})
        return [
            ProfileRow(user=f"user:{account.hex}", handle=handle, display_name=display_name)
            for account, handle, display_name in found
        ]

    async def add_login(self, user: str, login: NewLogin) -> None:
        """Keep another login of this user."""
        await execute(self._pool, _ADD_LOGIN, _login_parameters(user, login))

    async def rotate(
        self, digest: bytes, *, next_digest: bytes, at: Instant, expires_at: Instant
    ) -> Renewed | Rotation:
        """Exchange a refresh token for the next of its family."""
        async with lent(self._pool, transaction=True) as connection:
            cursor = await connection.execute(_FIND, {"digest": digest})
            found = await cursor.fetchone()
            if found is None:
                return Rotation.UNKNOWN
            login, account, token_expires_at, ended = found
            if ended:
                return Rotation.UNKNOWN
            # Read again under the lock: whoever held it before may have used the token.
            cursor = await connection.execute(_USED, {"digest": digest})
            again = await cursor.fetchone()
            if again is None:
                return Rotation.UNKNOWN
            if again[0]:
                await connection.execute(_REVOKE, {"login": login, "at": at})
                return Rotation.REUSED
            if token_expires_at <= at:
                return Rotation.EXPIRED
            await connection.execute(
                _ROTATE,
                {
                    "digest": digest,
                    "next_digest": next_digest,
                    "login": login,
                    "at": at,
                    "expires_at": expires_at,
                },
            )
            return Renewed(user=f"user:{account.hex}", login=login.hex)

    async def revoke(self, login: str, at: Instant) -> None:
        """End a login: its refresh tokens are good no more. Ending it twice changes nothing."""
        await execute(self._pool, _REVOKE, {"login": UUID(hex=login), "at": at})

    async def _one(self, statement: str, **parameters: object) -> AccountRow | None:
        for account, handle, display_name, password_hash, created_at in await rows(
            self._pool, statement, parameters
        ):
            return AccountRow(
                user=f"user:{account.hex}",
                handle=handle,
                display_name=display_name,
                password_hash=password_hash,
                created_at=created_at,
            )
        return None


def _uuid(user: str) -> UUID:
    return UUID(hex=user.removeprefix("user:"))


def _login_parameters(user: str, login: NewLogin) -> dict[str, object]:
    return {
        "account": _uuid(user),
        "login": UUID(hex=login.login),
        "device": login.device,
        "digest": login.token_digest,
        "at": login.at,
        "expires_at": login.token_expires_at,
    }
