"""The ledger of rated matches of each game, and from where on ratings are to be worked out again.

What enters the ledger is the difference between the results of a tournament and what the ledger has of it, so to enter
the same again does nothing. Whatever changes the ledger of a game locks the row of that game, and reads after that.

Every method may raise PostgresError. Times are Unix milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from storage.postgres.driver.connection import TrioConnection
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import lent
from storage.postgres.ids import uuid_of
from storage.postgres.ratings.results import ResultRow, results_of

Place = tuple[int, UUID, int]
"""Where a match stands in the ledger: when it was decided, its tournament, its number."""


class _Entered(NamedTuple):
    match: int
    at: int
    entrant_a: int
    entrant_b: int
    winner: int
    a: Sequence[int]
    b: Sequence[int]


_GAMES: Final = """
select game from rating_match where stream_id = %(tournament)s
union select game from tournament where stream_id = %(tournament)s and game is not null
order by game
"""
_LOCK: Final = """
insert into rating_game (game) values (%(game)s)
on conflict (game) do update set version = rating_game.version
returning dirty_at, dirty_stream, dirty_match
"""
_ENTERED: Final = """
select match, at, entrant_a, entrant_b, winner, a, b from rating_match
where stream_id = %(tournament)s and game = %(game)s and (%(match)s::bigint is null or match = %(match)s)
"""
_PLAYERS: Final = """
with added as (
    insert into rating_player (game, account)
    select %(game)s, id from account where id = any(%(accounts)s)
    on conflict (game, account) do nothing
    returning account, id
)
select account, id from added
union all select account, id from rating_player where game = %(game)s and account = any(%(accounts)s)
"""
_LEAVE: Final = """
with gone as (
    delete from rating_match where stream_id = %(tournament)s and match = any(%(matches)s)
)
delete from rating_step where stream_id = %(tournament)s and match = any(%(matches)s)
"""
_ENTER: Final = """
insert into rating_match (stream_id, match, game, at, entrant_a, entrant_b, a, b, winner)
values (%(tournament)s, %(match)s, %(game)s, %(at)s, %(entrant_a)s, %(entrant_b)s, %(a)s, %(b)s, %(winner)s)
on conflict (stream_id, match) do update set winner = excluded.winner
"""
_DIRTY: Final = """
update rating_game
set version = version + 1, dirty_at = %(at)s, dirty_stream = %(stream)s, dirty_match = %(match)s
where game = %(game)s
"""
CURRENT: Final = """
update rating_player p
set mu = last.mu, sigma = last.sigma, rating = last.rating, matches = coalesce(last.matches, 0)
from unnest(%(players)s::bigint[]) changed(id)
left join lateral (
    select mu, sigma, rating, matches from rating_step s
    where s.player = changed.id order by s.at desc, s.stream_id desc, s.match desc limit 1
) last on true
where p.id = changed.id
"""
"""A player's rating is that of their last step; who has none isn't rated any more."""


class Ledger:
    """Enters results."""

    def __init__(self, pool: Pool, *, marked_only: bool = False) -> None:
        """``marked_only``: whether only tournaments are rated that were marked."""
        self._pool = pool
        self._marked_only = marked_only

    async def enter(self, tournament: str, match: int | None) -> list[str]:
        """Make the ledger say of a tournament, or of one match, what its results are now; the games that it is of.

        Who had played a match stays, however rosters have changed since.
        """
        asked: dict[str, Any] = {"tournament": uuid_of(tournament), "match": match}
        async with lent(self._pool, transaction=True) as connection:
            cursor = await connection.execute(_GAMES.encode(), asked)
            games = [game for (game,) in await cursor.fetchall()]
            for game in games:
                locked = await (await connection.execute(_LOCK.encode(), {"game": game})).fetchone()
                dirty = None if locked is None or locked[0] is None else (locked[0], locked[1], locked[2])
                results = await results_of(
                    connection, asked["tournament"], match, marked_only=self._marked_only
                )
                found = results.rows if results is not None and results.game == game else []
                await _entered(connection, asked | {"game": game}, found, dirty)
            return games


async def _entered(
    connection: TrioConnection, asked: dict[str, Any], found: Sequence[ResultRow], dirty: Place | None
) -> None:
    cursor = await connection.execute(_ENTERED.encode(), asked)
    known = {row[0]: _Entered(*row) for row in await cursor.fetchall()}
    wanted = {row.match: row for row in found}
    stays = {number for number, row in known.items() if number in wanted and _same(row, wanted[number])}
    gone = [row for number, row in known.items() if number not in stays]
    new = [row for number, row in wanted.items() if number not in stays or known[number].winner != row.winner]
    if not gone and not new:
        return
    if gone:
        await connection.execute(_LEAVE.encode(), asked | {"matches": [row.match for row in gone]})
        left = {player for row in gone for player in (*row.a, *row.b)}
        await connection.execute(CURRENT.encode(), {"players": sorted(left)})
    players = await _players(connection, asked["game"], new)
    places: list[Place] = [(row.at, asked["tournament"], row.match) for row in gone]
    for row in new:
        sides = {"a": [players[user] for user in row.a if user in players]}
        sides["b"] = [players[user] for user in row.b if user in players]
        if all(sides.values()):
            values = {
                name: getattr(row, name) for name in ("match", "at", "entrant_a", "entrant_b", "winner")
            }
            await connection.execute(_ENTER.encode(), asked | values | sides)
            places.append((row.at, asked["tournament"], row.match))
    if places:
        at, stream, number = min(places if dirty is None else [*places, dirty])
        await connection.execute(_DIRTY.encode(), asked | {"at": at, "stream": stream, "match": number})


def _same(known: _Entered, wanted: ResultRow) -> bool:
    """Whether it is the same match; who has won it may be another."""
    return (known.at, known.entrant_a, known.entrant_b) == (wanted.at, wanted.entrant_a, wanted.entrant_b)


async def _players(connection: TrioConnection, game: str, found: Iterable[ResultRow]) -> dict[str, int]:
    users = {user for row in found for user in (*row.a, *row.b)}
    accounts = {uuid_of(user): user for user in sorted(users)}
    cursor = await connection.execute(_PLAYERS.encode(), {"game": game, "accounts": [*accounts]})
    return {accounts[account]: player for account, player in await cursor.fetchall()}
