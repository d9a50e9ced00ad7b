"""What has come of a series so far: its tournaments, and who has points in it."""

from __future__ import annotations

from typing import Final

from gatherup.features.series.answers import found, series_id, standing_of, tournament_of
from gatherup.features.series.series import SERIES
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.paging import Pages
from protocol.http.series import SeriesStandings, SeriesTournaments, SeriesTournamentsQuery
from storage.postgres.series.series import SeriesKey, SeriesRows
from storage.postgres.series.standings import SeriesStandingKey, SeriesStandingRows

GROUP: Final = "series"


class SeriesStandingsResource:
    """Tournaments and standings."""

    def __init__(self, series: SeriesRows, standings: SeriesStandingRows) -> None:
        self._series = series
        self._standings = standings
        self._tournaments = Pages(SeriesKey)
        self._places = Pages(SeriesStandingKey)

    @endpoint(
        "GET",
        SERIES + "/tournaments",
        query=SeriesTournamentsQuery,
        answer=SeriesTournaments,
        polled=True,
        group=GROUP,
    )
    async def tournaments(
        self, caller: Caller, series: str, query: SeriesTournamentsQuery
    ) -> SeriesTournaments:
        """List the tournaments that count in a series, the latest first."""
        found(await self._series.get(caller.user, series_id(series)))
        edge = self._tournaments.edge(query.cursor)
        rows = await self._series.tournaments(
            series,
            beside=edge.beside,
            back=edge.back,
            limit=query.limit + 1,
        )
        page = self._tournaments.page(rows, edge, query.limit, lambda row: SeriesKey(row.at, row.tournament))
        listed = list(map(tournament_of, page.rows))
        return SeriesTournaments(tournaments=listed, next=page.next, previous=page.previous)

    @endpoint(
        "GET",
        SERIES + "/standings",
        query=SeriesTournamentsQuery,
        answer=SeriesStandings,
        polled=True,
        group=GROUP,
    )
    async def standings(self, caller: Caller, series: str, query: SeriesTournamentsQuery) -> SeriesStandings:
        """List who has points in a series, by the places of its finished tournaments as they are now."""
        found(await self._series.get(caller.user, series_id(series)))
        edge = self._places.edge(query.cursor)
        rows = await self._standings.page(
            series,
            beside=edge.beside,
            back=edge.back,
            limit=query.limit + 1,
        )
        page = self._places.page(rows, edge, query.limit, lambda row: SeriesStandingKey(row.place, row.user))
        return SeriesStandings(
            standings=list(map(standing_of, page.rows)),
            finished=await self._standings.finished(series),
            next=page.next,
            previous=page.previous,
        )
