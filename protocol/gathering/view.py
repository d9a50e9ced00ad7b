"""What the snapshot of a gathering shows."""

from __future__ import annotations

from msgspec import Struct

from protocol.gathering import GatheringPhase, GatheringRole, GatheringVisibility, RegistrationStatus
from protocol.ids import StreamId, UserId


class OwnRegistration(Struct, frozen=True, kw_only=True):
    """What the one who asks is in a gathering."""

    player: int
    status: RegistrationStatus
    checked_in: bool
    tournaments: tuple[StreamId, ...]
    """The competitions that they have chosen."""


class GatheringView(Struct, frozen=True, kw_only=True):
    """The state of a gathering: no texts; those, its players and how competitions stand are requests of their own."""

    gathering: StreamId
    phase: GatheringPhase
    owner: UserId | None
    organisers: tuple[UserId, ...]
    """Beside the owner."""
    games: tuple[str, ...]
    players_max: int
    visibility: GatheringVisibility
    registration_at: int | None
    check_in_at: int | None
    closes_at: int | None
    """When these are due, Unix milliseconds."""
    tournaments: tuple[StreamId, ...]
    """Its competitions."""
    registered: int
    """How many are registered."""
    checked_in: int
    """How many of those have checked in."""
    own: OwnRegistration | None
    role: GatheringRole | None
    """Of the one who asks; the owner is an organiser."""
