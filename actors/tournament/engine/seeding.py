"""Where seeds begin: the best two can meet only in the last round, the best four only in the one before, and so on.

It is the standard order, in which the seeds of a match add up to one more than the entrants of its round, if the better
seed wins all before: 1 8 4 5 2 7 3 6. Places count from 0, from the top of the bracket down; each two neighbours are a
match. The number of places is a power of two.
"""

from __future__ import annotations


def seed_at(places: int, place: int) -> int:
    """The seed that begins at this place."""
    seed, entrants = 1, 1
    while entrants < places:
        entrants *= 2
        # The half of this round's match in which the place is: the first is the better seed's.
        if place * entrants // places % 2:
            seed = entrants + 1 - seed
    return seed


def place_of(places: int, seed: int) -> int:
    """The place at which this seed begins."""
    place, half = 0, 1
    while half < places:
        entrants = places // half
        if seed > entrants // 2:
            place += half
            seed = entrants + 1 - seed
        half *= 2
    return place
