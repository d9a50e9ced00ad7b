"""Pages of lists of gatherings, for people and for admins."""

from __future__ import annotations

from gatherup.features.gatherings.answers import summary_of
from gatherup.http.paging import Pages
from protocol.http.gatherings import GatheringPage, GatheringsQuery, RemovedGatheringsQuery
from storage.postgres.gatherings.gatherings import GatheringFilter, GatheringKey, Gatherings


class GatheringLists:
    """Answers pages."""

    def __init__(self, gatherings: Gatherings, *, keep_ms: int) -> None:
        """``keep_ms``: how long removed gatherings can be restored."""
        self._gatherings = gatherings
        self._keep_ms = keep_ms
        self._pages = Pages(GatheringKey)

    async def page(
        self, user: str, matching: GatheringFilter, query: GatheringsQuery | RemovedGatheringsQuery
    ) -> GatheringPage:
        """The page that is asked for, of those that match. Raises ProblemError: the cursor is none."""
        edge = self._pages.edge(query.cursor)
        rows = await self._gatherings.page(
            user,
            matching,
            beside=edge.beside,
            back=edge.back,
            limit=query.limit + 1,
        )
        page = self._pages.page(
            rows, edge, query.limit, lambda row: GatheringKey(row.created_at, row.gathering)
        )
        return GatheringPage(
            gatherings=[summary_of(row, self._keep_ms) for row in page.rows],
            next=page.next,
            previous=page.previous,
        )
