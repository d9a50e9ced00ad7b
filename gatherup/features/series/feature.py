"""Series of tournaments over HTTP: what changes them goes through their actors, what is read comes from rows."""

from __future__ import annotations

from typing import Final

from gatherup.feature import Base, Feature
from gatherup.features.series.keeps import series_keeps
from gatherup.features.series.lists import SeriesLists
from gatherup.features.series.overseeing import SeriesOverseeingResource
from gatherup.features.series.series import SeriesResource
from gatherup.features.series.standings import SeriesStandingsResource
from gatherup.http.endpoint import HEX, PathPart
from gatherup.http.overseeing import Overseer
from storage.postgres.admin.admins import Admins
from storage.postgres.audit_log import AuditLog
from storage.postgres.series.series import SeriesRows
from storage.postgres.series.standings import SeriesStandingRows
from storage.postgres.tournaments.templates import Templates

DAY_MS: Final = 86_400_000
PATH_PARTS: Final = (
    PathPart(
        "series",
        "the id of a series of tournaments",
        f"^series:{HEX}$",
        "series:5f0c1a52b4f24f2f9a0c6f1d2e3b4a59",
    ),
)


def series_of(base: Base) -> Feature:
    """The feature."""
    pool, series = base.pool, SeriesRows(base.pool)
    lists = SeriesLists(series, keep_ms=base.config.tournaments.keep_removed_days * DAY_MS)
    return Feature(
        resources=(
            SeriesResource(series, lists, Templates(pool), base.commands),
            SeriesStandingsResource(series, SeriesStandingRows(pool)),
            SeriesOverseeingResource(lists, Overseer(base.commands, Admins(pool), AuditLog(pool))),
        ),
        keeps=series_keeps(base),
        path_parts=PATH_PARTS,
    )
