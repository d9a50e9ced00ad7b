"""Logins and their refresh tokens.

Every method may raise PostgresError. Only digests of tokens reach it. Times are Unix milliseconds.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from msgspec import Struct

from actors.kind import Instant
from protocol.limits import REFRESH_GRACE_S
from storage.postgres.accounts.login_rows import NewLogin, begin_login, end_logins
from storage.postgres.accounts.notices import warn
from storage.postgres.driver.connection import TrioConnection
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import lent, rows
from storage.postgres.ids import user_of, uuid_of
from storage.postgres.outbox.mail import Template

_GRACE_MS: Final = int(REFRESH_GRACE_S * 1000)


class Rotation(Enum):
    """Why a refresh token wasn't exchanged."""

    UNKNOWN = auto()
    """There is no such token, or its login or account was ended."""
    EXPIRED = auto()
    REUSED = auto()
    """It was exchanged before: somebody has a copy. Its login is ended now, and its user told."""


class Exchange(Struct, frozen=True, kw_only=True):
    """A refresh token that is shown, and the one it is exchanged for."""

    digest: bytes
    next_digest: bytes
    """Of the token that this one is always exchanged for."""
    retry_digest: bytes | None
    """Of the key that tells the same client's second attempt from a thief's first."""
    at: Instant
    expires_at: Instant
    place: str


class Renewed(Struct, frozen=True, kw_only=True):
    """The login and user of a refresh token that was exchanged."""

    user: str
    login: str
    expires_at: Instant
    """When the next token expires."""


class LoginRow(Struct, frozen=True, kw_only=True):
    """A login that is still good."""

    login: str
    device: str
    place: str
    last_place: str
    created_at: Instant
    last_used_at: Instant


# Locks the login, so that two exchanges of one family take turns.
_FIND = """
select t.login, l.account, l.device,
       l.revoked_at is not null or a.deleted_at is not null or a.banned_at is not null
from refresh_token t join login l on l.id = t.login join account a on a.id = l.account
where t.hash = %(digest)s
for update of l
"""

# Read under the lock: whoever held it before may have used the token.
_SHOWN = """
select t.expires_at, t.used_at, t.retry_digest, next.expires_at, next.used_at
from refresh_token t left join refresh_token next on next.hash = %(next_digest)s
where t.hash = %(digest)s
"""

_ROTATE = """
with used as (
    update refresh_token set used_at = %(at)s, retry_digest = %(retry_digest)s where hash = %(digest)s
), forgotten as (
    delete from refresh_token where login = %(login)s and expires_at < %(at)s
), seen as (
    update login set last_used_at = %(at)s, last_place = %(place)s, expires_at = %(expires_at)s
    where id = %(login)s
)
insert into refresh_token (hash, login, issued_at, expires_at)
values (%(next_digest)s, %(login)s, %(at)s, %(expires_at)s)
"""

_LOCK_IF_SAME = """
select from account
where id = %(account)s and banned_at is null and password_hash is not distinct from %(password_hash)s
for no key update
"""

_BEGAN = "select created_at from login where id = %(login)s"

_LIST = """
select id, device, place, last_place, created_at, last_used_at from login
where account = %(account)s and revoked_at is null and expires_at > %(now)s
order by last_used_at desc, id
"""


class SignIns:
    """Reads and writes sign-ins."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(self, user: str, login: NewLogin, *, told: bool, password_hash: str | None) -> bool:
        """Keep another login of this user; ``told``: they get a notice.

        False if the account was banned meanwhile, or ``password_hash`` isn't its password's any more: what ended its
        logins would have missed this one.
        """
        parameters = {"account": uuid_of(user), "password_hash": password_hash}
        async with lent(self._pool, transaction=True) as connection:
            cursor = await connection.execute(_LOCK_IF_SAME, parameters)
            if await cursor.fetchone() is None:
                return False
            await begin_login(connection, user, login, told=told)
            return True

    async def rotate(self, shown: Exchange) -> Renewed | Rotation:
        """Exchange a refresh token for the next of its family.

        One that was exchanged is exchanged again, for the same, when it comes with the same retry key, within
        REFRESH_GRACE_S, while the next one wasn't used; otherwise its login ends.
        """
        async with lent(self._pool, transaction=True) as connection:
            cursor = await connection.execute(_FIND, {"digest": shown.digest})
            found = await cursor.fetchone()
            if found is None or found[3]:
                return Rotation.UNKNOWN
            login, account, device, _ = found
            user = user_of(account)
            cursor = await connection.execute(
                _SHOWN, {"digest": shown.digest, "next_digest": shown.next_digest}
            )
            token = await cursor.fetchone()
            if token is None:
                return Rotation.UNKNOWN
            expires_at, used_at, retry_digest, next_expires_at, next_used_at = token
            if used_at is not None:
                same = shown.retry_digest is not None and shown.retry_digest == retry_digest
                in_time = next_used_at is None and shown.at <= used_at + _GRACE_MS
                if same and in_time and next_expires_at is not None:
                    return Renewed(user=user, login=login.hex, expires_at=next_expires_at)
                await _end_family(connection, user, login.hex, device, shown)
                return Rotation.REUSED
            if expires_at <= shown.at:
                return Rotation.EXPIRED
            await connection.execute(
                _ROTATE,
                {
                    "digest": shown.digest,
                    "next_digest": shown.next_digest,
                    "retry_digest": shown.retry_digest,
                    "login": login,
                    "at": shown.at,
                    "expires_at": shown.expires_at,
                    "place": shown.place,
                },
            )
            return Renewed(user=user, login=login.hex, expires_at=shown.expires_at)

    async def of(self, user: str, now: Instant) -> list[LoginRow]:
        """The user's logins that are still good, the one used last first."""
        found = await rows(self._pool, _LIST, {"account": uuid_of(user), "now": now})
        return [
            LoginRow(
                login=login.hex,
                device=device,
                place=place,
                last_place=last_place,
                created_at=created_at,
                last_used_at=last_used_at,
            )
            for login, device, place, last_place, created_at, last_used_at in found
        ]

    async def began_at(self, login: str) -> Instant:
        """When a login began; 0 if there is none."""
        found = await rows(self._pool, _BEGAN, {"login": uuid_of(login)})
        return found[0][0] if found else 0

    async def end(self, user: str, login: str, *, at: Instant, address: str) -> bool:
        """End one login of this user; False if it isn't one or has ended."""
        async with lent(self._pool, transaction=True) as connection:
            return bool(
                await end_logins(connection, user, why="logout", at=at, address=address, only=[login])
            )

    async def end_all(self, user: str, *, keep: str | None, at: Instant, address: str) -> None:
        """End every login of this user, or all but ``keep``."""
        async with lent(self._pool, transaction=True) as connection:
            await end_logins(connection, user, why="logout", at=at, address=address, keep=keep)


async def _end_family(
    connection: TrioConnection, user: str, login: str, device: str, shown: Exchange
) -> None:
    await end_logins(
        connection, user, why="token_reused", at=shown.at, address=shown.place, by="system", only=[login]
    )
    await warn(
        connection, user, "token_reused", Template.TOKEN_REUSED, login=login, device=device or "unknown"
    )
