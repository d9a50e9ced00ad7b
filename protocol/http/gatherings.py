"""Gatherings over HTTP: bodies and answers."""

from __future__ import annotations

from msgspec import Struct

from protocol import limits
from protocol.frames import Position
from protocol.gathering import (
    Chosen,
    Games,
    GatheringPhase,
    GatheringRole,
    GatheringVisibility,
    PlayerNumber,
    PlayersMax,
    RegistrationStatus,
)
from protocol.http.base import Answer, CommandBody, Cursor, Limit
from protocol.ids import StreamId, UserId
from protocol.lookups import LookupKey
from protocol.text import Reason
from protocol.tournament import At, AtOrNever, Description, EntrantStatus, Format, Name, Phase


class NewGathering(CommandBody, frozen=True, kw_only=True):
    """Create a gathering as a draft.

    The times that are given come in this order: registration, check-in, close. What has no time waits for a command.
    """

    name: Name
    description: Description = ""
    games: Games = ()
    players_max: PlayersMax = limits.GATHERING_PLAYERS_MAX
    """How many may be registered at a time."""
    visibility: GatheringVisibility = "public"
    registration_at: At | None = None
    check_in_at: At | None = None
    closes_at: At | None = None


class ChangedGathering(CommandBody, frozen=True, kw_only=True):
    """Change the settings of a gathering. What is left out stays as it is; a time of 0 is taken away."""

    name: Name | None = None
    description: Description | None = None
    games: Games | None = None
    players_max: PlayersMax | None = None
    visibility: GatheringVisibility | None = None
    registration_at: AtOrNever | None = None
    check_in_at: AtOrNever | None = None
    closes_at: AtOrNever | None = None


class NewGatheringRole(CommandBody, frozen=True, kw_only=True):
    """Give a user a role on the staff of a gathering, or take it away."""

    user: UserId
    role: GatheringRole | None
    """None: no role any more."""


class NewCompetition(CommandBody, frozen=True, kw_only=True):
    """Make a tournament a competition of a gathering."""

    tournament: StreamId


class Registration(CommandBody, frozen=True, kw_only=True):
    """Register with a gathering for these of its competitions."""

    tournaments: Chosen = ()


class ChosenCompetitions(CommandBody, frozen=True, kw_only=True):
    """All competitions that one plays: those that aren't named are dropped."""

    tournaments: Chosen


class PlayerCheckIn(CommandBody, frozen=True, kw_only=True):
    """Check in to a gathering."""

    player: PlayerNumber | None = None
    """Whom organisers check in; None: oneself."""


class PlayerRemoval(CommandBody, frozen=True, kw_only=True):
    """Remove a player from a gathering."""

    bar: bool = False
    """Whether they may not come back."""
    reason: Reason = ""


class GatheringsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which gatherings to list: public ones, the newest first, of which all of this is true."""

    mine: bool = False
    """Those that one owns, is on the staff of or has registered with, public or not."""
    removed: bool = False
    """Those that one owns and has removed, which can still be restored."""
    phase: GatheringPhase | None = None
    game: LookupKey | None = None
    """Those that name this game."""
    owner: UserId | None = None
    cursor: Cursor | None = None
    limit: Limit = limits.PAGE_ITEMS_DEFAULT


class RemovedGatheringsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which removed gatherings to list."""

    cursor: Cursor | None = None
    limit: Limit = limits.PAGE_ITEMS_DEFAULT


class GatheringSummary(Answer, frozen=True, kw_only=True):
    """A gathering in a list."""

    gathering: StreamId
    name: str | None
    """None when it was erased."""
    games: list[LookupKey]
    visibility: GatheringVisibility
    phase: GatheringPhase
    owner: UserId | None
    created_at: int
    """Unix time in milliseconds."""
    registration_at: int | None
    check_in_at: int | None
    closes_at: int | None
    """When these are due, Unix time in milliseconds."""
    players_max: int
    registered: int
    """How many are registered."""
    checked_in: int
    """How many of those have checked in."""
    restorable_until: int | None = None
    """Of a removed gathering: until when it can be restored, Unix time in milliseconds."""


