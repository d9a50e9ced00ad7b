"""The standings of a group of a stage: ranked from the rows of its matches, off the loop if they are many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, cast

import msgspec

from actors.tournament.flat_results import flat_result
from actors.tournament.plays import FORMATS
from actors.tournament.stage_tables import FlatRow, stage_table
from gatherup.features.tournaments.answers import position_of, standing_of
from gatherup.features.tournaments.brackets import numbers_of, play_of
from gatherup.features.tournaments.tournament_access import found, started
from gatherup.features.tournaments.turns import turn
from gatherup.http.problem import ProblemError
from gatherup.offloop.pool import OffLoop
from protocol.codes import Code
from protocol.http.tournaments.entrants import Standing, Standings, StandingsQuery, StandingValue
from protocol.tournament import ResultKind
from protocol.tournament.stage import stages_text
from protocol.tournament.standings import TieBreak
from storage.postgres.tournaments.entrants import Entrants
from storage.postgres.tournaments.matches import Matches, MatchRow, SeatingRow

AT_ONCE: Final = 64
"""Results that are ranked on the loop."""


class StageStandings:
    """Ranks groups of stages."""

    def __init__(self, matches: Matches, entrants: Entrants, off_loop: OffLoop) -> None:
        self._matches = matches
        self._entrants = entrants
        self._off_loop = off_loop

    async def read(self, user: str, tournament: str, query: StandingsQuery) -> Standings:
        """All rows of a group. Raises ProblemError: the tournament is hidden, or there are no such standings."""
        seated = found(await self._matches.seatings(user, tournament))
        seating = started(seated.rows, query.stage)
        if not FORMATS[seating.settings.format].standings:
            raise ProblemError(Code.NOT_FOUND, "A stage of elimination has no standings.", field="stage")
        if query.group > play_of(seating).groups:
            raise ProblemError(Code.NOT_FOUND, "There is no such group.", field="group")
        left = found(await self._entrants.withdrawn(user, tournament, seating.number))
        withdrawn = [part for row in left.rows for part in (row.number, row.forfeits_from)]
        read = found(await self._matches.all(user, tournament))
        flat, done = await _flat(seating, read.rows)
        chain, rows = await self._ranked(seating, flat, done, withdrawn, query)
        places = {entrant: place for place, entrant, *_ in rows}
        named = found(await self._entrants.placed(user, tournament, places))
        return Standings(
            standings=[
                _with_values(standing_of(row), chain, ranked)
                for row, ranked in zip(named.rows, rows, strict=True)
            ],
            final=seating.number < len(seated.rows) or read.phase == "finished",
            position=position_of(tournament, read.head),
            next=None,
            previous=None,
        )

    async def _ranked(
        self, seating: SeatingRow, flat: list[int], done: int, withdrawn: Sequence[int], query: StandingsQuery
    ) -> tuple[list[TieBreak], list[FlatRow]]:
        arguments = (
            stages_text((seating.settings,)),
            list(seating.seeds),
            [list(pairs) for pairs in seating.published],
            flat,
            withdrawn,
            query.group,
            query.read == "settled",
        )
        if done <= AT_ONCE:
            return stage_table(*arguments)
        return await self._off_loop.call(stage_table, *arguments)


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


def _with_values(standing: Standing, chain: Sequence[TieBreak], row: FlatRow) -> Standing:
    _, _, wins, draws, losses, decided, values = row
    told = tuple(
        StandingValue(tiebreak=tiebreak, value=value) for tiebreak, value in zip(chain, values, strict=True)
    )
    return msgspec.structs.replace(
        standing, wins=wins, draws=draws, losses=losses, values=told, decided=decided
    )
