"""Rows of ratings as they are answered."""

from __future__ import annotations

from protocol.http.ratings import PlayerRating, RatingChange
from storage.postgres.ratings.ratings import RatingRow, StepRow


def rating_of(row: RatingRow) -> PlayerRating:
    """Somebody's rating."""
    return PlayerRating(
        user=row.user, game=row.game, rating=row.rating, mu=row.mu, sigma=row.sigma, matches=row.matches
    )


def change_of(row: StepRow) -> RatingChange:
    """A match that has changed it."""
    return RatingChange(
        at=row.at,
        tournament=row.tournament if row.shown else None,
        match=row.match if row.shown else None,
        rating=row.rating,
        mu=row.mu,
        sigma=row.sigma,
    )
