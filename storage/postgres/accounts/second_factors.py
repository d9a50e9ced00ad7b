"""Second factors and recovery codes. Methods may raise PostgresError. Times are Unix milliseconds."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from actors.kind import Instant
from storage.postgres.accounts.notices import warn
from storage.postgres.audit_log import record
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import lent, rows
from storage.postgres.ids import uuid_of
from storage.postgres.outbox.mail import Template

_GET = "select secret, confirmed_at is not null from second_factor where account = %(account)s"

_BEGIN = """
insert into second_factor (account, secret, last_step) values (%(account)s, %(secret)s, 0)
on conflict (account) do update set secret = excluded.secret, last_step = 0
where second_factor.confirmed_at is null
returning 1
"""

_CONFIRM = """
update second_factor set confirmed_at = %(at)s, last_step = %(step)s
where account = %(account)s and confirmed_at is null and secret = %(secret)s
returning 1
"""

_KEEP_CODES = """
insert into recovery_code (account, digest) select %(account)s, digest from unnest(%(digests)s::bytea[]) digest
"""

_TAKE_STEP = """
update second_factor set last_step = %(step)s
where account = %(account)s and confirmed_at is not null and last_step < %(step)s
returning 1
"""

_TAKE_CODE = "delete from recovery_code where account = %(account)s and digest = %(digest)s returning 1"
_LEFT = "select count(*) from recovery_code where account = %(account)s"

_DROP_CODES = "delete from recovery_code where account = %(account)s"
_DROP = "delete from second_factor where account = %(account)s returning confirmed_at"


class FactorRow(Struct, frozen=True):
    """A second factor: its sealed secret, and whether signing in asks for it."""

    secret: bytes
    confirmed: bool


class SecondFactors:
    """Reads and writes second factors."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of(self, user: str) -> FactorRow | None:
        """The user's second factor."""
        for secret, confirmed in await rows(self._pool, _GET, {"account": uuid_of(user)}):
            return FactorRow(bytes(secret), confirmed)
        return None

    async def begin(self, user: str, secret: bytes) -> bool:
        """Keep a secret that isn't asked for yet; False if one is asked for."""
        return bool(await rows(self._pool, _BEGIN, {"account": uuid_of(user), "secret": secret}))

    async def confirm(
        self, user: str, secret: bytes, digests: Sequence[bytes], *, step: int, at: Instant, address: str
    ) -> bool:
        """Ask for this secret's codes from now on; False if that isn't what waits for its first code."""
        account = uuid_of(user)
        async with lent(self._pool, transaction=True) as connection:
            cursor = await connection.execute(
                _CONFIRM, {"account": account, "secret": secret, "step": step, "at": at}
            )
            if await cursor.fetchone() is None:
                return False
            await connection.execute(_DROP_CODES, {"account": account})
            await connection.execute(_KEEP_CODES, {"account": account, "digests": list(digests)})
            await record(connection, "second_factor.on", by=user, on=user, from_address=address)
            await warn(connection, user, "second_factor_on", Template.SECOND_FACTOR_ON)
            return True

    async def take_step(self, user: str, step: int) -> bool:
        """Use up the code of this time step; False if it, or a later one, was used."""
        return bool(await rows(self._pool, _TAKE_STEP, {"account": uuid_of(user), "step": step}))

    async def take_recovery_code(self, user: str, digest: bytes, *, address: str) -> bool:
        """Use up a recovery code; False if it isn't one of the user's."""
        account = uuid_of(user)
        async with lent(self._pool, transaction=True) as connection:
            cursor = await connection.execute(_TAKE_CODE, {"account": account, "digest": digest})
            if await cursor.fetchone() is None:
                return False
            cursor = await connection.execute(_LEFT, {"account": account})
            left = await cursor.fetchone()
            await record(connection, "recovery_code.used", by=user, on=user, from_address=address)
            await warn(
                connection,
                user,
                "recovery_code_used",
                Template.RECOVERY_CODE_USED,
                left=str(left[0] if left is not None else 0),
            )
            return True

    async def drop(self, user: str, *, address: str) -> None:
        """Ask for no code any more."""
        account = uuid_of(user)
        async with lent(self._pool, transaction=True) as connection:
            await connection.execute(_DROP_CODES, {"account": account})
            cursor = await connection.execute(_DROP, {"account": account})
            dropped = await cursor.fetchone()
            if dropped is not None and dropped[0] is not None:
                await record(connection, "second_factor.off", by=user, on=user, from_address=address)
                await warn(connection, user, "second_factor_off", Template.SECOND_FACTOR_OFF)
