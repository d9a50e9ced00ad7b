"""Whose a tournament is, and how it is removed and restored: what is asked, and what then happens.

Of the marks the same is true as in ``protocol.tournament.events``.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from protocol.frames import StreamCommand
from protocol.ids import UserId

# --- commands ----------------------------------------------------------------------------------------------


class TransferTournament(StreamCommand, frozen=True, kw_only=True, tag="tournament.transfer"):
    """Give a tournament to one of its organisers, as its owner, who is an organiser from then on."""

    user: UserId


class RemoveTournament(StreamCommand, frozen=True, kw_only=True, tag="tournament.remove"):
    """Remove a tournament that is a draft or over, as its owner: it is hidden from everybody at once.

    It can be restored until it is erased, some days later.
    """


class RestoreTournament(StreamCommand, frozen=True, kw_only=True, tag="tournament.restore"):
    """Restore a tournament that was removed, as its owner: it is as it was."""


# --- events ------------------------------------------------------------------------------------------------


class TournamentTransferred(Struct, frozen=True, kw_only=True):
    """The tournament belongs to somebody else.

    The mark ``listens`` tells that they may watch it from now on.
    """

    owner: UserId
    former: UserId | None = None
    """Who owned it before; None if nobody did."""
    organiser: bool
    """Whether that one is an organiser now. If not, they have no role any more: it was taken over."""


class TournamentRemoved(Struct, frozen=True, kw_only=True):
    """The tournament was removed: nobody may watch it."""


class TournamentRestored(Struct, frozen=True, kw_only=True):
    """The tournament, which had been removed, is there again."""


class RoomsClosed(Struct, frozen=True, kw_only=True):
    """Rooms of matches were closed, since the tournament was cancelled."""

    closes: tuple[int, ...]
    """These matches."""


EVENTS: Final[dict[str, type[Struct]]] = {
    "tournament.transferred": TournamentTransferred,
    "tournament.removed": TournamentRemoved,
    "tournament.restored": TournamentRestored,
    "tournament.rooms_closed": RoomsClosed,
}
