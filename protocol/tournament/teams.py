"""Teams of a tournament: who is on their roster, who is invited to it, and who plays instead of whom.

Of the marks the same is true as in ``protocol.tournament.events``.
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from protocol import limits
from protocol.frames import StreamCommand
from protocol.ids import UserId
from protocol.tournament import EntrantNumber, MatchNumber

TeamPlayers = Annotated[int, Meta(ge=0, le=limits.TEAM_PLAYERS_MAX)]
Substitutes = Annotated[int, Meta(ge=0, le=limits.SUBSTITUTES_MAX)]
OtherPlayers = Annotated[tuple[UserId, ...], Meta(max_length=limits.TEAM_PLAYERS_MAX - 1)]
"""The roster of a team without its captain."""

# --- commands ----------------------------------------------------------------------------------------------


class InvitePlayer(StreamCommand, frozen=True, kw_only=True, tag="tournament.invite_player"):
    """Invite a user to one's team, as its captain before the start, and tell their inbox."""

    user: UserId


class JoinTeam(StreamCommand, frozen=True, kw_only=True, tag="tournament.join_team"):
    """Join the team that has invited one."""

    entrant: EntrantNumber
    """The team."""


class AddPlayer(StreamCommand, frozen=True, kw_only=True, tag="tournament.add_player"):
    """Put a user on the roster of a team, as an organiser before the start."""

    entrant: EntrantNumber
    user: UserId


class RemovePlayer(StreamCommand, frozen=True, kw_only=True, tag="tournament.remove_player"):
    """Take a user off the roster of a team before the start, or end their invitation: as its captain, as an organiser,
    or as this user. If it is the captain, who has been on the roster longest is the next one.
    """

    entrant: EntrantNumber
    user: UserId


class SubstitutePlayer(StreamCommand, frozen=True, kw_only=True, tag="tournament.substitute"):
    """Let somebody else play from a match on, as the captain of a team or as an organiser, until the match begins."""

    match: MatchNumber
    """The one that the team plays next."""
    player: UserId
    """Who is on the roster, and not any more."""
    substitute: UserId
    """Who is on it instead: somebody without another team."""
    entrant: EntrantNumber | None = None
    """The team for which staff do it; None: one's own."""


# --- events ------------------------------------------------------------------------------------------------


class PlayerInvited(Struct, frozen=True, kw_only=True):
    """The captain of a team has invited a user to it."""

    entrant: int
    user: UserId
    invited: tuple[UserId, ...]
    """All whom it invites now."""


class InvitationEnded(Struct, frozen=True, kw_only=True):
    """A user isn't invited to a team any more."""

    entrant: int
    user: UserId
    invited: tuple[UserId, ...] = ()
    """All whom it invites now."""


class RosterChanged(Struct, frozen=True, kw_only=True):
    """The roster of a team is another one.

    The mark ``listens`` tells that ``joined`` may watch from now on.
    """

    entrant: int
    roster: tuple[UserId, ...]
    """All of it, the captain first."""
    invited: tuple[UserId, ...] = ()
    """All whom the team invites now."""
    joined: UserId | None = None
    left: UserId | None = None
    match: int | None = None
    """The match from which on the one plays instead of the other."""
    until: int | None = None
    """If that match was opened: until when the team must be ready for it, Unix milliseconds."""


EVENTS: Final[dict[str, type[Struct]]] = {
    "tournament.player_invited": PlayerInvited,
    "tournament.invitation_ended": InvitationEnded,
    "tournament.roster_changed": RosterChanged,
}
