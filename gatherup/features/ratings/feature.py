"""Ratings of players by game: fed by the results of tournaments, read over HTTP."""

from __future__ import annotations

from typing import Final

from gatherup.feature import Base, Feature
from gatherup.features.ratings.jobs import RatingJobs
from gatherup.features.ratings.keeps import RATINGS
from gatherup.features.ratings.marks import RatedMarksResource
from gatherup.features.ratings.ratings import RatingsResource
from gatherup.offloop.pool import OffLoop
from storage.postgres.admin.admins import Admins
from storage.postgres.ratings.ledger import Ledger
from storage.postgres.ratings.marks import RatedMarks
from storage.postgres.ratings.ratings import Ratings
from storage.postgres.ratings.working import Working

CALLS_WAITING_MAX: Final = 8
"""More than jobs that one node does at a time."""


def ratings_of(base: Base) -> Feature:
    """The feature."""
    rating = OffLoop(processes=1, waiting_max=CALLS_WAITING_MAX)
    marked_only = base.config.tournaments.rated == "marked"
    jobs = RatingJobs(Ledger(base.pool, marked_only=marked_only), Working(base.pool), rating)
    marks = RatedMarksResource(
        RatedMarks(base.pool),
        Admins(base.pool),
        base.clock,
        base.throttle,
        base.wake,
        needed=marked_only,
    )
    return Feature(
        resources=(RatingsResource(Ratings(base.pool)), marks),
        tasks=(rating.close_at_end,),
        keeps=(RATINGS,),
        queues=(jobs.queue(),),
    )
