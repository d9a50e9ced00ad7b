"""The match that somebody plays or waits for in each of their tournaments, and which of them collide."""

from __future__ import annotations

from actors.ports.time import Clock
from gatherup.features.tournaments.answers import match_of
from gatherup.features.tournaments.brackets import first_seeded, named_of
from gatherup.http.paging import Pages
from protocol import limits
from protocol.http.tournaments.matches import OwnMatch, OwnMatchesQuery, OwnMatchPage
from storage.postgres.tournaments.collisions import Collisions
from storage.postgres.tournaments.matches import Matches, MatchRow, OwnMatchKey, OwnMatchRow


class NextMatches:
    """Answers pages."""

    def __init__(self, matches: Matches, collisions: Collisions, clock: Clock) -> None:
        self._matches = matches
        self._collisions = collisions
        self._clock = clock
        self._pages = Pages(OwnMatchKey)

    async def page(
        self, user: str, query: OwnMatchesQuery, *, gathering: str | None = None, within: bool = False
    ) -> OwnMatchPage:
        """The page that is asked for, of all tournaments or those of a gathering. ``within``: nothing is told of what
        collides outside of it. Raises ProblemError: the cursor is none.
        """
        edge = self._pages.edge(query.cursor)
        rows = await self._matches.own(
            user,
            gathering=gathering,
            beside=edge.beside,
            back=edge.back,
            limit=query.limit + 1,
        )
        page = self._pages.page(
            rows, edge, query.limit, lambda row: OwnMatchKey(row.started_at, row.tournament)
        )
        found = {row.tournament: first_seeded(row) for row in page.rows if row.match is None}
        first = {of: one for of, one in found.items() if one is not None}
        met = await self._matches.seeded({of: seed for of, (_, seed) in first.items() if seed})
        colliding = await self._collisions.of(
            user,
            [row.tournament for row in page.rows],
            gathering=gathering if within else None,
            now=self._clock.now(),
            window_ms=limits.COLLISION_S * 1000,
        )
        matches = [
            _own(
                row,
                row.match or named_of(row, first[row.tournament][0], met.get(row.tournament)),
                colliding.get(row.tournament, []),
            )
            for row in page.rows
            if row.match or row.tournament in first
        ]
        return OwnMatchPage(matches=matches, next=page.next, previous=page.previous)


def _own(row: OwnMatchRow, match: MatchRow, collides: list[str]) -> OwnMatch:
    return OwnMatch(
        tournament=row.tournament,
        entrant=row.entrant,
        match=match_of(match, row.seating),
        collides=collides,
    )
