"""When people were here last, as their accounts keep it."""

from __future__ import annotations

from collections.abc import Mapping

from actors.kind import Instant
from actors.ports.log import LogUnavailableError
from storage.postgres.driver.errors import PostgresError
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import execute
from storage.postgres.ids import uuid_of

# All nodes write the rows in one order, so that they wait for one another and never deadlock.
_KEEP = """
with locked as (
    select a.id, q.at from unnest(%(users)s::uuid[], %(ats)s::bigint[]) q(id, at)
    join account a on a.id = q.id order by a.id for no key update of a
)
update account a set last_seen_at = l.at from locked l
where a.id = l.id and (a.last_seen_at is null or a.last_seen_at < l.at)
"""


class PostgresLastSeen:
    """Reads and writes when people were last seen."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def keep(self, seen: Mapping[str, Instant]) -> None:
        """Keep when these users were here; never goes back. Raises LogUnavailableError."""
        users = [uuid_of(user) for user in seen]
        try:
            await execute(self._pool, _KEEP, {"users": users, "ats": list(seen.values())})
        except PostgresError as error:
            raise LogUnavailableError(str(error)) from error
