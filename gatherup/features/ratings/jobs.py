"""Results on their way from tournaments to ratings. What is done follows from rows alone, so a repeat does nothing."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from actors.ports.jobs import TakenJob
from actors.tournament.effects import RATINGS
from gatherup.features.ratings.rating import Rated, Rating, rate
from gatherup.jobs.queue import JobFailedError, JobUnknownError, Queue
from gatherup.offloop.pool import NotCalledError, OffLoop
from protocol import limits
from protocol.ids import StreamId
from storage.postgres.ratings.ledger import Ledger
from storage.postgres.ratings.working import Part, StepRow, Working

AT_ONCE: Final = 2
ATTEMPTS_MAX: Final = 30
TIMEOUT_S: Final = 600.0
"""So long one attempt works out ratings; the next one goes on from there."""
BACKOFF_MIN_S: Final = 1.0
BACKOFF_MAX_S: Final = 600.0
PART_MATCHES: Final = 500
"""Worked out in one call, some 25 ms of a worker process, and kept in one transaction."""


class _Changed(Struct, frozen=True, kw_only=True):
    tournament: StreamId
    match: Annotated[int, Meta(ge=1, le=limits.SEQ_MAX)] | None = None
    """None: any."""


class RatingJobs:
    """Enters what has changed, and works ratings out again from there."""

    def __init__(self, ledger: Ledger, working: Working, off_loop: OffLoop) -> None:
        self._ledger = ledger
        self._working = working
        self._off_loop = off_loop

    def queue(self) -> Queue:
        """What the worker does with this queue."""
        return Queue(
            name=RATINGS,
            handle=self._handle,
            at_once=AT_ONCE,
            attempts_max=ATTEMPTS_MAX,
            timeout_s=TIMEOUT_S,
            backoff_min_s=BACKOFF_MIN_S,
            backoff_max_s=BACKOFF_MAX_S,
        )

    async def _handle(self, job: TakenJob) -> None:
        try:
            changed = msgspec.convert(job.arguments, _Changed)
        except msgspec.ValidationError as error:
            raise JobUnknownError(f"Not a result that this release knows: {error}") from None
        for game in await self._ledger.enter(changed.tournament, changed.match):
            await self.settle(game)

    async def settle(self, game: str) -> None:
        """Work out the ratings of a game from the first match on that has changed. Raises JobFailedError."""
        while (part := await self._working.part(game, limit=PART_MATCHES)) is not None:
            matches = [Rated(row.a, row.b, row.winner) for row in part.matches]
            before = {player: Rating(*known) for player, known in part.before.items()}
            try:
                rated = await self._off_loop.call(rate, matches, before)
            except NotCalledError:
                raise JobFailedError("The processes that work out ratings are busy, or end.") from None
            await self._working.keep(part, _steps(part, rated))


def _steps(part: Part, rated: list[dict[int, Rating]]) -> list[StepRow]:
    return [
        StepRow(
            player=player,
            at=row.at,
            tournament=row.tournament,
            match=row.match,
            mu=rating.mu,
            sigma=rating.sigma,
            rating=rating.shown,
            matches=rating.matches,
        )
        for row, step in zip(part.matches, rated, strict=True)
        for player, rating in step.items()
    ]
