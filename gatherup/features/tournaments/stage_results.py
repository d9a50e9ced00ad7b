"""The results of a stage so far, from rows, as what ranks them takes them: off the loop if they are many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeVar, cast

from msgspec import Struct
from msgspec.structs import replace

from actors.tournament.flat_results import flat_half_byes, flat_result
from actors.tournament.plays import FORMATS
from gatherup.features.tournaments.brackets import numbers_of
from gatherup.features.tournaments.tournament_access import found, started
from gatherup.features.tournaments.turns import turn
from gatherup.offloop.pool import OffLoop
from protocol.tournament import ResultKind
from protocol.tournament.stage import stages_text
from storage.postgres.tournaments.attempts import Attempts, ScoreRow
from storage.postgres.tournaments.entrants import Entrants
from storage.postgres.tournaments.matches import Matches, MatchRow, SeatingRow
from storage.postgres.tournaments.reading import Head

T = TypeVar("T")
AT_ONCE: Final = 64
"""Entrants and results that are ranked on the loop."""


class StageResults(Struct, frozen=True):
    """What a stage is ranked by."""

    seating: SeatingRow
    """Of a leaderboard with its scores as what was published."""
    earlier: SeatingRow | None
    """The stage before it."""
    ended: bool
    """Whether another stage has started after it, or the tournament has finished."""
    head: Head
    """Where in the log all of this is contained; later events may be, too."""
    rows: Sequence[MatchRow]
    """Of the tournament's matches."""
    flat: list[int]
    """As ``flat_result`` makes them, and ``flat_half_byes``."""
    done: int
    """How many there are."""
    withdrawn: list[int]
    """Who has left while it ran, each with the first match that they forfeited by it."""


class StageReader:
    """Reads results of stages."""

    def __init__(self, matches: Matches, entrants: Entrants, attempts: Attempts, off_loop: OffLoop) -> None:
        self._matches = matches
        self._entrants = entrants
        self._attempts = attempts
        self._off_loop = off_loop

    async def read(self, user: str, tournament: str, stage: int | None) -> StageResults:
        """Those of this stage, or of the one that was started last. Raises ProblemError: the tournament is hidden, or
        there is no such stage yet.
        """
        seated = found(await self._matches.seatings(user, tournament))
        seating = started(seated.rows, stage)
        left = found(await self._entrants.withdrawn(user, tournament, seating.number))
        flat: list[int] = []
        rows: list[MatchRow] = []
        if FORMATS[seating.settings.format].attempts:
            scored = found(await self._attempts.scores(user, tournament, seating.number))
            seating, done = replace(seating, published=list(map(scores_of, scored.rows))), len(scored.rows)
        else:
            rows = found(await self._matches.all(user, tournament)).rows
            flat, done = await _flat(seating, rows)
            flat += await self._half_byes(user, tournament, seating)
        return StageResults(
            seating=seating,
            earlier=seated.rows[seating.number - 2] if seating.number > 1 else None,
            ended=seating.number < len(seated.rows) or seated.phase == "finished",
            head=seated.head,
            rows=rows,
            flat=flat,
            done=done,
            withdrawn=[part for row in left.rows for part in (row.number, row.forfeits_from)],
        )

    async def _half_byes(self, user: str, tournament: str, seating: SeatingRow) -> list[int]:
        """What the rounds that they have missed are worth to who has come late."""
        if seating.settings.late_byes == "zero":
            return []
        came = found(await self._entrants.late(user, tournament))
        return [part for row in came.rows for part in flat_half_byes(row.number, row.half_byes)]

    async def ranked(self, results: StageResults, function: Callable[..., T], *arguments: Any) -> T:
        """What a function of ``stage_tables`` makes of them with these other arguments. Raises NotCalledError."""
        seating = results.seating
        all_ = (
            stages_text((seating.settings,)),
            list(seating.seeds),
            [list(pairs) for pairs in seating.published],
            results.flat,
            results.withdrawn,
            *arguments,
        )
        if max(results.done, len(seating.seeds)) <= AT_ONCE:
            return function(*all_)
        return await self._off_loop.call(function, *all_)


def scores_of(row: ScoreRow) -> tuple[int, ...]:
    """What an entrant of a leaderboard has come to, as ``LeaderboardPlay`` takes it."""
    return row.entrant, row.counted, row.best, row.reached


async def _flat(seating: SeatingRow, rows: Iterable[MatchRow]) -> tuple[list[int], int]:
    """The results of a stage so far, and how many they are."""
    flat: list[int] = []
    done, numbers = 0, frozenset(numbers_of(seating))
    for count, row in enumerate(rows, 1):
        await turn(count)
        if row.phase == "done" and row.number in numbers:
            done += 1
            number, kind = seating.numbers.inner(row.number), cast(ResultKind, row.kind)
            flat += flat_result(number, row.a or 0, row.b or 0, row.winner or 0, kind, row.scores)
    return flat, done
