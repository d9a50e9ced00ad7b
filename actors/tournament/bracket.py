"""Which bracket a tournament plays: the engine's, by the settings and the number of those who take part."""

from __future__ import annotations

from typing import Final

from actors.tournament.engine.elimination import Bracket, double, single
from actors.tournament.state import Tournament

ENGINE: Final = 1
"""The version of the rules by which brackets are made. Another one must not change those of a log."""


def bracket_of(tournament: Tournament) -> Bracket:
    """The bracket of a tournament that has started."""
    settings, count = tournament.settings, len(tournament.seeds)
    if settings.format == "double_elimination":
        return double(count, reset=settings.reset)
    return single(count, third_place=settings.third_place)
