"""The log of a tournament, as far as somebody may see it: headers alone.

May raise PostgresError.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from storage.postgres.driver.pool import Pool
from storage.postgres.ids import uuid_of
from storage.postgres.tournaments.reading import Read, part_of, read_part

_HEADERS: Final = part_of(
    """
select e.seq as key, e.seq, e.header from event e
where e.stream_id = s.id and e.seq > %(after)s and e.seq <= %(until)s
order by e.seq limit %(limit)s
"""
)


class HeaderRow(Struct, frozen=True):
    """An event, without its payload."""

    seq: int
    header: bytes


class History:
    """Reads logs. Whoever may not see the tournament gets None."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def page(
        self, user: str, tournament: str, *, after: int, until: int, limit: int
    ) -> Read[HeaderRow] | None:
        """The first events after a seq, up to another one, in order."""
        parameters = {
            "user": user,
            "tournament": uuid_of(tournament),
            "after": after,
            "until": until,
            "limit": limit,
        }
        return await read_part(self._pool, _HEADERS, parameters, HeaderRow)
