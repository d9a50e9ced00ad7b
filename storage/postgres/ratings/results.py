"""The results of tournaments that enter ratings, as the rows of tournaments tell them now.

Times are Unix milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from actors.kind import Instant
from storage.postgres.driver.connection import TrioConnection
from storage.postgres.tournaments.reading import VOID


class ResultRow(Struct, frozen=True):
    """A match that was played to its end."""

    match: int
    at: Instant
    """When it was first decided: a correction changes nothing of it."""
    entrant_a: int
    entrant_b: int
    a: Sequence[str]
    b: Sequence[str]
    """The users on its sides."""
    winner: int
    """1: a, 2: b, 0: a draw."""


class Results(Struct, frozen=True):
    """Of one game."""

    game: str
    rows: list[ResultRow]


_USERS: Final = """
select case when cardinality(e.roster) > 0 then e.roster::text[] else array_remove(array[e.user_id], null) end
from tournament_entrant e where e.stream_id = m.stream_id and e.number = {side}
"""
_RESULTS: Final = f"""
select t.game, m.number, m.ended_at, m.a, m.b, ({_USERS.format(side="m.a")}), ({_USERS.format(side="m.b")}),
    case m.winner when m.a then 1 when m.b then 2 else 0 end
from tournament t
left join tournament_match m on m.stream_id = t.stream_id and m.phase = 'done' and m.kind in ('played', 'decided')
    and m.a > 0 and m.b > 0 and m.ended_at is not null and m.winner is not null and not {VOID}
    and (%(match)s::bigint is null or m.number = %(match)s)
where t.stream_id = %(tournament)s and t.game is not null and t.visibility <> 'invited'
    and (not %(marked_only)s or exists (select from rated_tournament r where r.stream_id = t.stream_id))
"""  # noqa: S608


async def results_of(
    connection: TrioConnection, tournament: UUID, match: int | None, *, marked_only: bool = False
) -> Results | None:
    """The rated results of a tournament, or of one match; None if the tournament isn't rated: it is of no game, for
    invited people, or wasn't marked where that is needed (``marked_only``). Matches without users on both sides aren't
    rated, and neither is a user against themselves.
    """
    asked = {"tournament": tournament, "match": match, "marked_only": marked_only}
    found = await (await connection.execute(_RESULTS.encode(), asked)).fetchall()
    if not found:
        return None
    results = [ResultRow(*columns) for _, *columns in found if columns[0] is not None]
    rated = [row for row in results if row.a and row.b and not {*row.a} & {*row.b}]
    return Results(found[0][0], rated)
