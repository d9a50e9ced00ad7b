"""The score of a match as people say it."""

from __future__ import annotations

from protocol.tournament import Scores


def score(scores: Scores) -> tuple[str, str]:
    """What each side has: the points of a single game, the games won of several; nothing if nothing is known."""
    if not scores:
        return "", ""
    if len(scores) == 1:
        return str(scores[0][0]), str(scores[0][1])
    return str(sum(a > b for a, b in scores)), str(sum(b > a for a, b in scores))
