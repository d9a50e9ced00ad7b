"""Presence on the wire: who is there, told as ``presence`` signals and never logged.

A room's roster is who listens to it; a person's is that person, whatever device they are on. A signal's ``data`` holds
``count`` (how many are there), and of those that changed the lists ``online``, ``away``, ``busy`` and ``offline``;
among more than PRESENT_USERS_MAX only ``count``.
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

from protocol import limits
from protocol.frames import ClientFrame, Status
from protocol.ids import ClientId, UserId

KIND: Final = "person"
"""The first part of a person's roster id. Nothing is ever logged under it."""
PRESENCE: Final = "presence"
"""The signal's type."""


def person_of(user: str) -> str:
    """The id of a user's own roster. The user id must be well-formed."""
    return f"{KIND}:{user[-32:]}"


class SetStatus(ClientFrame, frozen=True, kw_only=True, tag="set_status"):
    """Set how the user is seen while this session is open; not answered.

    Of several sessions the most present counts (busy, online, away), and one that is invisible makes the user so.
    None is dropped; who changes it more often than STATUSES_PER_S for long is closed as flooding.
    """

    status: Status


class WatchPresence(ClientFrame, frozen=True, kw_only=True, tag="watch_presence"):
    """Watch the presence of these people, instead of the people named before; an empty list ends the watch.

    Answered by accepted, and a ``presence`` signal for everyone who is there and lets the user see it. Who stops
    letting them (blocks them, say) is told as gone within about SIGHT_INTERVAL_S, and who begins to as there.
    """

    client_id: ClientId
    users: Annotated[tuple[UserId, ...], Meta(max_length=limits.WATCHED_PEOPLE_MAX)] = ()


FRAMES: Final = (SetStatus, WatchPresence)
