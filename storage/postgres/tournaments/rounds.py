"""Published rounds of Swiss stages: the rows that their events wrote.

May raise PostgresError.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from storage.postgres.driver.pool import Pool
from storage.postgres.ids import uuid_of
from storage.postgres.tournaments.reading import Read, part_of, read_part


class RoundRow(Struct, frozen=True):
    """A round of a Swiss stage."""

    first: int
    """The number of its first match."""
    pairs: Sequence[int]
    reasons: Sequence[int]
    """Both as its event has them."""


_OF_MATCH: Final = part_of(
    """
select r.seq as key, r.first, r.pairs, r.reasons from tournament_round r
where r.stream_id = t.stream_id and %(number)s >= r.first and %(number)s < r.first + r.matches
"""
)


class Rounds:
    """Reads rounds. Whoever may not see the tournament gets None."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of_match(self, user: str, tournament: str, number: int) -> Read[RoundRow] | None:
        """The round that this match is of; no row if it is of none."""
        parameters = {"user": user, "tournament": uuid_of(tournament), "number": number}
        return await read_part(self._pool, _OF_MATCH, parameters, RoundRow)
