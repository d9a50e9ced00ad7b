"""Ratings over HTTP."""

from __future__ import annotations

from typing import Final

from gatherup.features.ratings.told import change_of, rating_of
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.ids import stream_id
from gatherup.http.paging import Pages
from gatherup.http.problem import ProblemError
from protocol import limits
from protocol.codes import Code
from protocol.http.ratings import RatingHistory, RatingPage, RatingsQuery, UserRatings
from protocol.ids import USER
from storage.postgres.ratings.ratings import RankKey, Ratings, StepKey

GROUP: Final = "ratings"
OF_USER: Final = "/v1/users/<user>/ratings"


class RatingsResource:
    """Who is how good."""

    def __init__(self, ratings: Ratings) -> None:
        self._ratings = ratings
        self._pages = Pages(RankKey)
        self._changes = Pages(StepKey)

    @endpoint("GET", "/v1/ratings", query=RatingsQuery, answer=RatingPage, polled=True, group=GROUP)
    async def page(self, caller: Caller, query: RatingsQuery) -> RatingPage:
        """List who is rated in a game, the best first, and how many matches wait to be rated."""
        edge = self._pages.edge(query.cursor)
        found = await self._ratings.page(
            query.game,
            beside=edge.beside,
            back=edge.back,
            limit=query.limit + 1,
        )
        page = self._pages.page(found, edge, query.limit, lambda row: RankKey(-row.rating, row.player))
        return RatingPage(
            ratings=list(map(rating_of, page.rows)),
            waiting=await self._ratings.waiting(query.game, most=limits.RATINGS_WAITING_SHOWN_MAX),
            next=page.next,
            previous=page.previous,
        )

    @endpoint("GET", OF_USER, answer=UserRatings, polled=True, group=GROUP)
    async def of(self, caller: Caller, user: str) -> UserRatings:
        """List the ratings of a user in all games."""
        found = await self._ratings.of(stream_id(USER, user), None, limit=limits.RATED_GAMES_SHOWN_MAX)
        return UserRatings(ratings=list(map(rating_of, found)))

    @endpoint(
        "GET",
        OF_USER + "/history",
        query=RatingsQuery,
        answer=RatingHistory,
        polled=True,
        group=GROUP,
    )
    async def history(self, caller: Caller, user: str, query: RatingsQuery) -> RatingHistory:
        """List what has changed a user's rating in a game, the latest match first."""
        edge = self._changes.edge(query.cursor)
        rated = await self._ratings.of(stream_id(USER, user), query.game, limit=1)
        if not rated:
            raise ProblemError(Code.NOT_FOUND, "They aren't rated in this game.")
        found = await self._ratings.history(
            rated[0].player,
            beside=edge.beside,
            back=edge.back,
            limit=query.limit + 1,
        )
        page = self._changes.page(
            found, edge, query.limit, lambda row: StepKey(row.at, row.tournament, row.match)
        )
        return RatingHistory(changes=list(map(change_of, page.rows)), next=page.next, previous=page.previous)
