"""General matchings: J. Edmonds' algorithm as Z. Galil describes it ("Efficient algorithms for finding maximum matching
in graphs", ACM Computing Surveys 18, 1986), by rustworkx.

Which of several best matchings it finds may differ from run to run: nothing may depend on that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import rustworkx as rx

from actors.tournament.engine.swiss.sets import places

Edge = tuple[int, int, int]
"""Two vertices and a weight."""

BITS_MAX: Final = 120
"""Sums of weights have no more bits: rustworkx counts with 128, and its dual variables are sums of weights."""

CRITERIA_BITS: Final = 84
"""So many of them may be those of the criteria; the others choose between pairings that are as good."""


def heaviest(vertices: int, edges: Iterable[Edge], *, complete: bool = True) -> list[int]:
    """The partner of each vertex, or -1, in a matching of the largest weight; among those with the most pairs, if it is
    to be complete.
    """
    graph = rx.PyGraph[int, int]()
    graph.add_nodes_from(range(vertices))
    graph.add_edges_from(list(edges))
    partner = [-1] * vertices
    for a, b in rx.max_weight_matching(graph, max_cardinality=complete, weight_fn=int):
        partner[a], partner[b] = b, a
    return partner


def all_paired(legal: Sequence[int], some: int, byes: int) -> bool:
    """Whether the players of a set can all be paired, with one of ``byes`` alone if it isn't empty."""
    index = {place: at for at, place in enumerate(places(some))}
    edges = [
        (at, index[other], 0)
        for place, at in index.items()
        for other in places(legal[place] & some & ((1 << place) - 1))
    ]
    edges += [(at, len(index), 0) for place, at in index.items() if byes >> place & 1]
    return -1 not in heaviest(len(index) + bool(byes), edges)
