"""Ratings as they are worked out again, a part at a time, from the first match that has changed.

Every method may raise PostgresError.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import lent, rows
from storage.postgres.ratings.ledger import CURRENT


class PartRow(Struct, frozen=True):
    """A match of the part."""

    at: int
    tournament: UUID
    match: int
    a: Sequence[int]
    b: Sequence[int]
    winner: int


class Part(Struct, frozen=True):
    """The next matches of a game whose ratings are to be worked out."""

    game: str
    version: int
    """Of the ledger; what is worked out from another one is thrown away."""
    matches: list[PartRow]
    following: PartRow | None
    """The match after them."""
    before: dict[int, tuple[float, float, int]]
    """Of who plays them and was rated before: mu, sigma, matches."""


class StepRow(Struct, frozen=True):
    """What a match has made of somebody's rating."""

    player: int
    at: int
    tournament: UUID
    match: int
    mu: float
    sigma: float
    rating: float
    matches: int


_GAME: Final = """
select version, dirty_at, dirty_stream, dirty_match from rating_game where game = %(game)s and dirty_at is not null
"""
_PART: Final = """
select at, stream_id, match, a, b, winner from rating_match
where game = %(game)s and (at, stream_id, match) >= (%(at)s, %(stream)s, %(match)s)
order by at, stream_id, match limit %(limit)s
"""
_BEFORE: Final = """
select asked.player, s.mu, s.sigma, s.matches
from unnest(%(players)s::bigint[]) asked(player)
cross join lateral (
    select mu, sigma, matches from rating_step
    where player = asked.player and (at, stream_id, match) < (%(at)s, %(stream)s, %(match)s)
    order by at desc, stream_id desc, match desc limit 1
) s
"""
_MOVE: Final = """
update rating_game
set version = version + 1, dirty_at = %(at)s, dirty_stream = %(stream)s, dirty_match = %(match)s
where game = %(game)s and version = %(version)s
"""
_STEPS: Final = """
insert into rating_step (player, at, stream_id, match, mu, sigma, rating, matches)
select * from unnest(%(player)s::bigint[], %(at)s::bigint[], %(tournament)s::uuid[], %(match)s::bigint[],
    %(mu)s::double precision[], %(sigma)s::double precision[], %(rating)s::double precision[], %(matches)s::bigint[])
on conflict (player, at, stream_id, match) do update
set mu = excluded.mu, sigma = excluded.sigma, rating = excluded.rating, matches = excluded.matches
"""


class Working:
    """Reads a part, and keeps what it came to."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def part(self, game: str, *, limit: int) -> Part | None:
        """The next part; None if all ratings are as the ledger says."""
        found = await rows(self._pool, _GAME, {"game": game})
        if not found:
            return None
        version, at, stream, match = found[0]
        place = {"game": game, "at": at, "stream": stream, "match": match}
        listed = [PartRow(*row) for row in await rows(self._pool, _PART, place | {"limit": limit + 1})]
        matches, following = listed[:limit], listed[limit:]
        players = sorted({player for row in matches for player in (*row.a, *row.b)})
        before = await rows(self._pool, _BEFORE, place | {"players": players})
        known = {player: (mu, sigma, count) for player, mu, sigma, count in before}
        return Part(game, version, matches, following[0] if following else None, known)

    async def keep(self, part: Part, steps: Sequence[StepRow]) -> bool:
        """Keep what a part came to; False, and nothing is kept, if the ledger has changed meanwhile."""
        after = part.following
        moved: Mapping[str, Any] = {
            "game": part.game,
            "version": part.version,
            "at": None if after is None else after.at,
            "stream": None if after is None else after.tournament,
            "match": None if after is None else after.match,
        }
        async with lent(self._pool, transaction=True) as connection:
            cursor = await connection.execute(_MOVE.encode(), moved)
            if not cursor.rowcount:
                return False
            columns = {name: [getattr(step, name) for step in steps] for name in StepRow.__struct_fields__}
            await connection.execute(_STEPS.encode(), columns)
            players = sorted({step.player for step in steps})
            await connection.execute(CURRENT.encode(), {"players": players})
            return True
