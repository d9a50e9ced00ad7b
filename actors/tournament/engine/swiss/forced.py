"""What is given up when not everybody can be paired otherwise: entrants meet again, as few and as near as can be."""

from __future__ import annotations

from actors.tournament.engine.swiss.field import Field
from actors.tournament.engine.swiss.matching import heaviest
from actors.tournament.engine.swiss.sets import bits, places


def admit_rematches(field: Field, byes: int) -> bool:
    """Make as few rematches legal as let everybody be paired, with one of ``byes`` alone if they are odd. Of several,
    those of the smallest difference of points, and of the better ranked. False if that isn't enough.
    """
    possible = Field(field.players, met=False).legal
    again = [
        (field.players[a].score - field.players[b].score, a, b)
        for a, legal in enumerate(possible)
        for b in places(legal & ~field.legal[a])
        if a < b
    ]
    left = field.everybody
    needed = _fewest(field.legal, possible, left, byes)
    if needed is None:
        return False
    for _, a, b in sorted(again):
        if not needed:
            break
        pair = bits((a, b))
        if left & pair == pair and _fewest(field.legal, possible, left & ~pair, byes) == needed - 1:
            field.admit(a, b)
            left &= ~pair
            needed -= 1
    return True


def _fewest(legal: list[int], possible: list[int], some: int, byes: int) -> int | None:
    """How many of the pairs of these are rematches at least; None if they can't all be paired even so."""
    vertices = list(places(some))
    index = {place: at for at, place in enumerate(vertices)}
    edges = [
        (index[a], index[b], 0 if legal[a] >> b & 1 else -1)
        for a in vertices
        for b in places(possible[a] & some & ~((2 << a) - 1))
    ]
    odd = len(vertices) % 2
    edges += [(index[a], len(vertices), 0) for a in places(byes & some)] if odd else []
    partner = heaviest(len(vertices) + odd, edges)
    if -1 in partner:
        return None
    weights = {(a, b): weight for a, b, weight in edges}
    return -sum(weights[a, b] for a, b in enumerate(partner) if a < b)
