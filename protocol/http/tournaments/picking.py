"""Picks and bans, other starts, and what staff hold."""

from __future__ import annotations

from protocol.http.base import CommandBody
from protocol.tournament import At, EntrantNumber
from protocol.tournament.picking import PickNumber
from protocol.tournament.rounds import PoolGame


class Choice(CommandBody, frozen=True, kw_only=True):
    """Do the step of picks and bans that is one's own in one's match."""

    step: PickNumber
    """Which one, from 1 on: so that a word that comes late isn't taken for the next step."""
    choice: PoolGame
    """The game that is picked or banned; in a *side* step *first* or *second*, where one begins."""
    entrant: EntrantNumber | None = None
    """Whose side staff choose for; None: one's own."""


class OtherStart(CommandBody, frozen=True, kw_only=True):
    """Another time to play a match: one that is proposed, or that was proposed and is accepted."""

    at: At
