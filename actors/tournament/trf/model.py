"""What a file holds. Points are counted in half points."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from msgspec import Struct

NOBODY: Final = 0
Side = Literal["w", "b", "-"]
"""White, the first side; black; or none."""


class Entry(NamedTuple):
    """What a player did in a round."""

    opponent: int = NOBODY
    side: Side = "-"
    result: str = " "
    """One of ``RESULTS``."""


RESULTS: Final = "10=+-WDLHFUZ "
"""Played: 1 = 0, or W D L if the game isn't rated. Forfeited: + and -. Byes: of half a point (H), of a full one that
was asked for (F), given by the pairing (U), of no point (Z). Nothing: not paired, or with an opponent not yet played.
"""
NOT_PAIRED: Final = Entry()


class Points(NamedTuple):
    """What a result is worth."""

    win: int = 2
    draw: int = 1
    loss: int = 0
    bye: int = 2
    """Of a bye that the pairing gives."""
    forfeit: int = 0
    """Of a game that was forfeited."""
    absence: int = 0
    """Of a round in which somebody wasn't paired."""


WORTH: Final = {
    "BBW": "win",
    "BBD": "draw",
    "BBL": "loss",
    "BBU": "bye",
    "BBF": "forfeit",
    "BBZ": "absence",
}
"""The lines that say it."""


class Player(Struct, frozen=True, kw_only=True):
    """A line 001. Texts are as they stand in the file, without the blanks around them."""

    number: int
    """The starting rank: the place in the order of seeds."""
    sex: str = ""
    title: str = ""
    name: str = ""
    rating: str = ""
    federation: str = ""
    fide_number: str = ""
    birth: str = ""
    points: int | None = None
    rank: int | None = None
    entries: tuple[Entry, ...] = ()
    """Of each round; of those after the last one there is nothing to tell."""


class Report(Struct, frozen=True, kw_only=True):
    """A file."""

    players: tuple[Player, ...]
    """By number."""
    other: tuple[str, ...] = ()
    """All lines that no field here stands for, in their order: name, place, dates, arbiters, teams, comments."""
    rounds: int | None = None
    """How many rounds are to be played."""
    first_side: bool | None = None
    """Whether the first seed gets White in the first round: the initial colour."""
    absent: tuple[int, ...] = ()
    """Who isn't to be paired in the next round."""
    points: Points = Points()


class Fault(NamedTuple):
    """What is wrong with a file, and where: line and column count from 1."""

    line: int
    column: int
    why: str


class FaultyError(Exception):
    """A file can't be read: all that is wrong, up to ``limits.TRF_FAULTS_MAX``."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(faults)
        self.faults = faults
