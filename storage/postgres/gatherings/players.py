"""Players of gatherings: the rows that their events wrote. May raise PostgresError."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from protocol.limits import SEQ_MAX
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import rows
from storage.postgres.ids import uuid_of
from storage.postgres.streams.visible import VISIBLE
from storage.postgres.tournaments.reading import Head


class PlayerRow(Struct, frozen=True):
    """A player."""

    number: int
    user: str
    status: str
    checked_in: bool
    tournaments: list[str]
    """The competitions that they have chosen and that are still some of it."""
    reason: str | None
    """Why they were removed."""


class PlayersRead(Struct, frozen=True):
    """Players, and where the log stood as they were read."""

    head: Head
    rows: list[PlayerRow]


class PlayerKey(Struct, frozen=True, array_like=True):
    """Where a player stands in the list."""

    number: Annotated[int, Meta(ge=0, le=SEQ_MAX)]


_LISTED: Final = f"""
select i.number, s.head, p.*
from incarnation i
join stream s on s.id = %(gathering)s and s.kind = 'gathering' and {VISIBLE}
left join lateral (
    select p.number, p.user_id, p.status, p.checked_in, array(
        select chosen.one from unnest(p.tournaments) with ordinality chosen(one, at)
        join gathering_competition c on c.stream_id = p.stream_id and c.tournament = chosen.one order by chosen.at
    ), p.reason
    from gathering_player p
    where p.stream_id = s.id and p.number {{beside}} %(number)s
        and (%(status)s::text is null or p.status = %(status)s)
        and (%(tournament)s::text is null or %(tournament)s = any(p.tournaments))
    order by p.number {{direction}} limit %(limit)s
) p on true
order by p.number {{direction}}
"""  # noqa: S608
_LIST: Final = {
    False: _LISTED.format(beside=">", direction="asc"),
    True: _LISTED.format(beside="<", direction="desc"),
}


class Players:
    """Reads players."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def page(
        self,
        user: str,
        gathering: str,
        *,
        status: str | None,
        tournament: str | None,
        beside: PlayerKey | None,
        back: bool,
        limit: int,
    ) -> PlayersRead | None:
        """Players by number after ``beside``; ``back``: before it, backwards. None if the user may not see it."""
        parameters = {
            "user": user,
            "gathering": uuid_of(gathering),
            "status": status,
            "tournament": tournament,
            "number": 0 if beside is None else beside.number,
            "limit": limit,
        }
        found = await rows(self._pool, _LIST[back], parameters)
        if not found:
            return None
        incarnation, seq, *_ = found[0]
        players = [PlayerRow(*row) for _, _, *row in found if row[0] is not None]
        return PlayersRead(Head(incarnation, seq), players)
