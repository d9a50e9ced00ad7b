"""Jobs that are old: those that no node took, and dead ones. Methods may raise PostgresError."""

from __future__ import annotations

from typing import Final

from actors.kind import Instant
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import rows

LEFT: Final = "No node took it for long."

_BURY_LEFT: Final = """
with left_alone as (
    select id from job where dead_at is null and next_attempt_at < to_timestamp(%(before)s / 1000.0)
    limit %(rows)s for update skip locked
), buried as (
    update job set dead_at = now(), last_error = %(error)s
    from left_alone where job.id = left_alone.id returning 1
)
select count(*) from buried
"""

_DELETE_DEAD: Final = """
with old as (
    select id from job where dead_at < to_timestamp(%(before)s / 1000.0)
    limit %(rows)s for update skip locked
), gone as (
    delete from job using old where job.id = old.id returning 1
)
select count(*) from gone
"""


class OldJobs:
    """The repository."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def bury_left(self, before: Instant, rows_max: int) -> int:
        """Make dead jobs of at most ``rows_max`` that were due before this and that no node took; how many."""
        parameters = {"before": before, "rows": rows_max, "error": LEFT}
        ((buried,),) = await rows(self._pool, _BURY_LEFT, parameters)
        return buried

    async def delete_dead(self, before: Instant, rows_max: int) -> int:
        """Delete at most ``rows_max`` jobs that were dead before this; how many."""
        ((gone,),) = await rows(self._pool, _DELETE_DEAD, {"before": before, "rows": rows_max})
        return gone
