"""How stages ended: the rows that their events wrote.

May raise PostgresError.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from storage.postgres.driver.pool import Pool
from storage.postgres.ids import uuid_of
from storage.postgres.tournaments.reading import Read, part_of, read_part


class StageEndRow(Struct, frozen=True):
    """What a stage came to."""

    entrants: Sequence[int]
    """All who have played it, the best first."""
    places: Sequence[int]
    """Their places in the tournament, in the same order; 0 for who goes on."""


_OF_STAGE: Final = part_of(
    """
select g.number as key, g.entrants, g.places from tournament_stage g
where g.stream_id = t.stream_id and g.number = %(stage)s and g.ended_at is not null
"""
)


_MOVED: Final = part_of("select 1 as key, t.moved")


class MovedRow(Struct, frozen=True):
    """What was exchanged after the draw."""

    moved: Sequence[int]
    """Seeds, two by two."""


class StageEnds:
    """Reads ends of stages. Whoever may not see the tournament gets None."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of_stage(self, user: str, tournament: str, stage: int) -> Read[StageEndRow] | None:
        """How this stage ended; no row if it hasn't."""
        parameters = {"user": user, "tournament": uuid_of(tournament), "stage": stage}
        return await read_part(self._pool, _OF_STAGE, parameters, StageEndRow)

    async def moved(self, user: str, tournament: str) -> Read[MovedRow] | None:
        """Which seeds of the first stage were exchanged at the start."""
        parameters = {"user": user, "tournament": uuid_of(tournament)}
        return await read_part(self._pool, _MOVED, parameters, MovedRow)
