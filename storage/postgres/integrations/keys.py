"""API keys. Only digests of their secrets reach this. Methods may raise PostgresError.

Ids are 32 hexadecimal digits, times Unix milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from actors.kind import Instant
from storage.postgres.audit_log import record
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import execute, lent, rows
from storage.postgres.ids import uuid_of


class TooManyKeysError(Exception):
    """There are as many keys as may be good at a time."""


class KeyRow(Struct, frozen=True, kw_only=True):
    """A key."""

    id: str
    name: str
    secret_hash: bytes
    scopes: list[str]
    created_by: str
    created_at: Instant
    expires_at: Instant | None
    last_used_at: Instant | None
    revoked_at: Instant | None


_COLUMNS: Final = (
    "id, name, secret_hash, scopes, created_by, created_at, expires_at, last_used_at, revoked_at"
)
_ONE = f"select {_COLUMNS} from api_key where id = %(id)s"  # noqa: S608 - a constant
_ALL = f"select {_COLUMNS} from api_key order by created_at desc, id"  # noqa: S608 - a constant

_LOCK = "lock table api_key in share row exclusive mode"
_GOOD = """
select count(*) from api_key where revoked_at is null and (expires_at is null or expires_at > %(at)s)
"""
_INSERT = """
insert into api_key (id, name, secret_hash, scopes, created_by, created_at, expires_at)
values (%(id)s, %(name)s, %(secret_hash)s, %(scopes)s, %(created_by)s, %(created_at)s, %(expires_at)s)
"""
_REVOKE = "update api_key set revoked_at = %(at)s where id = %(id)s and revoked_at is null returning id"
_DELETE_ENDED = """
with old as (
    select id from api_key where least(revoked_at, expires_at) < %(before)s limit %(rows)s for update skip locked
), gone as (
    delete from api_key k using old where k.id = old.id returning 1
)
select count(*) from gone
"""
_USED = "update api_key set last_used_at = %(at)s where id = %(id)s"


class ApiKeys:
    """The repository. Making and revoking is noted in the audit log."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def get(self, key: str) -> KeyRow | None:
        """The key of this id, whether it is still good or not."""
        found = await rows(self._pool, _ONE, {"id": uuid_of(key)})
        return _key(*found[0]) if found else None

    async def all(self) -> list[KeyRow]:
        """All keys, the newest first."""
        return [_key(*row) for row in await rows(self._pool, _ALL, {})]

    async def delete_ended(self, before: Instant, rows_max: int) -> int:
        """Delete at most ``rows_max`` keys that were revoked or have expired before this; how many."""
        ((gone,),) = await rows(self._pool, _DELETE_ENDED, {"before": before, "rows": rows_max})
        return gone

    async def add(self, key: KeyRow, *, address: str | None, most: int) -> None:
        """Keep a new key. Raises TooManyKeysError beyond ``most`` good ones."""
        parameters = {
            "id": uuid_of(key.id),
            "name": key.name,
            "secret_hash": key.secret_hash,
            "scopes": key.scopes,
            "created_by": key.created_by,
            "created_at": key.created_at,
            "expires_at": key.expires_at,
        }
        async with lent(self._pool, transaction=True) as connection:
            await connection.execute(_LOCK)
            cursor = await connection.execute(_GOOD, {"at": key.created_at})
            if ((await cursor.fetchone()) or (0,))[0] >= most:
                raise TooManyKeysError
            await connection.execute(_INSERT, parameters)
            after = {"scopes": " ".join(key.scopes), "expires_at": key.expires_at}
            await record(
                connection,
                "key.create",
                by=key.created_by,
                on=f"key:{key.id}",
                from_address=address,
                after=after,
            )

    async def revoke(self, key: str, *, by: str, address: str | None, at: Instant) -> bool:
        """End a key. False if there is none that hasn't been ended."""
        async with lent(self._pool, transaction=True) as connection:
            cursor = await connection.execute(_REVOKE, {"id": uuid_of(key), "at": at})
            if await cursor.fetchone() is None:
                return False
            await record(connection, "key.revoke", by=by, on=f"key:{key}", from_address=address)
            return True

    async def used(self, key: str, at: Instant) -> None:
        """Note when a key was used."""
        await execute(self._pool, _USED, {"id": uuid_of(key), "at": at})


def _key(
    key: UUID,
    name: str,
    secret_hash: bytes,
    scopes: Sequence[str],
    created_by: str,
    created_at: int,
    expires_at: int | None,
    last_used_at: int | None,
    revoked_at: int | None,
) -> KeyRow:
    return KeyRow(
        id=key.hex,
        name=name,
        secret_hash=bytes(secret_hash),
        scopes=list(scopes),
        created_by=created_by,
        created_at=created_at,
        expires_at=expires_at,
        last_used_at=last_used_at,
        revoked_at=revoked_at,
    )
