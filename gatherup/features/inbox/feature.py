"""The inbox over HTTP."""

from __future__ import annotations

from gatherup.feature import Base, Feature
from gatherup.features.inbox.items import InboxResource
from storage.postgres.inbox.items import Inboxes


def inbox_of(base: Base) -> Feature:
    """The feature."""
    return Feature(resources=(InboxResource(Inboxes(base.pool), base.commands),))
