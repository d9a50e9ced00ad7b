"""Lookup tables over HTTP: read by everybody, changed by admins."""

from __future__ import annotations

from typing import Final

from gatherup.feature import Base, Feature
from gatherup.features.lookups.keeps import LOOKUPS as KEPT
from gatherup.features.lookups.lookups import LookupsResource
from gatherup.http.endpoint import PathPart
from protocol.lookups import KEY_PATTERN, LOOKUPS
from storage.postgres.admin.admins import Admins
from storage.postgres.lookups.lookups import Lookups

PATH_PARTS: Final = (
    PathPart("lookup", "the name of a lookup table", f"^({'|'.join(LOOKUPS)})$", "game"),
    PathPart("entry", "the key of an entry in a lookup table", KEY_PATTERN, "chess"),
)


def lookups_of(base: Base) -> Feature:
    """The feature."""
    return Feature(
        resources=(LookupsResource(Lookups(base.pool), Admins(base.pool), base.clock),),
        keeps=(KEPT,),
        path_parts=PATH_PARTS,
    )
