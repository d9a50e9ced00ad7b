"""Pages of lists of tournaments, for people and for admins."""

from __future__ import annotations

from gatherup.features.tournaments.answers import summary_of
from gatherup.http.paging import Pages
from protocol.http.tournaments.tournaments import RemovedQuery, TournamentPage, TournamentsQuery
from storage.postgres.tournaments.tournaments import TournamentFilter, TournamentKey, Tournaments


class TournamentLists:
    """Answers pages."""

    def __init__(self, tournaments: Tournaments, *, keep_ms: int) -> None:
        """``keep_ms``: how long removed tournaments can be restored."""
        self._tournaments = tournaments
        self._keep_ms = keep_ms
        self._pages = Pages(TournamentKey)

    async def page(
        self, user: str, matching: TournamentFilter, query: TournamentsQuery | RemovedQuery
    ) -> TournamentPage:
        """The page that is asked for, of those that match. Raises ProblemError: the cursor is none."""
        edge = self._pages.edge(query.cursor)
        rows = await self._tournaments.page(
            user,
            matching,
            beside=edge.beside,
            back=edge.back,
            limit=query.limit + 1,
        )
        page = self._pages.page(rows, edge, query.limit, matching.key_of)
        return TournamentPage(
            tournaments=[summary_of(row, self._keep_ms) for row in page.rows],
            next=page.next,
            previous=page.previous,
        )
