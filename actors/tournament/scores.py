"""What the points of games make of a match of best of n."""

from __future__ import annotations

from collections.abc import Sequence


def winner_of(scores: Sequence[Sequence[int]], best_of: int, *, draws: bool = False) -> int | None:
    """The side, 0 or 1, that has won the match by these games; None if it is drawn, with ``draws`` alone.

    Raises ValueError, with a sentence for people, if they don't decide it.
    """
    needed, won = best_of // 2 + 1, [0, 0]
    for number, (a, b) in enumerate(scores):
        if needed in won or number == best_of:
            raise ValueError("There is a game after the one that decided the match.")
        if a != b:
            won[b > a] += 1
        elif not draws:
            raise ValueError("A game needs a winner.")
    if needed in won:
        return won.index(needed)
    if draws and len(scores) == best_of:
        return None if won[0] == won[1] else int(won[1] > won[0])
    raise ValueError(f"Nobody has won the {needed} games that it takes." if needed > 1 else "Nobody has won.")
