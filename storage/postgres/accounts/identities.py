"""Which identities at OpenID providers belong to which account. Methods may raise PostgresError."""

from __future__ import annotations

from typing import Final

from actors.kind import Instant
from storage.postgres.audit_log import record
from storage.postgres.driver.errors import DataRejected
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import lent
from storage.postgres.ids import uuid_of

_UNIQUE_VIOLATION: Final = "23505"

_LINK = """
insert into identity (issuer, subject, account, linked_at)
values (%(issuer)s, %(subject)s, %(account)s, %(at)s)
"""

# The account is locked, so that two can't each take away what the other counted on.
_LOCK = "select password_hash is not null from account where id = %(account)s for update"
_OTHERS = "select count(*) from identity where account = %(account)s and issuer <> %(issuer)s"
_UNLINK = "delete from identity where account = %(account)s and issuer = %(issuer)s returning 1"


class IdentityTakenError(Exception):
    """The identity is linked to an account, or the account to an identity of this issuer."""


class LastWayInError(Exception):
    """Without this identity nobody could sign in to the account any more."""


class Identities:
    """The repository. ``Accounts.by_identity`` finds whose one is."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def link(self, user: str, issuer: str, subject: str, *, at: Instant, address: str) -> None:
        """Let who is this subject at the issuer sign in as this user. Raises IdentityTakenError."""
        parameters = {"account": uuid_of(user), "issuer": issuer, "subject": subject, "at": at}
        try:
            async with lent(self._pool, transaction=True) as connection:
                await connection.execute(_LINK, parameters)
                await record(
                    connection,
                    "identity.linked",
                    by=user,
                    on=user,
                    from_address=address,
                    after={"issuer": issuer},
                )
        except DataRejected as error:
            if error.sqlstate == _UNIQUE_VIOLATION:
                raise IdentityTakenError from None
            raise

    async def unlink(self, user: str, issuer: str, *, address: str) -> bool:
        """Let nobody of this issuer sign in as this user; False if nobody could. Raises LastWayInError."""
        parameters = {"account": uuid_of(user), "issuer": issuer}
        async with lent(self._pool, transaction=True) as connection:
            cursor = await connection.execute(_LOCK, parameters)
            account = await cursor.fetchone()
            cursor = await connection.execute(_OTHERS, parameters)
            others = await cursor.fetchone()
            cursor = await connection.execute(_UNLINK, parameters)
            if await cursor.fetchone() is None:
                return False
            if not (account and account[0]) and not (others and others[0]):
                raise LastWayInError
            await record(
                connection,
                "identity.unlinked",
                by=user,
                on=user,
                from_address=address,
                before={"issuer": issuer},
            )
            return True
