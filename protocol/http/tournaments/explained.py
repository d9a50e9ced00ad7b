"""Why a match is as it is: where its sides come from, and which places it has given."""

from __future__ import annotations

from typing import Literal

from protocol.frames import Position
from protocol.http.base import Answer
from protocol.tournament import Part

SideReason = Literal["seed", "no_seed", "unknown", "won", "lost", "bye", "nobody", "kept", "table"]
"""Why somebody is on a side. *seed*: they begin there. *no_seed*: nobody has the seed that begins there. *unknown*: the
match that leads there isn't done. *won*, *lost*: they have won or lost that match. *bye*: they went through it, since
nobody was on its other side. *nobody*: nobody comes from it. *kept*: its result was corrected with the policy *keep*.
*table*: by the table of a round robin, in which everybody meets everybody.
"""
PlaceReason = Literal["last_won", "out", "both_out", "kept"]
"""Why somebody has a place. *last_won*: they have won the last match. *out*: they have lost. *both_out*: both have
forfeited. *kept*: its result was corrected with the policy *keep*.
"""


class ExplainedSide(Answer, frozen=True, kw_only=True):
    """Why somebody is on a side of a match."""

    entrant: int | None
    """0 for nobody, None while it isn't known."""
    why: SideReason
    seed: int | None
    """The seed that begins there, or that the table names."""
    match: int | None
    """The match that leads there."""
    sentence: str
    """The same for people, in English."""


class ExplainedPlace(Answer, frozen=True, kw_only=True):
    """Why somebody has their place."""

    entrant: int
    place: int
    why: PlaceReason
    sentence: str
    """The same for people, in English."""


class ExplainedMatch(Answer, frozen=True, kw_only=True):
    """Where the sides of a match come from, and which places it has given."""

    match: int
    stage: int = 1
    """From 1 on."""
    part: Part
    round: int
    group: int | None = None
    """From 1 on; None where there are no groups."""
    sides: list[ExplainedSide]
    """Side a and side b."""
    places: list[ExplainedPlace]
    """Of who goes nowhere from this match."""
    position: Position
    """Where in the tournament's log this was read."""
