"""Which matches of somebody collide: two that they would have to play at the same time.

Every method may raise PostgresError. Times are Unix milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from actors.kind import Instant
from protocol.tournament import KIND as TOURNAMENT
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import rows
from storage.postgres.ids import stream_of, uuid_of
from storage.postgres.tournaments.reading import VOID

NAMED_MAX: Final = 10
"""Of more that collide with one match, so many are named."""
_COLLIDING: Final = f"""
with own as (
    select p.stream_id, case when m.phase = 'scheduled' then m.until else %(now)s end as at
    from tournament_player p
    join tournament t on t.stream_id = p.stream_id and t.phase = 'running' and t.deleted_at is null
    join tournament_match m on m.stream_id = p.stream_id and m.phase <> 'done' and p.entrant in (m.a, m.b)
        and m.phase in ('open', 'picking', 'playing', 'scheduled') and not m.held and not {VOID}
    where p.user_id = %(user)s and p.role = 'player'
        and (%(gathering)s::text is null or t.gathering = %(gathering)s)
)
select a.stream_id, (
    select array_agg(b.stream_id order by b.at, b.stream_id) from (
        select stream_id, at from own
        where stream_id <> a.stream_id and abs(at - a.at) < %(window)s order by at, stream_id limit %(named)s
    ) b
)
from own a where a.stream_id = any(%(tournaments)s)
"""  # noqa: S608


class Collisions:
    """Reads them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of(
        self,
        user: str,
        tournaments: Sequence[str],
        *,
        gathering: str | None = None,
        now: Instant,
        window_ms: int,
    ) -> dict[str, list[str]]:
        """For each of these tournaments the others whose matches of the user collide with theirs.

        What is open is played now; what is put off at its time. They collide if these are less than ``window_ms``
        apart. A match that staff hold collides with nothing. Of a gathering only its own tournaments are told.
        """
        if not tournaments:
            return {}
        parameters = {
            "user": user,
            "gathering": gathering,
            "now": now,
            "window": window_ms,
            "named": NAMED_MAX,
            "tournaments": [uuid_of(tournament) for tournament in tournaments],
        }
        return {
            stream_of(TOURNAMENT, tournament): [stream_of(TOURNAMENT, other) for other in others or ()]
            for tournament, others in await rows(self._pool, _COLLIDING, parameters)
        }
