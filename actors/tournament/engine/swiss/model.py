"""What the Swiss engine takes and gives: plain numbers. Points are counted in half points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

NOBODY = 0  # the second of a game that is a bye


class Game(NamedTuple):
    """What one or two entrants did in a round. ``first`` had the first side (White in chess).

    A bye, of whichever kind, has nobody as its second and isn't played. Neither is a forfeit: it has its points, but
    the two may meet again, and it counts for no sides.
    """

    first: int
    second: int
    first_points: int
    second_points: int
    played: bool = True


@dataclass(frozen=True, slots=True)
class Options:
    """How a stage is paired."""

    win: int = 2
    """The points of a win."""
    loss: int = 0
    """The points of a loss."""
    rounds: int | None = None
    """How many rounds are played, if known: it says which round is the last."""
    sides: bool = True
    """Whether the sides of a game matter, as colours do in chess."""
    first_side: bool = True
    """Whether the first seed gets the first side in the first round: the initial colour (5.1)."""
    rematch: bool = False
    """Whether entrants may meet again, or have a second bye, when there is no other way to pair everybody."""
    exit: tuple[int, int] | None = None
    """The wins with which an entrant advances and the losses with which it is out, if some stop early."""


Because = Literal["met", "sides", "side_wishes", "floats", "bye", "others", "back"]


class Why(NamedTuple):
    """Why two meet, or why somebody has the bye."""

    group: int
    """The points of the score group in which they were paired."""
    floats: int
    """Who came down to this group from a higher one, or nobody: 0. Of two the first of them in the ranking."""
    exchanged: bool
    """Whether one of them changed halves: the higher of the two is not of the group's upper half, or the lower is."""
    expected: int
    """Whom the higher of the two would have met had nobody's past mattered, if somebody else; otherwise 0."""
    because: Because | None
    """Why they don't meet: they have met; both must have the same side; fewer would get the side they wish; it would
    repeat a float; or it is for others. Of a bye: who is expected has had one, or had
    left and come back."""
    rematch: bool
    """Whether the two had met, or the bye is a second one: then there was no other way to pair everybody."""


class Round(NamedTuple):
    """The pairs of a round by their boards, the one of the first side first, and who has the bye (0: nobody).

    ``reasons`` has one for each pair, and one for the bye after them. Without pairs and bye nobody is left to play.
    """

    pairs: tuple[tuple[int, int], ...]
    bye: int
    reasons: tuple[Why, ...]


class Impossible(NamedTuple):
    """There is no way to pair everybody: of these entrants, all remaining ones."""

    entrants: tuple[int, ...]
