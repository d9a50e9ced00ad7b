"""Teams of a tournament and their rosters."""

from __future__ import annotations

from protocol.http.base import CommandBody
from protocol.ids import UserId
from protocol.tournament import EntrantName, EntrantNumber


class Entering(CommandBody, frozen=True, kw_only=True):
    """Enter a tournament; a tournament of teams with a team, whose captain one is."""

    name: EntrantName | None = None
    """The name of the team."""


class TeamPlayer(CommandBody, frozen=True, kw_only=True):
    """A user who is invited to a team, put on its roster, or taken off it."""

    user: UserId


class Exchange(CommandBody, frozen=True, kw_only=True):
    """Let somebody else play from a match on."""

    player: UserId
    """Who is on the roster, and not any more."""
    substitute: UserId
    """Who is on it instead: somebody without another team."""
    entrant: EntrantNumber | None = None
    """The team for which staff do it; None: one's own."""
