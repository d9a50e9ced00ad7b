"""Results that are corrected or taken back, and entrants who come back."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from protocol import limits
from protocol.http.base import CommandBody
from protocol.tournament import Note, Policy, Scores


class CorrectedResult(CommandBody, frozen=True, kw_only=True):
    """Correct the result of a match that is done; ``answer`` is a ``Consequences``."""

    winner: Annotated[int, Meta(ge=0, le=limits.TOURNAMENT_ENTRIES_MAX)]
    """The number of the entrant who has won; 0: nobody, both forfeit unless it is drawn."""
    draw: bool = False
    """That it is drawn, in a stage with draws."""
    scores: Scores = ()
    """None, or some that lead to this result."""
    note: Note = ""
    policy: Policy | None = None
    """None: that of the format, which is *reset* in elimination, *keep* in others."""
    confirm: bool = False
    """That matches which were opened may become void."""
    preview: bool = False
    """Only answer what would follow."""


class Undoing(CommandBody, frozen=True, kw_only=True):
    """Take back the result of a match; ``answer`` is a ``Consequences``."""

    confirm: bool = False
    """That matches which were opened may become void."""
    preview: bool = False
    """Only answer what would follow."""


class Reinstatement(CommandBody, frozen=True, kw_only=True):
    """Take back that an entrant isn't in the running tournament any more; ``answer`` is a ``Consequences``."""

    policy: Policy | None = None
    """None: that of the format. With *keep* what they forfeited stands if matches that depend on it were opened."""
    confirm: bool = False
    """That matches which were opened may become void."""
    preview: bool = False
    """Only answer what would follow."""
