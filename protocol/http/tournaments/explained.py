"""Why a match is as it is: where its sides come from, why they were paired, and which places it has given."""

from __future__ import annotations

from typing import Literal

from protocol.frames import Position
from protocol.http.base import Answer
from protocol.tournament import Part

SideReason = Literal[
    "seed", "no_seed", "unknown", "won", "lost", "bye", "nobody", "kept", "table", "paired", "imported"
]
"""Why somebody is on a side. *seed*: they begin there. *no_seed*: nobody has the seed that begins there. *unknown*: the
match that leads there isn't done. *won*, *lost*: they have won or lost that match. *bye*: they went through it, since
nobody was on its other side. *nobody*: nobody comes from it. *kept*: its result was corrected with the policy *keep*.
*table*: by the table of a round robin, in which everybody meets everybody. *paired*: by the pairing of a Swiss round.
*imported*: in a round that was played elsewhere.
"""
PlaceReason = Literal["last_won", "out", "both_out", "kept"]
"""Why somebody has a place. *last_won*: they have won the last match. *out*: they have lost. *both_out*: both have
forfeited. *kept*: its result was corrected with the policy *keep*.
"""

PairingReason = Literal["met", "sides", "side_wishes", "floats", "bye", "others", "back"]
"""Why two don't meet. *met*: they have met before. *sides*: both must have the same side. *side_wishes*: fewer would
have the side they wish for. *floats*: it would repeat a move to another score group. *bye*: of who isn't given the bye,
since they have had one. *back*: likewise, since they had left and have come back. *others*: others couldn't be paired
as well then.
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


class ExplainedPairing(Answer, frozen=True, kw_only=True):
    """Why two were paired in a Swiss round."""

    group: float
    """The points of the score group in which they were paired."""
    floats: int | None
    """Who has come down to this group from a higher one."""
    exchanged: bool
    """Whether one of them changed halves of the group."""
    expected: int | None
    """Whom the one who ranks higher would have met if nobody's past mattered, if that is somebody else."""
    because: PairingReason | None
    """Why they don't meet."""
    rematch: bool
    """Whether they had met before."""
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
    pairing: ExplainedPairing | None = None
    """Of a Swiss stage; None in others."""
    places: list[ExplainedPlace]
    """Of who goes nowhere from this match."""
    position: Position
    """Where in the tournament's log this was read."""
