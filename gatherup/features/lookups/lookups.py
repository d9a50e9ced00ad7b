"""Lookup tables: everybody reads them, and admins add, rename, move and retire entries."""

from __future__ import annotations

import re
from typing import Final, cast

from actors.ports.time import Clock
from gatherup.http.admins import Admins, require_admin
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.problem import ProblemError
from protocol import limits
from protocol.codes import Code
from protocol.http.lookups import ChangedLookupEntry, Lookup, LookupEntry, NewLookupEntry
from protocol.lookups import KEY_PATTERN, LOOKUPS, LookupTable
from storage.postgres.lookups.lookups import EntryRow, Lookups, NotAdded

GROUP: Final = "lookups"
ADMIN: Final = "/v1/admin/lookups/<lookup>"
_KEY: Final = re.compile(KEY_PATTERN)


class LookupsResource:
    """The tables, and their entries."""

    def __init__(self, lookups: Lookups, admins: Admins, clock: Clock) -> None:
        self._lookups = lookups
        self._admins = admins
        self._clock = clock

    @endpoint("GET", "/v1/lookups/<lookup>", answer=Lookup, anonymous=True, polled=True, group=GROUP)
    async def get(self, caller: Caller, lookup: str) -> Lookup:
        """Get a lookup table, whose keys others refer to. Retired entries are in it, for what refers to them."""
        name = _table(lookup)
        return Lookup(lookup=name, entries=[_entry(row) for row in await self._lookups.entries(name)])

    @endpoint(
        "POST",
        ADMIN,
        body=NewLookupEntry,
        answer=LookupEntry,
        status=201,
        refuses=(Code.FORBIDDEN, Code.ALREADY_EXISTS, Code.TOO_MANY),
        group=GROUP,
    )
    async def add(self, caller: Caller, lookup: str, body: NewLookupEntry) -> LookupEntry:
        """Add an entry to a lookup table, as an admin. It is never deleted: see to its key."""
        await require_admin(self._admins, caller)
        added = await self._lookups.add(
            _table(lookup),
            body.key,
            name=body.name,
            position=body.position,
            entries_max=limits.LOOKUP_ENTRIES_MAX,
            position_max=limits.LOOKUP_POSITION_MAX,
            by=caller.user,
            from_address=caller.address,
        )
        match added:
            case NotAdded.THERE:
                raise ProblemError(Code.ALREADY_EXISTS, "An entry has this key.", field="key")
            case NotAdded.TOO_MANY:
                raise ProblemError(Code.TOO_MANY, f"A table has at most {limits.LOOKUP_ENTRIES_MAX} entries.")
            case entry:
                return _entry(entry)

    @endpoint(
        "PATCH",
        ADMIN + "/<entry>",
        body=ChangedLookupEntry,
        answer=LookupEntry,
        refuses=(Code.FORBIDDEN,),
        group=GROUP,
    )
    async def change(self, caller: Caller, lookup: str, entry: str, body: ChangedLookupEntry) -> LookupEntry:
        """Rename, move, retire or bring back an entry of a lookup table, as an admin."""
        await require_admin(self._admins, caller)
        if not _KEY.search(entry):
            raise ProblemError(Code.NOT_FOUND)
        found = await self._lookups.change(
            _table(lookup),
            entry,
            name=body.name,
            position=body.position,
            retired=body.retired,
            at=self._clock.now(),
            by=caller.user,
            from_address=caller.address,
        )
        if found is None:
            raise ProblemError(Code.NOT_FOUND)
        return _entry(found)


def _table(lookup: str) -> LookupTable:
    """A table's name from the path. Raises ProblemError."""
    if lookup not in LOOKUPS:
        raise ProblemError(Code.NOT_FOUND)
    return cast(LookupTable, lookup)


def _entry(row: EntryRow) -> LookupEntry:
    return LookupEntry(key=row.key, name=row.name, position=row.position, retired=row.retired_at is not None)
