"""The audit log: privileged and security acts, who did them, on whom, from where.

It is only ever added to, but addresses end with the account whose they are, and entries after their time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec import Struct

from actors.kind import Instant
from protocol.ids import SYSTEM
from storage.postgres.driver.connection import TrioConnection
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import execute, lent, rows

Settings = Mapping[str, str | int | bool | None]
"""What an act changed, as ids and settings: never a secret, nor anything a person wrote."""

_RECORD = """
insert into audit_log (act, actor, subject, address, before, after)
values (%(act)s, %(by)s, %(on)s, %(from_address)s, %(before)s::text::jsonb, %(after)s::text::jsonb)
"""


async def record(
    connection: TrioConnection,
    act: str,
    *,
    by: str,
    on: str | None = None,
    from_address: str | None = None,
    before: Settings | None = None,
    after: Settings | None = None,
) -> None:
    """Note an act (``area.verb``) in the transaction that does it: both or neither.

    ``by`` is an author's id, ``on`` the id of what it was done to. Raises psycopg.Error, like any statement in the
    caller's block.
    """
    await connection.execute(
        _RECORD.encode(),
        {
            "act": act,
            "by": by,
            "on": on,
            "from_address": from_address,
            "before": _json(before),
            "after": _json(after),
        },
    )


# What the server notes of an account, such as a wrong password, comes from its owner as far as anybody knows.
_ERASE_ADDRESSES = """
update audit_log set address = null
where address is not null and (actor = %(user)s or (actor = %(system)s and subject = %(user)s))
"""


async def erase_addresses(connection: TrioConnection, user: str) -> None:
    """An ``Eraser``: from where a person acted."""
    await connection.execute(_ERASE_ADDRESSES.encode(), {"user": user, "system": SYSTEM})


def _json(settings: Settings | None) -> str | None:
    return None if settings is None else msgspec.json.encode(settings).decode()


class AuditRow(Struct, frozen=True, kw_only=True):
    """One act."""

    id: int
    at: datetime
    act: str
    by: str
    on: str | None
    from_address: str | None
    before: Settings | None
    after: Settings | None


class AuditFilter(Struct, frozen=True, kw_only=True):
    """Which acts; None for any."""

    act: str | None = None
    by: str | None = None
    on: str | None = None


# A job runs again if its node ended after this was committed.
_NOTE_ONCE = """
insert into audit_log (at, act, actor, subject, after)
select to_timestamp(%(at)s / 1000.0), %(act)s, %(by)s, %(on)s, %(after)s::text::jsonb
where not exists (
    select from audit_log where subject = %(on)s and act = %(act)s and after = %(after)s::text::jsonb
)
"""

_MATCHING = """
select id, at, act, actor, subject, address, before, after from audit_log
where id > %(after)s and id < %(before)s
  and (%(act)s::text is null or act = %(act)s)
  and (%(by)s::text is null or actor = %(by)s)
  and (%(on)s::text is null or subject = %(on)s)
order by id """

_OLDEST_FIRST = _MATCHING + "limit %(limit)s"
_NEWEST_FIRST = _MATCHING + "desc limit %(limit)s"
_ID_END = 2**62

# The oldest have the lowest ids: younger ones aren't looked at.
_DELETE = """
with oldest as (
    select id, at from audit_log order by id limit %(rows)s
), gone as (
    delete from audit_log a using oldest o
    where a.id = o.id and o.at < to_timestamp(%(before)s / 1000.0) returning 1
)
select count(*) from gone
"""


class AuditLog:
    """The repository, for who may read it. Methods may raise PostgresError."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def note(
        self, act: str, *, by: str, on: str, address: str, after: dict[str, str] | None = None
    ) -> None:
        """Note what somebody is about to do in a stream: its actor does it, in a transaction of its own."""
        async with lent(self._pool, transaction=True) as connection:
            await record(connection, act, by=by, on=on, from_address=address, after=after)

    async def note_once(self, act: str, *, at: Instant, by: str, on: str, after: Settings) -> None:
        """Note an act of the past, which ``after`` tells from every other one; a repeat changes nothing."""
        parameters = {"act": act, "at": at, "by": by, "on": on, "after": _json(after)}
        await execute(self._pool, _NOTE_ONCE, parameters)

    async def delete(self, before: Instant, rows_max: int) -> int:
        """Delete at most ``rows_max`` acts that are older than this; how many. The database refuses young ones."""
        ((gone,),) = await rows(self._pool, _DELETE, {"before": before, "rows": rows_max})
        return gone

    async def page(
        self, matching: AuditFilter, *, before: int | None, after: int | None, limit: int
    ) -> list[AuditRow]:
        """Acts, the newest first: those right after the id ``after``, else the newest before ``before``."""
        parameters = {
            "act": matching.act,
            "by": matching.by,
            "on": matching.on,
            "before": before or _ID_END,
            "after": after or 0,
            "limit": limit,
        }
        found = [
            AuditRow(id=number, at=at, act=act, by=by, on=on, from_address=address, before=was, after=became)
            for number, at, act, by, on, address, was, became in await rows(
                self._pool, _NEWEST_FIRST if after is None else _OLDEST_FIRST, parameters
            )
        ]
        return found if after is None else found[::-1]
