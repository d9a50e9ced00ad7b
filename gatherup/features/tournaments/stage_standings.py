"""The standings of a group of a stage, ranked from the rows of its matches."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from actors.tournament.plays import FORMATS
from actors.tournament.stage_tables import FlatRow, stage_table
from gatherup.features.tournaments.answers import position_of, standing_of
from gatherup.features.tournaments.brackets import play_of
from gatherup.features.tournaments.stage_results import StageReader, StageResults
from gatherup.features.tournaments.tournament_access import found
from gatherup.http.paging import Edge, Page, Pages
from gatherup.http.problem import ProblemError
from protocol.codes import Code
from protocol.http.tournaments.entrants import Standing, Standings, StandingsQuery, StandingValue
from protocol.tournament.standings import Criterion
from storage.postgres.tournaments.entrants import Entrants, StandingKey


class StageStandings:
    """Ranks groups of stages."""

    def __init__(self, reader: StageReader, entrants: Entrants, pages: Pages[StandingKey]) -> None:
        self._reader = reader
        self._entrants = entrants
        self._pages = pages

    async def read(self, user: str, tournament: str, query: StandingsQuery) -> Standings:
        """Rows of a group. Raises ProblemError: the tournament is hidden, or there are no such standings."""
        edge = self._pages.edge(query.cursor)
        results = await self._reader.read(user, tournament, query.stage)
        seating = results.seating
        if not FORMATS[seating.settings.format].standings:
            raise ProblemError(Code.NOT_FOUND, "A stage of elimination has no standings.", field="stage")
        if query.group > play_of(seating).groups:
            raise ProblemError(Code.NOT_FOUND, "There is no such group.", field="group")
        chain, page = await self._page(results, edge, query)
        named = found(await self._entrants.placed(user, tournament, {row[1]: row[0] for row in page.rows}))
        return Standings(
            standings=[
                _with_values(standing_of(row), chain, ranked)
                for row, ranked in zip(named.rows, page.rows, strict=True)
            ],
            final=results.ended,
            position=position_of(tournament, results.head),
            next=page.next,
            previous=page.previous,
        )

    async def _page(
        self, results: StageResults, edge: Edge[StandingKey], query: StandingsQuery
    ) -> tuple[list[Criterion], Page[FlatRow]]:
        """What orders the group, and those of its rows that were asked for."""
        # Keys count rows, since several of a leaderboard may share a place.
        beside, most = 0 if edge.beside is None else edge.beside.place, query.limit + 1
        first = max(1, beside - most) if edge.back else beside + 1
        if edge.back:
            most = max(0, beside - first)
        settled = query.read == "settled"
        chain, rows = await self._reader.ranked(results, stage_table, query.group, settled, first, most)
        row_of = {row[1]: number for number, row in enumerate(rows, first)}
        if edge.back:
            rows.reverse()
        return chain, self._pages.page(
            rows, edge, query.limit, lambda row: StandingKey(row_of[row[1]], row[1])
        )


def _with_values(standing: Standing, chain: Sequence[Criterion], row: FlatRow) -> Standing:
    _, _, wins, draws, losses, decided, values = row
    told = tuple(
        StandingValue(tiebreak=tiebreak, value=value) for tiebreak, value in zip(chain, values, strict=True)
    )
    return replace(standing, wins=wins, draws=draws, losses=losses, values=told, decided=decided)
