"""What happened in a series of tournaments: payloads; who and when stand in the event's header.

Marks repeat all fields but texts that people wrote (names, descriptions) and None; settings and the recurrence stand
there as JSON. Where the next time is another one, there are the marks ``next_at`` and ``next_local`` (by the clocks of
its zone), 0 and empty if there is none, and ``passed``: how many times of the recurrence were before it.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from protocol.ids import StreamId, UserId
from protocol.series import Missed, SeriesVisibility
from protocol.series.recurrence import Recurrence
from protocol.tournament import StaffRole
from protocol.tournament.definition import LastingSettings


class SeriesCreated(Struct, frozen=True, kw_only=True):
    """A series of tournaments was created: always its first event. The author owns it, unless it is no user."""

    name: str
    description: str
    visibility: SeriesVisibility
    settings: LastingSettings
    recurrence: Recurrence | None = None
    create_s: int
    registration_s: int
    check_in_s: int
    points: tuple[int, ...] = ()
    best: int


class SeriesChanged(Struct, frozen=True, kw_only=True):
    """The series was changed to those values that are not None.

    The marks ``named`` and ``described`` tell that these texts changed.
    """

    name: str | None = None
    description: str | None = None
    visibility: SeriesVisibility | None = None
    settings: LastingSettings | None = None
    recurrence: Recurrence | None = None
    create_s: int | None = None
    registration_s: int | None = None
    check_in_s: int | None = None
    points: tuple[int, ...] | None = None
    best: int | None = None


class SeriesStaffSet(Struct, frozen=True, kw_only=True):
    """A user has this role on the staff of the series now; None: no role."""

    user: UserId
    role: StaffRole | None = None


class SeriesTransferred(Struct, frozen=True, kw_only=True):
    """The series belongs to somebody else."""

    owner: UserId
    former: UserId | None = None
    """Who owned it before; None if nobody did."""
    organiser: bool
    """Whether that one is an organiser now. If not, they have no role any more: it was taken over."""


class SeriesCancelled(Struct, frozen=True, kw_only=True):
    """The series was cancelled: it makes no more tournaments."""


class SeriesRemoved(Struct, frozen=True, kw_only=True):
    """The series was removed: nobody may watch it."""


class SeriesRestored(Struct, frozen=True, kw_only=True):
    """The series, which had been removed, is there again."""


class SeriesTournamentMade(Struct, frozen=True, kw_only=True):
    """The series has a next tournament, which is made with it.

    The marks ``settings``, ``owner`` and ``staff`` (user and role in turn) tell what it is made with.
    """

    tournament: StreamId
    number: int
    """Which one of the series it is, of those that the series has made; from 1 on."""
    start_at: int
    registration_at: int | None = None
    check_in_at: int | None = None
    """Unix milliseconds."""
    count: int
    """How many tournaments the series has now."""


class SeriesTimesMissed(Struct, frozen=True, kw_only=True):
    """Some times of the recurrence have passed without a tournament."""

    count: int
    first_at: int
    last_at: int
    """The first and the last one of them, Unix milliseconds."""
    why: Missed


class SeriesTournamentAdded(Struct, frozen=True, kw_only=True):
    """A tournament counts in the series from now on."""

    tournament: StreamId
    count: int
    """How many tournaments the series has now."""


class SeriesTournamentDropped(Struct, frozen=True, kw_only=True):
    """A tournament doesn't count in the series any more."""

    tournament: StreamId
    count: int
    """How many tournaments the series has now."""


class SeriesPersonErased(Struct, frozen=True, kw_only=True):
    """A user's account was erased, and so were their texts in the events at the header's ``erases``.

    Marks: ``name`` and ``description`` if the one of the series is gone; ``owner`` if the owner was erased: who owns it
    now, "" for nobody, and then it makes no more tournaments.
    """

    user: UserId


EVENTS: Final[dict[str, type[Struct]]] = {
    "series.created": SeriesCreated,
    "series.changed": SeriesChanged,
    "series.staff_set": SeriesStaffSet,
    "series.transferred": SeriesTransferred,
    "series.cancelled": SeriesCancelled,
    "series.removed": SeriesRemoved,
    "series.restored": SeriesRestored,
    "series.tournament_made": SeriesTournamentMade,
    "series.times_missed": SeriesTimesMissed,
    "series.tournament_added": SeriesTournamentAdded,
    "series.tournament_dropped": SeriesTournamentDropped,
    "series.person_erased": SeriesPersonErased,
}
