"""Gatherings over HTTP: what changes them goes through their actors, what is read of them comes from rows."""

from __future__ import annotations

from typing import Final

from gatherup.feature import Base, Feature
from gatherup.features.gatherings.gatherings import GatheringsResource
from gatherup.features.gatherings.keeps import gathering_keeps
from gatherup.features.gatherings.lists import GatheringLists
from gatherup.features.gatherings.overseeing import GatheringOverseeingResource, ServerGatheringsResource
from gatherup.features.gatherings.players import NUMBER, PlayersResource
from gatherup.features.tournaments.next_matches import NextMatches
from gatherup.http.endpoint import HEX, PathPart
from gatherup.http.overseeing import Overseer
from storage.postgres.admin.admins import Admins
from storage.postgres.audit_log import AuditLog
from storage.postgres.gatherings.gatherings import Gatherings
from storage.postgres.gatherings.players import Players

DAY_MS: Final = 86_400_000
PATH_PARTS: Final = (
    PathPart(
        "gathering",
        "the id of a gathering",
        f"^gathering:{HEX}$",
        "gathering:5f0c1a52b4f24f2f9a0c6f1d2e3b4a59",
    ),
    PathPart("player", "the number of a player within the gathering", NUMBER, "7"),
)


def gatherings_of(base: Base, next_matches: NextMatches) -> Feature:
    """The feature."""
    gatherings, commands, audit = Gatherings(base.pool), base.commands, AuditLog(base.pool)
    lists = GatheringLists(gatherings, keep_ms=base.config.tournaments.keep_removed_days * DAY_MS)
    return Feature(
        resources=(
            GatheringsResource(gatherings, lists, commands),
            PlayersResource(gatherings, Players(base.pool), next_matches, commands),
            GatheringOverseeingResource(lists, Overseer(commands, Admins(base.pool), audit)),
            ServerGatheringsResource(commands, audit),
        ),
        keeps=gathering_keeps(base),
        path_parts=PATH_PARTS,
    )
