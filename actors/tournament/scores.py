"""Whether the points of games decide a match of best of n, and for whom."""

from __future__ import annotations

from collections.abc import Sequence


def winner_of(scores: Sequence[Sequence[int]], best_of: int) -> int:
    """The side, 0 or 1, that has won the match by these games. Raises ValueError, with a sentence for people, if they
    don't decide it.
    """
    needed, won = best_of // 2 + 1, [0, 0]
    for a, b in scores:
        if needed in won:
            raise ValueError("There is a game after the one that decided the match.")
        if a == b:
            raise ValueError("A game needs a winner.")
        won[b > a] += 1
    if needed not in won:
        raise ValueError(
            f"Nobody has won the {needed} games that it takes." if needed > 1 else "Nobody has won."
        )
    return won.index(needed)
