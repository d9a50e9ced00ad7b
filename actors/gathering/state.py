"""A gathering as deciding needs it: who is registered, for which competitions, timers. Bounded, without any text."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from actors.kind import Instant
from actors.numbered import Numbered
from actors.ordered_map import OrderedMap
from actors.staffing import Staffed
from protocol import limits
from protocol.gathering import GatheringPhase, GatheringVisibility, RegistrationStatus
from protocol.ids import StreamId

TIMES: Final = {"registration_at": "registration", "check_in_at": "check_in", "closes_at": "close"}
"""The times among the settings, each with its key in ``timers``."""


class Settings(Struct, frozen=True, kw_only=True):
    """What its creator chose, and staff have changed."""

    games: tuple[str, ...] = ()
    players_max: int = limits.GATHERING_PLAYERS_MAX
    visibility: GatheringVisibility = "public"
    registration_at: Instant | None = None
    check_in_at: Instant | None = None
    closes_at: Instant | None = None


class Competition(Struct, frozen=True, array_like=True):
    """A tournament that is a competition, or was one. Players name it by its place among them, from 1."""

    tournament: StreamId
    attached: bool = True


class Player(Struct, frozen=True, array_like=True):
    """Somebody who is registered, or was."""

    user: str
    """Empty once they were erased."""
    status: RegistrationStatus
    checked_in: bool = False
    chosen: tuple[int, ...] = ()
    """The numbers of competitions, in the order in which they were named."""


class Gathering(Staffed, frozen=True, kw_only=True):
    """The state of one gathering. Never changed in place, and what grows with its players isn't copied."""

    gathering: StreamId
    seq: int = 0
    at: Instant = 0
    """Both of its last event."""
    phase: GatheringPhase | None = None
    """None only before the first event."""
    named_at: int = 0
    """The seq of the event that gave it its name."""
    described_at: int = 0
    """The seq of the event that gave it its description."""
    settings: Settings = Settings()
    competitions: tuple[Competition, ...] = ()
    """At most GATHERING_COMPETITIONS_MAX."""
    players: Numbered[Player] = Numbered()
    """At most GATHERING_ENTRIES_MAX."""
    users: OrderedMap[int] = OrderedMap()
    """User id to the number of their player."""
    registered: int = 0
    """How many players are *registered*."""
    checked_in: int = 0
    """How many of those have checked in."""
    timers: OrderedMap[Instant] = OrderedMap()
    """When it goes on to another phase: ``registration``, ``check_in`` and ``close``."""

    @property
    def attached(self) -> tuple[StreamId, ...]:
        """The tournaments that are its competitions."""
        return tuple(one.tournament for one in self.competitions if one.attached)

    def number_of(self, tournament: str) -> int | None:
        """The number of a competition, also of one that was taken out."""
        found = (n for n, one in enumerate(self.competitions, 1) if one.tournament == tournament)
        return next(found, None)

    def chosen(self, player: Player) -> tuple[StreamId, ...]:
        """The tournaments that a player has chosen, as far as they are still its competitions."""
        chosen = (self.competitions[number - 1] for number in player.chosen)
        return tuple(one.tournament for one in chosen if one.attached)
