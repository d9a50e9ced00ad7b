"""Accounts: who there is, and how they may sign in.

Every method may raise PostgresError. Times are Unix milliseconds; users are ``user:32hex``.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from actors.kind import Instant
from protocol.handles import folded
from storage.postgres.accounts.credentials import MailedCode, mail_verification
from storage.postgres.accounts.login_rows import NewLogin, begin_login
from storage.postgres.audit_log import record
from storage.postgres.driver.errors import DataRejected
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import lent, rows
from storage.postgres.ids import user_of, uuid_of
from storage.postgres.integrations.webhooks import announce

_UNIQUE_VIOLATION: Final = "23505"


class HandleTakenError(Exception):
    """Another account has this handle, or one that looks like it."""


class HandleRow(Struct, frozen=True):
    """A handle in the forms that are kept, see actors.text.handles."""

    text: str
    folded: str
    skeleton: str


class NewAccount(Struct, frozen=True, kw_only=True):
    """An account that begins."""

    user: str
    handle: HandleRow | None
    display_name: str
    password_hash: str | None
    device_digest: bytes | None = None
    identity: tuple[str, str] | None = None
    """Issuer and subject, for who comes from an OpenID provider."""
    created_at: Instant


class AccountRow(Struct, frozen=True, kw_only=True):
    """An account that may sign in, or could if it weren't banned."""

    user: str
    handle: str | None
    display_name: str
    password_hash: str | None
    email: str | None
    created_at: Instant
    banned: bool
    admin: bool
    second_factor: bool
    issuers: list[str]
    """Of the identities that it is linked to."""


_CREATE = """
insert into account (
    id, handle, handle_folded, handle_skeleton, display_name, password_hash, device_digest, created_at
) values (
    %(account)s, %(handle)s, %(folded)s, %(skeleton)s, %(display_name)s, %(password_hash)s, %(device_digest)s, %(at)s
)
"""

_LINK = """
insert into identity (issuer, subject, account, linked_at)
values (%(issuer)s, %(subject)s, %(account)s, %(at)s)
"""

_UPGRADE = """
update account
set handle = %(handle)s, handle_folded = %(folded)s, handle_skeleton = %(skeleton)s,
    password_hash = %(password_hash)s, device_digest = null
where id = %(account)s and handle is null and password_hash is null and deleted_at is null
returning 1
"""

_RENEW_HASH = """
update account set password_hash = %(password_hash)s where id = %(account)s and password_hash = %(was)s
returning 1
"""

# Who deleted their account may still sign in, and so keep it, until it is erased.
_ACCOUNT = """
select a.id, a.handle, a.display_name, a.password_hash, a.email, a.created_at, a.banned_at is not null, a.admin,
       exists (select from second_factor f where f.account = a.id and f.confirmed_at is not null),
       array(select i.issuer from identity i where i.account = a.id order by i.issuer)
from account a
where (a.deleted_at is null or a.erase_at > %(now)s) and """

_BY_HANDLE = _ACCOUNT + "a.handle_folded = %(name)s"
_BY_EMAIL = _ACCOUNT + "a.email = %(name)s"
_BY_USER = _ACCOUNT + "a.id = %(name)s"
_BY_DEVICE = _ACCOUNT + "a.device_digest = %(name)s"
_BY_IDENTITY = (
    _ACCOUNT  # noqa: S608 - literals
    + "a.id = (select account from identity where (issuer, subject) = (%(name)s, %(subject)s))"
)


class Accounts:
    """Reads and writes accounts."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def create(self, account: NewAccount, login: NewLogin, mailed: MailedCode | None = None) -> None:
        """Keep an account and its first login, both or neither, and have a code mailed that verifies an address.

        Raises HandleTakenError, DataRejected.
        """
        handle = account.handle
        parameters: dict[str, Any] = {
            "account": uuid_of(account.user),
            "handle": handle and handle.text,
            "folded": handle and handle.folded,
            "skeleton": handle and handle.skeleton,
            "display_name": account.display_name,
            "password_hash": account.password_hash,
            "device_digest": account.device_digest,
            "at": account.created_at,
        }
        try:
            async with lent(self._pool, transaction=True) as connection:
                await connection.execute(_CREATE, parameters)
                if account.identity is not None:
                    issuer, subject = account.identity
                    await connection.execute(_LINK, {**parameters, "issuer": issuer, "subject": subject})
                await begin_login(connection, account.user, login)
                await announce(connection, "account.created", {"user": account.user}, at=account.created_at)
                if mailed is not None:
                    await mail_verification(connection, account.user, mailed)
        except DataRejected as error:
            if error.sqlstate == _UNIQUE_VIOLATION and handle is not None:
                raise HandleTakenError from None
            raise

    async def upgrade(
        self,
        user: str,
        handle: HandleRow,
        password_hash: str,
        *,
        address: str,
        mailed: MailedCode | None,
    ) -> bool:
        """Give a guest account a handle and a password; False if it isn't a guest. Its device secret stops working.
        Raises HandleTakenError.
        """
        parameters = {
            "account": uuid_of(user),
            "handle": handle.text,
            "folded": handle.folded,
            "skeleton": handle.skeleton,
            "password_hash": password_hash,
        }
        try:
            async with lent(self._pool, transaction=True) as connection:
                cursor = await connection.execute(_UPGRADE, parameters)
                if await cursor.fetchone() is None:
                    return False
                await record(connection, "account.upgraded", by=user, on=user, from_address=address)
                if mailed is not None:
                    await mail_verification(connection, user, mailed)
                return True
        except DataRejected as error:
            if error.sqlstate == _UNIQUE_VIOLATION:
                raise HandleTakenError from None
            raise

    async def renew_hash(self, user: str, password_hash: str, *, was: str) -> None:
        """Keep another hash of the same password, unless the password was changed meanwhile."""
        given = {"account": uuid_of(user), "password_hash": password_hash, "was": was}
        await rows(self._pool, _RENEW_HASH, given)

    async def by_name(self, name: str, now: Instant) -> AccountRow | None:
        """The account of this handle or e-mail address, whatever its case."""
        if "@" in name:
            return await self._one(_BY_EMAIL, name.lower(), now)
        return await self._one(_BY_HANDLE, folded(name), now)

    async def by_user(self, user: str, now: Instant) -> AccountRow | None:
        """The account of this user."""
        return await self._one(_BY_USER, uuid_of(user), now)

    async def by_device(self, digest: bytes, now: Instant) -> AccountRow | None:
        """The guest account with this device secret."""
        return await self._one(_BY_DEVICE, digest, now)

    async def by_identity(self, issuer: str, subject: str, now: Instant) -> AccountRow | None:
        """The account that is linked to this identity."""
        return await self._one(_BY_IDENTITY, issuer, now, subject=subject)

    async def _one(self, statement: str, name: object, now: Instant, **more: object) -> AccountRow | None:
        for row in await rows(self._pool, statement, {"name": name, "now": now, **more}):
            (
                account,
                handle,
                display_name,
                password_hash,
                email,
                created_at,
                banned,
                admin,
                factor,
                issuers,
            ) = row
            return AccountRow(
                user=user_of(account),
                handle=handle,
                display_name=display_name,
                password_hash=password_hash,
                email=email,
                created_at=created_at,
                banned=banned,
                admin=admin,
                second_factor=factor,
                issuers=list(issuers),
            )
        return None
