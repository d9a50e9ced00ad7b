"""Which tournaments were marked as rated, by admins or the game's own backend.

Every method may raise PostgresError. Times are Unix milliseconds.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from actors.kind import Instant
from actors.tournament.effects import RATINGS
from storage.postgres.audit_log import record
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import lent, rows
from storage.postgres.ids import uuid_of
from storage.postgres.outbox.jobs import add_job
from storage.postgres.tournaments.reading import VISIBLE


class MarkRow(Struct, frozen=True):
    """How a tournament stands with ratings."""

    marked: bool
    can_be_rated: bool
    """Whether it is of a game, and not for invited people."""


_THERE: Final = "select stream_id from tournament where stream_id = %(tournament)s"
_MARK: Final = """
insert into rated_tournament (stream_id, marked_at) values (%(tournament)s, %(at)s) on conflict do nothing
"""
_UNMARK: Final = "delete from rated_tournament where stream_id = %(tournament)s"
_ONE: Final = f"""
select exists (select from rated_tournament m where m.stream_id = t.stream_id),
    t.game is not null and t.visibility <> 'invited'
from stream s join tournament t on t.stream_id = s.id
where s.id = %(tournament)s and {VISIBLE}
"""  # noqa: S608


class RatedMarks:
    """Keeps and reads them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def set(self, tournament: str, *, rated: bool, by: str, address: str, at: Instant) -> bool:
        """Mark a tournament, or take the mark away; the ratings are told. False: there is no such tournament."""
        asked = {"tournament": uuid_of(tournament), "at": at}
        async with lent(self._pool, transaction=True) as connection:
            if await (await connection.execute(_THERE.encode(), asked)).fetchone() is None:
                return False
            changed = (await connection.execute((_MARK if rated else _UNMARK).encode(), asked)).rowcount
            if changed:
                act = "tournament.rated" if rated else "tournament.unrated"
                await record(connection, act, by=by, on=tournament, from_address=address)
                await add_job(connection, RATINGS, {"tournament": tournament})
            return True

    async def get(self, user: str, tournament: str) -> MarkRow | None:
        """How it stands; None if there is no such tournament, or the user may not see it."""
        found = await rows(self._pool, _ONE, {"user": user, "tournament": uuid_of(tournament)})
        return MarkRow(*found[0]) if found else None
