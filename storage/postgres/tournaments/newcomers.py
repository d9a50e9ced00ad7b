"""Those whom a file of entrants names: who they are, and why they couldn't be entered.

May raise PostgresError.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from msgspec import Struct

from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import rows
from storage.postgres.ids import user_of, uuid_of


class NewcomerRow(Struct, frozen=True):
    """A user whom somebody wants to enter."""

    user: str
    handle: str | None
    """As it is compared with others."""
    blocks: bool
    """Whether they have blocked the one who asks."""
    entered: bool
    """Whether they ask to take part in the tournament, or do."""


_FOUND: Final = """
select a.id, a.handle_folded,
    exists (select from person_block b where b.account = a.id and b.blocked = %(me)s),
    exists (
        select from tournament t
        join tournament_player p on p.stream_id = t.stream_id and p.role = 'player'
            and p.user_id = 'user:' || replace(a.id::text, '-', '')
        join tournament_entrant e on e.stream_id = t.stream_id and e.number = p.entrant
            and e.status in ('entered', 'pending', 'waiting')
        where t.stream_id = %(tournament)s
            and (t.started_at is null or e.number = any(t.seeds) or e.late_seed is not null)
    )
from account a
where (a.id = any(%(accounts)s) or a.handle_folded = any(%(handles)s)) and a.deleted_at is null
"""
_COUNT: Final = "select count(*) from tournament_entrant where stream_id = %(tournament)s"


class Newcomers:
    """Finds users by ids and handles."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def found(
        self, me: str, tournament: str, users: Collection[str], handles: Collection[str]
    ) -> list[NewcomerRow]:
        """Those of these users, or with these handles in the form in which they are compared, that there are."""
        parameters = {
            "me": uuid_of(me),
            "tournament": uuid_of(tournament),
            "accounts": [*map(uuid_of, users)],
            "handles": [*handles],
        }
        read = await rows(self._pool, _FOUND, parameters)
        return [NewcomerRow(user_of(account), *rest) for account, *rest in read]

    async def count(self, tournament: str) -> int:
        """How many entrants it has, with those who have left."""
        ((count,),) = await rows(self._pool, _COUNT, {"tournament": uuid_of(tournament)})
        return count
