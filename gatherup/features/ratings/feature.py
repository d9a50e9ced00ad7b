"""Ratings of players by game: fed by the results of tournaments, read over HTTP."""

from __future__ import annotations

from typing import Final

from gatherup.feature import Base, Feature
from gatherup.features.ratings.jobs import RatingJobs
from gatherup.features.ratings.keeps import RATINGS
from gatherup.features.ratings.ratings import RatingsResource
from gatherup.offloop.pool import OffLoop
from storage.postgres.ratings.ledger import Ledger
from storage.postgres.ratings.ratings import Ratings
from storage.postgres.ratings.working import Working

CALLS_WAITING_MAX: Final = 8
"""More than jobs that one node does at a time."""


def ratings_of(base: Base) -> Feature:
    """The feature."""
    rating = OffLoop(processes=1, waiting_max=CALLS_WAITING_MAX)
    jobs = RatingJobs(Ledger(base.pool), Working(base.pool), rating)
    return Feature(
        resources=(RatingsResource(Ratings(base.pool)),),
        tasks=(rating.close_at_end,),
        keeps=(RATINGS,),
        queues=(jobs.queue(),),
    )
