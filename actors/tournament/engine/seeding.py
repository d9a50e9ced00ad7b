"""Where seeds begin: the best two can meet only in the last round, the best four only in the one before, and so on."""

from __future__ import annotations


def seed_order(size: int) -> tuple[int, ...]:
    """The seeds 1 to ``size``, a power of two, from the top of the bracket down: each two neighbours are a match.

    It is the standard order, in which the seeds of a match add up to one more than the entrants of its round, if the
    better seed wins all before: 1 8 4 5 2 7 3 6.
    """
    order = (1,)
    while len(order) < size:
        total = 2 * len(order) + 1
        order = tuple(place for seed in order for place in (seed, total - seed))
    return order
