"""The score of a match as pictures show it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from protocol.tournament import games_of


def score_of(scores: Sequence[int]) -> tuple[int, int] | None:
    """The points of the one game that was played, or how many games each side has won."""
    if len(scores) <= 2:
        return (scores[0], scores[1]) if scores else None
    games = games_of(scores)
    return sum(a > b for a, b in games), sum(b > a for a, b in games)
