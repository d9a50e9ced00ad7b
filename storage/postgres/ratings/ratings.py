"""Ratings as they are read. Every method may raise PostgresError. Times are Unix milliseconds."""

from __future__ import annotations

from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import Meta, Struct

from actors.kind import Instant
from protocol.ids import StreamId
from protocol.limits import SEQ_MAX
from protocol.tournament import KIND as TOURNAMENT
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import rows
from storage.postgres.ids import stream_of, user_of, uuid_of


class RatingRow(Struct, frozen=True):
    """Somebody who is rated."""

    player: int
    user: str
    game: str
    mu: float
    sigma: float
    rating: float
    matches: int


class StepRow(Struct, frozen=True):
    """A match that has changed somebody's rating."""

    at: Instant
    tournament: str
    match: int
    shown: bool
    """Whether everybody may know of the tournament."""
    mu: float
    sigma: float
    rating: float


class RankKey(Struct, frozen=True, array_like=True):
    """Where somebody stands in the list."""

    rating: float
    player: Annotated[int, Meta(ge=0, le=SEQ_MAX)]


class StepKey(Struct, frozen=True, array_like=True):
    """Where a match stands in somebody's history."""

    at: Annotated[int, Meta(ge=0, le=SEQ_MAX)]
    tournament: StreamId
    match: Annotated[int, Meta(ge=0, le=SEQ_MAX)]


_PLAYERS: Final = """
select p.id, p.account, p.game, p.mu, p.sigma, p.rating, p.matches
from rating_player p join account a on a.id = p.account and a.deleted_at is null
where p.rating is not null
"""
_RANKED: Final = (
    _PLAYERS
    + """
and p.game = %(game)s and (-p.rating, p.id) {beside} (%(rating)s, %(player)s)
order by -p.rating {direction}, p.id {direction} limit %(limit)s
"""
)
_RANKS: Final = {
    False: _RANKED.format(beside=">", direction="asc"),
    True: _RANKED.format(beside="<", direction="desc"),
}
_OF: Final = (
    _PLAYERS
    + " and p.account = %(account)s and (%(game)s::text is null or p.game = %(game)s) order by p.game limit %(limit)s"
)
_STEPS: Final = """
select s.at, s.stream_id, s.match, coalesce(t.visibility = 'public' and t.deleted_at is null, false),
    s.mu, s.sigma, s.rating
from rating_step s left join tournament t on t.stream_id = s.stream_id
where s.player = %(player)s and (s.at, s.stream_id, s.match) {beside} (%(at)s, %(stream)s, %(match)s)
order by s.at {direction}, s.stream_id {direction}, s.match {direction} limit %(limit)s
"""
_HISTORY: Final = {
    False: _STEPS.format(beside="<", direction="desc"),
    True: _STEPS.format(beside=">", direction="asc"),
}
_WAITING: Final = """
select count(*) from (
    select from rating_game g
    join rating_match m on m.game = g.game
        and (m.at, m.stream_id, m.match) >= (g.dirty_at, g.dirty_stream, g.dirty_match)
    where g.game = %(game)s limit %(most)s
) waiting
"""
_LATEST: Final = StepKey(2**62, f"{TOURNAMENT}:" + "f" * 32, 2**62)
_FIRST: Final = RankKey(float("-inf"), 0)


class Ratings:
    """Reads them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def page(self, game: str, *, beside: RankKey | None, back: bool, limit: int) -> list[RatingRow]:
        """Who is rated in a game, the best after ``beside`` first; ``back``: before it, backwards. The keys hold the
        ratings negated.
        """
        edge = beside or _FIRST
        parameters = {"game": game, "rating": edge.rating, "player": edge.player, "limit": limit}
        return [_rating(*row) for row in await rows(self._pool, _RANKS[back], parameters)]

    async def of(self, user: str, game: str | None, *, limit: int) -> list[RatingRow]:
        """Somebody's rating in a game, or in each, by the keys of the games."""
        parameters = {"account": uuid_of(user), "game": game, "limit": limit}
        return [_rating(*row) for row in await rows(self._pool, _OF, parameters)]

    async def history(self, player: int, *, beside: StepKey | None, back: bool, limit: int) -> list[StepRow]:
        """What has changed a rating, the latest before ``beside`` first; ``back``: after it, forwards."""
        edge = beside or _LATEST
        parameters = {
            "player": player,
            "at": edge.at,
            "stream": uuid_of(edge.tournament),
            "match": edge.match,
            "limit": limit,
        }
        return [
            StepRow(at, stream_of(TOURNAMENT, stream), *columns)
            for at, stream, *columns in await rows(self._pool, _HISTORY[back], parameters)
        ]

    async def waiting(self, game: str, *, most: int) -> int:
        """How many matches of a game wait to be worked out, up to ``most``."""
        found = await rows(self._pool, _WAITING, {"game": game, "most": most})
        return found[0][0]


def _rating(player: int, account: UUID, *columns: Any) -> RatingRow:
    return RatingRow(player, user_of(account), *columns)
