"""What happened in a gathering: payloads; who and when stand in the event's header.

Marks repeat all fields but texts that people wrote (names, descriptions, reasons) and None. A docstring names the marks
that are more than that.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from protocol.gathering import GatheringRole, GatheringVisibility, RegistrationStatus
from protocol.ids import StreamId, UserId


class GatheringCreated(Struct, frozen=True, kw_only=True):
    """A gathering was created as a draft: always its first event. The author owns it, unless it is no user."""

    name: str
    description: str
    games: tuple[str, ...]
    players_max: int
    visibility: GatheringVisibility
    registration_at: int | None
    check_in_at: int | None
    closes_at: int | None


class GatheringChanged(Struct, frozen=True, kw_only=True):
    """Settings of the gathering were changed to those values that are not None; a time of 0 was taken away.

    The marks ``named`` and ``described`` tell that these texts changed.
    """

    name: str | None = None
    description: str | None = None
    games: tuple[str, ...] | None = None
    players_max: int | None = None
    visibility: GatheringVisibility | None = None
    registration_at: int | None = None
    check_in_at: int | None = None
    closes_at: int | None = None


class GatheringStaffSet(Struct, frozen=True, kw_only=True):
    """A user has this role on the staff of the gathering now; None: no role."""

    user: UserId
    role: GatheringRole | None = None


class GatheringTransferred(Struct, frozen=True, kw_only=True):
    """The gathering belongs to somebody else."""

    owner: UserId
    former: UserId | None = None
    """Who owned it before; None if nobody did."""
    organiser: bool
    """Whether that one is an organiser now. If not, they have no role any more: it was taken over."""


class GatheringRemoved(Struct, frozen=True, kw_only=True):
    """The gathering was removed: nobody may see it."""


class GatheringRestored(Struct, frozen=True, kw_only=True):
    """The gathering, which had been removed, is there again."""


class GatheringRegistrationOpened(Struct, frozen=True, kw_only=True):
    """The registration of the gathering was opened."""


class GatheringCheckInOpened(Struct, frozen=True, kw_only=True):
    """The check-in of the gathering was opened, and its registration has ended."""


class GatheringClosed(Struct, frozen=True, kw_only=True):
    """Nobody registers with the gathering or checks in to it any more."""


class GatheringCancelled(Struct, frozen=True, kw_only=True):
    """The gathering was cancelled. Its competitions, which the mark ``tournaments`` names, are as far as they haven't
    started.
    """

    reason: str = ""


class CompetitionAttached(Struct, frozen=True, kw_only=True):
    """A tournament is to be a competition of the gathering. It can be chosen once it has joined."""

    tournament: StreamId


class CompetitionDetached(Struct, frozen=True, kw_only=True):
    """A tournament isn't a competition of the gathering any more."""

    tournament: StreamId


class PlayerRegistered(Struct, frozen=True, kw_only=True):
    """Somebody has registered with the gathering, again or for the first time, and is entered in these competitions."""

    player: int
    user: UserId
    tournaments: tuple[StreamId, ...]
    registered: int
    """How many are registered now."""


class CompetitionsChosen(Struct, frozen=True, kw_only=True):
    """A player has chosen these competitions of the gathering now: they are entered in those that were added, and leave
    those that were dropped.
    """

    player: int
    user: UserId
    tournaments: tuple[StreamId, ...]
    added: tuple[StreamId, ...] = ()
    dropped: tuple[StreamId, ...] = ()
    checked_in: bool = False
    """Whether they have checked in, which then counts for those that were added, too."""


class PlayerCheckedIn(Struct, frozen=True, kw_only=True):
    """A player has checked in to the gathering, and so to these competitions."""

    player: int
    user: UserId
    tournaments: tuple[StreamId, ...]
    checked_in: int
    """How many of those who are registered have checked in now."""


class PlayerWithdrawn(Struct, frozen=True, kw_only=True):
    """A player isn't registered any more, and leaves those of these competitions that aren't over."""

    player: int
    user: UserId
    status: RegistrationStatus
    """*withdrawn*, *removed* or *barred*."""
    tournaments: tuple[StreamId, ...]
    registered: int
    """How many are registered now."""
    checked_in: int
    """How many of those have checked in now."""
    reason: str = ""


class GatheringPersonErased(Struct, frozen=True, kw_only=True):
    """A user's account was erased, and so were their texts in the events at the header's ``erases``.

    Marks: ``name``, ``description`` and ``reason`` if the gathering's is gone; ``reasons``: users of whose removal the
    reason is gone; ``player``: their own number, if they had one; ``owner`` if the owner was erased: who owns the
    gathering now, "" for nobody.
    """

    user: UserId


EVENTS: Final[dict[str, type[Struct]]] = {
    "gathering.created": GatheringCreated,
    "gathering.changed": GatheringChanged,
    "gathering.staff_set": GatheringStaffSet,
    "gathering.transferred": GatheringTransferred,
    "gathering.removed": GatheringRemoved,
    "gathering.restored": GatheringRestored,
    "gathering.registration_opened": GatheringRegistrationOpened,
    "gathering.check_in_opened": GatheringCheckInOpened,
    "gathering.closed": GatheringClosed,
    "gathering.cancelled": GatheringCancelled,
    "gathering.attached": CompetitionAttached,
    "gathering.detached": CompetitionDetached,
    "gathering.registered": PlayerRegistered,
    "gathering.chosen": CompetitionsChosen,
    "gathering.checked_in": PlayerCheckedIn,
    "gathering.withdrawn": PlayerWithdrawn,
    "gathering.person_erased": GatheringPersonErased,
}
