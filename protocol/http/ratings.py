"""Ratings of players, by game."""

from __future__ import annotations

from protocol import limits
from protocol.http.base import Answer, Cursor, Limit, Query, RequestBody
from protocol.ids import StreamId, UserId
from protocol.lookups import LookupKey


class RatingsQuery(Query, frozen=True, kw_only=True):
    """Of which game."""

    game: LookupKey
    cursor: Cursor | None = None
    limit: Limit = limits.PAGE_ITEMS_DEFAULT


class PlayerRating(Answer, frozen=True, kw_only=True):
    """How good somebody is held to be in a game."""

    user: UserId
    game: LookupKey
    rating: float
    """``mu`` less three times ``sigma``: they are that good at least, almost for certain."""
    mu: float
    sigma: float
    """How good they are held to be, and how far that may be wrong."""
    matches: int
    """How many of their matches were rated."""


class RatingPage(Answer, frozen=True, kw_only=True):
    """Who is rated in a game, the best first."""

    ratings: list[PlayerRating]
    waiting: int
    """How many matches wait to be rated, or to be rated again after a correction: 0 if all are; 1,000 for more."""
    next: str | None
    """The cursor of the page after this one; None on the last."""
    previous: str | None
    """The cursor of the page before this one; None on the first."""


class UserRatings(Answer, frozen=True, kw_only=True):
    """Somebody's ratings, by the keys of the games."""

    ratings: list[PlayerRating]


class RatingChange(Answer, frozen=True, kw_only=True):
    """What a match has made of a rating."""

    at: int
    """When the match was decided, Unix time in milliseconds."""
    tournament: StreamId | None
    """None if it isn't public, or was removed."""
    match: int | None
    rating: float
    mu: float
    sigma: float
    """After the match."""


class RatingHistory(Answer, frozen=True, kw_only=True):
    """What has changed somebody's rating in a game, the latest match first."""

    changes: list[RatingChange]
    next: str | None
    """The cursor of the page after this one; None on the last."""
    previous: str | None
    """The cursor of the page before this one; None on the first."""


class RatedMark(RequestBody, frozen=True, kw_only=True):
    """Say whether a tournament is marked as rated."""

    rated: bool


class TournamentRated(Answer, frozen=True, kw_only=True):
    """How a tournament stands with ratings."""

    tournament: StreamId
    marked: bool
    """Whether it was marked as rated."""
    rated: bool
    """Whether its results enter ratings: it is of a game, not for invited people, and marked where that is needed."""
