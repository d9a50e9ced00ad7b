"""Which bracket a tournament plays: the engine's, by the settings and the number of those who take part."""

from __future__ import annotations

from typing import Final

from actors.tournament.engine.elimination import Bracket, double, single
from actors.tournament.state import Tournament

ENGINE: Final = 1
"""The version of the rules by which brackets are made. Another one must not change those of a log."""


def bracket_of(tournament: Tournament) -> Bracket:
    """The bracket of a tournament that has started."""
    settings = tournament.settings
    return bracket_for(
        settings.format, len(tournament.seeds), third_place=settings.third_place, reset=settings.reset
    )


def bracket_for(format_: str, count: int, *, third_place: bool, reset: bool) -> Bracket:
    """The bracket of so many, in this format."""
    if format_ == "double_elimination":
        return double(count, reset=reset)
    return single(count, third_place=third_place)
