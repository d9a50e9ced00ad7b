"""Tournaments that are competitions of a gathering: what it asks of them, and what then happens.

The gathering alone sends these commands, as effects of its own events. Each asks for a state and not for a step, so one
that comes twice changes nothing. Of the marks the same is true as in ``protocol.tournament.events``.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from protocol.frames import StreamCommand
from protocol.ids import StreamId, UserId

# --- commands ----------------------------------------------------------------------------------------------


class JoinGathering(StreamCommand, frozen=True, kw_only=True, tag="tournament.join_gathering"):
    """A gathering's own: be one of its competitions, as this organiser of both wants it."""

    user: UserId


class LeaveGathering(StreamCommand, frozen=True, kw_only=True, tag="tournament.leave_gathering"):
    """A gathering's own: be none of its competitions any more."""


class EnterGathered(StreamCommand, frozen=True, kw_only=True, tag="tournament.enter_gathered"):
    """A gathering's own: this player takes part, as far as there is room."""

    user: UserId
    checked_in: bool = False


class CheckInGathered(StreamCommand, frozen=True, kw_only=True, tag="tournament.check_in_gathered"):
    """A gathering's own: this player has checked in."""

    user: UserId


class WithdrawGathered(StreamCommand, frozen=True, kw_only=True, tag="tournament.withdraw_gathered"):
    """A gathering's own: this player takes no part any more."""

    user: UserId


class CancelGathered(StreamCommand, frozen=True, kw_only=True, tag="tournament.cancel_gathered"):
    """A gathering's own: it was cancelled, and so is the tournament unless it has started."""


COMMANDS: Final = (
    JoinGathering,
    LeaveGathering,
    EnterGathered,
    CheckInGathered,
    WithdrawGathered,
    CancelGathered,
)


# --- events ------------------------------------------------------------------------------------------------


class TournamentGathered(Struct, frozen=True, kw_only=True):
    """The tournament is a competition of a gathering: who registers there is entered, and nobody else."""

    gathering: StreamId


class TournamentUngathered(Struct, frozen=True, kw_only=True):
    """The tournament isn't a competition of the gathering any more. Staff enter people."""

    gathering: StreamId


EVENTS: Final[dict[str, type[Struct]]] = {
    "tournament.gathered": TournamentGathered,
    "tournament.ungathered": TournamentUngathered,
}
