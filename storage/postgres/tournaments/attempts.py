"""Attempts of leaderboards: the rows that their events wrote.

Every method may raise PostgresError. Times are Unix milliseconds.
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from protocol.limits import SEQ_MAX
from storage.postgres.driver.pool import Pool
from storage.postgres.ids import uuid_of
from storage.postgres.tournaments.reading import Read, part_of, read_part


class AttemptRow(Struct, frozen=True):
    """An attempt."""

    seq: int
    stage: int
    entrant: int
    attempt: int
    score: int | None
    """None: it is void."""
    submitted_at: int
    corrected_at: int | None


class ScoreRow(Struct, frozen=True):
    """What an entrant has come to in a leaderboard."""

    entrant: int
    counted: int
    best: int
    reached: int


class AttemptKey(Struct, frozen=True, array_like=True):
    """Where an attempt stands in the list."""

    seq: Annotated[int, Meta(ge=0, le=SEQ_MAX)]


_SINCE: Final = """
(select g.since from tournament_stage g where g.stream_id = t.stream_id and g.number = {stage})
"""
"""Rows from before this seq are of a run of the stage that is void."""
_LISTED: Final = f"""
select a.seq as key, a.seq, a.stage, a.entrant, a.attempt, a.score, a.submitted_at, a.corrected_at
from tournament_attempt a
where a.stream_id = t.stream_id
    and (%(stage)s::bigint is null or a.stage = %(stage)s)
    and (%(entrant)s::bigint is null or a.entrant = %(entrant)s)
    and (a.stage = 1 or a.seq > {_SINCE.format(stage="a.stage")})
    and a.seq {{beside}} %(seq)s
order by a.seq {{direction}} limit %(limit)s
"""  # noqa: S608
_LIST: Final = {
    False: part_of(_LISTED.format(beside="<", direction="desc"), back=True),
    True: part_of(_LISTED.format(beside=">", direction="asc")),
}
_SCORES: Final = part_of(
    f"""
select c.entrant as key, c.entrant, c.counted, c.best, c.reached from tournament_score c
where c.stream_id = t.stream_id and c.stage = %(stage)s
    and (c.stage = 1 or c.reached > {_SINCE.format(stage="c.stage")})
"""  # noqa: S608
)


class Attempts:
    """Reads attempts. Whoever may not see the tournament gets None."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def page(
        self,
        user: str,
        tournament: str,
        *,
        stage: int | None,
        entrant: int | None,
        beside: AttemptKey | None,
        back: bool,
        limit: int,
    ) -> Read[AttemptRow] | None:
        """Attempts before ``beside``, the last one first; ``back``: after it, forwards."""
        parameters = {
            "user": user,
            "tournament": uuid_of(tournament),
            "stage": stage,
            "entrant": entrant,
            "seq": SEQ_MAX if beside is None else beside.seq,
            "limit": limit,
        }
        return await read_part(self._pool, _LIST[back], parameters, AttemptRow)

    async def scores(self, user: str, tournament: str, stage: int) -> Read[ScoreRow] | None:
        """What everybody has come to in a stage, by entrant; whoever has no attempt that counts isn't in it."""
        parameters = {"user": user, "tournament": uuid_of(tournament), "stage": stage}
        return await read_part(self._pool, _SCORES, parameters, ScoreRow)
