"""Lookup tables: values that other rows refer to by their key. Every change stands in the audit log, written with it.

Every method may raise PostgresError. The caller judges who may.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Any, Final

from msgspec import Struct

from actors.kind import Instant
from storage.postgres.audit_log import Settings, record
from storage.postgres.driver.connection import TrioConnection
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import lent, rows


class EntryRow(Struct, frozen=True):
    """An entry of a lookup table."""

    key: str
    name: str
    position: int
    retired_at: Instant | None


class NotAdded(Enum):
    """Why an entry wasn't added."""

    THERE = auto()
    """Its key is taken, be it in another case."""
    TOO_MANY = auto()


_ENTRIES: Final = """
select key, name, position, retired_at from lookup where list = %(list)s order by position, key
"""
# Additions take turns, so that together they keep to the limit. Readers wait for none.
_TURN: Final = "lock table lookup in share row exclusive mode"
_COUNT: Final = "select count(*), coalesce(max(position), 0) from lookup where list = %(list)s"
_ADD: Final = """
insert into lookup (list, key, name, position) values (%(list)s, %(key)s, %(name)s, %(position)s)
on conflict do nothing returning key, name, position, retired_at
"""
_FIND: Final = """
select key, name, position, retired_at from lookup where list = %(list)s and key = %(key)s for no key update
"""
_CHANGE: Final = """
update lookup set name = %(name)s, position = %(position)s, retired_at = %(retired_at)s
where list = %(list)s and key = %(key)s
"""


class Lookups:
    """Reads and writes lookup tables."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def entries(self, lookup: str) -> list[EntryRow]:
        """All entries of a table, retired ones too, by position."""
        return [EntryRow(*row) for row in await rows(self._pool, _ENTRIES, {"list": lookup})]

    async def add(
        self,
        lookup: str,
        key: str,
        *,
        name: str,
        position: int | None,
        entries_max: int,
        position_max: int,
        by: str,
        from_address: str,
    ) -> EntryRow | NotAdded:
        """Add an entry, at the end if no position is given."""
        parameters: dict[str, Any] = {"list": lookup, "key": key, "name": name}
        async with lent(self._pool, transaction=True) as connection:
            await connection.execute(_TURN.encode())
            counted = await (await connection.execute(_COUNT.encode(), parameters)).fetchone()
            count, last = counted or (0, 0)
            if count >= entries_max:
                return NotAdded.TOO_MANY
            parameters["position"] = min(last + 1, position_max) if position is None else position
            added = await (await connection.execute(_ADD.encode(), parameters)).fetchone()
            if added is None:
                return NotAdded.THERE
            entry = EntryRow(*added)
            await _noted(
                connection, "lookup.added", lookup, by, from_address, before=None, after=_told(entry)
            )
            return entry

    async def change(
        self,
        lookup: str,
        key: str,
        *,
        name: str | None,
        position: int | None,
        retired: bool | None,
        at: Instant,
        by: str,
        from_address: str,
    ) -> EntryRow | None:
        """Change what isn't None of an entry; how it is then, or None if there is none."""
        parameters: dict[str, Any] = {"list": lookup, "key": key}
        async with lent(self._pool, transaction=True) as connection:
            found = await (await connection.execute(_FIND.encode(), parameters)).fetchone()
            if found is None:
                return None
            was = EntryRow(*found)
            became = EntryRow(
                key=key,
                name=was.name if name is None else name,
                position=was.position if position is None else position,
                retired_at=_retired_at(was, retired, at),
            )
            if became != was:
                changed = {
                    "name": became.name,
                    "position": became.position,
                    "retired_at": became.retired_at,
                }
                await connection.execute(_CHANGE.encode(), parameters | changed)
                before, after = _told(was), _told(became)
                await _noted(
                    connection, "lookup.changed", lookup, by, from_address, before=before, after=after
                )
            return became


def _retired_at(was: EntryRow, retired: bool | None, at: Instant) -> Instant | None:
    """Since when it is retired; one that is retired again stays so since the first time."""
    if retired is None:
        return was.retired_at
    return (was.retired_at or at) if retired else None


def _told(entry: EntryRow) -> Settings:
    return {
        "key": entry.key,
        "name": entry.name,
        "position": entry.position,
        "retired": entry.retired_at is not None,
    }


async def _noted(
    connection: TrioConnection,
    act: str,
    lookup: str,
    by: str,
    from_address: str,
    *,
    before: Settings | None,
    after: Settings,
) -> None:
    subject = f"lookup:{lookup}"
    await record(connection, act, by=by, on=subject, from_address=from_address, before=before, after=after)
