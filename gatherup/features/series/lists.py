"""Pages of lists of series, for people and for admins."""

from __future__ import annotations

from gatherup.features.series.answers import summary_of
from gatherup.http.paging import Pages
from protocol.http.series import RemovedSeriesQuery, SeriesPage, SeriesQuery
from storage.postgres.series.series import SeriesFilter, SeriesKey, SeriesRows


class SeriesLists:
    """Answers pages."""

    def __init__(self, series: SeriesRows, *, keep_ms: int) -> None:
        """``keep_ms``: how long removed series can be restored."""
        self._series = series
        self._keep_ms = keep_ms
        self._pages = Pages(SeriesKey)

    async def page(
        self, user: str, matching: SeriesFilter, query: SeriesQuery | RemovedSeriesQuery
    ) -> SeriesPage:
        """The page that is asked for, of those that match. Raises ProblemError: the cursor is none."""
        edge = self._pages.edge(query.cursor)
        rows = await self._series.page(
            user,
            matching,
            beside=edge.beside,
            back=edge.back,
            limit=query.limit + 1,
        )
        page = self._pages.page(rows, edge, query.limit, lambda row: SeriesKey(row.created_at, row.series))
        return SeriesPage(
            series=[summary_of(row, self._keep_ms) for row in page.rows],
            next=page.next,
            previous=page.previous,
        )