class GatheringPage(Answer, frozen=True, kw_only=True):
    """Gatherings, the newest first."""

    gatherings: list[GatheringSummary]
    next: str | None
    """The cursor of the page after this one; None on the last."""
    previous: str | None
    """The cursor of the page before this one; None on the first."""


class GatheringCompetition(Answer, frozen=True, kw_only=True):
    """A tournament that is a competition of a gathering, and what the one who asks is in it."""

    tournament: StreamId
    joined: bool
    """Whether it has joined: only then it can be chosen. It refuses to if somebody has entered it meanwhile, or it was
    started, cancelled or removed.
    """
    name: str | None
    """None when it was erased."""
    game: LookupKey | None
    format: Format | None
    phase: Phase | None
    """None of a tournament that was removed, as are the others."""
    start_at: int | None
    """When its start is due, Unix time in milliseconds."""
    entered: int | None
    """How many are entered; after the start, how many take part."""
    entrants_max: int | None
    chosen: bool
    """Whether one has chosen it."""
    status: EntrantStatus | None
    """What one is in it; None if one was never entered."""
    refused: bool
    """Whether one has chosen it in vain: it had started, or wasn't there any more, before one was entered."""


class GatheringRegistration(Answer, frozen=True, kw_only=True):
    """What the one who asks is in a gathering."""

    player: int
    """Their number."""
    status: RegistrationStatus
    checked_in: bool


class GatheringDetail(Answer, frozen=True, kw_only=True):
    """One gathering in detail."""

    gathering: StreamId
    name: str | None
    """None when it was erased."""
    description: str
    games: list[LookupKey]
    visibility: GatheringVisibility
    phase: GatheringPhase
    owner: UserId | None
    organisers: list[UserId]
    """Beside the owner."""
    created_at: int
    """Unix time in milliseconds."""
    registration_at: int | None
    check_in_at: int | None
    closes_at: int | None
    """When these are due, Unix time in milliseconds."""
    reason: str | None
    """Why it was cancelled."""
    players_max: int
    registered: int
    """How many are registered."""
    checked_in: int
    """How many of those have checked in."""
    competitions: list[GatheringCompetition]
    """As their own logs say, each where it stood."""
    own: GatheringRegistration | None
    """What the one who asks is in it; None if they have never registered."""
    role: GatheringRole | None
    """The role of the one who asks; the owner is an organiser."""
    position: Position
    """Where in the gathering's log this was read: apply the events after it, and what they change is right."""


class PlayersQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which players to list."""

    status: RegistrationStatus | None = None
    tournament: StreamId | None = None
    """Those who have chosen this competition."""
    cursor: Cursor | None = None
    limit: Limit = limits.PAGE_ITEMS_DEFAULT


class GatheringPlayer(Answer, frozen=True, kw_only=True):
    """Somebody who is registered with a gathering, or was."""

    player: int
    """Their number within the gathering."""
    user: UserId
    status: RegistrationStatus
    checked_in: bool
    tournaments: list[StreamId]
    """The competitions that they have chosen."""
    reason: str | None
    """Why organisers removed them."""


class PlayerPage(Answer, frozen=True, kw_only=True):
    """Players, by number."""

    players: list[GatheringPlayer]
    position: Position
    """Where in the gathering's log this was read. Pages of one list may be read at different positions."""
    next: str | None
    """The cursor of the page after this one; None on the last."""
    previous: str | None
    """The cursor of the page before this one; None on the first."""


class NextMatchesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose next matches to list."""

    user: UserId | None = None
    """None: one's own."""
    cursor: Cursor | None = None
    limit: Limit = limits.PAGE_ITEMS_DEFAULT
