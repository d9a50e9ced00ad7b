"""The pairs that are possible when a bracket is paired, with their weights, and the best complete pairing of them (C4).

Players below the next group matter only for whether the pairing can be completed. When they are many they are left out:
a graph of which each vertex has edges to at least half of the others has a Hamiltonian cycle (G. A. Dirac, "Some
theorems on abstract graphs", 1952), and so a complete matching if its vertices are even.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from actors.tournament.engine.swiss.criteria import Bracket, Scope, Weights
from actors.tournament.engine.swiss.matching import heaviest
from actors.tournament.engine.swiss.sets import bits, places

Low = Callable[[int, int], int]
"""What a pair counts below the criteria; the higher ranked comes first."""


def _nothing(_higher: int, _lower: int) -> int:
    return 0


class Graph:
    """The best pairing, by ``partner``, and those that are as good."""

    def __init__(self, bracket: Bracket, scope: Scope, weights: Weights) -> None:
        self._bracket, self._weights = bracket, weights
        self.own = bits(bracket.everybody)
        self.residents = bits(bracket.residents)
        self._legal = bracket.field.legal
        self._bye = len(bracket.field.players)
        self._beyond = self._bye + 1
        """Stands for whoever is left out."""
        self.partner: dict[int, int] = {}
        self._near = not scope.closed and not self._byes() & (self.own | bracket.following)
        if self._near:
            self._edges = self._near_edges()
            self.solve()
            self._near = self._can_be_completed()
        if not self._near:
            self._edges = self._closed_edges(scope.bye_here) if scope.closed else self._all_edges()
            self.solve()

    def inside(self, place: int) -> bool:
        """Whether this is a player of the bracket."""
        return bool(self.own >> place & 1)

    def solve(self, bound: int = 1, low: Low = _nothing) -> None:
        """Find a best pairing, and of the best the one with the largest sum of ``low``. The sums of two pairings differ
        by less than ``bound``.
        """
        vertices = sorted({place for edge in self._edges for place in edge})
        index = {place: at for at, place in enumerate(vertices)}
        edges = ((index[a], index[b], weight * bound + low(a, b)) for (a, b), weight in self._edges.items())
        partner = heaviest(len(vertices), edges, complete=not self._near)
        vertices.append(self._beyond)  # of whom nobody is the partner: index -1
        self.partner = {vertices[at]: vertices[other] for at, other in enumerate(partner)}
        for place in self._bracket.everybody:
            self.partner.setdefault(place, self._beyond)

    def keep(self, kept: Callable[[int, int], bool]) -> None:
        """Leave only these pairs. One of the best pairings must be among them."""
        self._edges = {edge: weight for edge, weight in self._edges.items() if kept(*edge)}

    def _byes(self) -> int:
        everybody = self.own | self._bracket.below
        return self._bracket.byes & everybody if everybody.bit_count() % 2 else 0

    def _pairs(self, some: Iterable[int], others: int) -> Iterable[tuple[int, int]]:
        """The legal pairs of one of some with a lower ranked one of others."""
        return ((a, b) for a in some for b in places(self._legal[a] & others & ~((2 << a) - 1)))

    def _closed_edges(self, bye_here: bool) -> dict[tuple[int, int], int]:
        weights, bracket = self._weights, self._bracket
        edges = {(a, b): weights.pair(a, b) for a, b in self._pairs(bracket.everybody, self.residents)}
        if bye_here:
            edges |= {(a, self._bye): weights.float(a, bye=True) for a in places(bracket.byes & self.own)}
        return edges

    def _all_edges(self) -> dict[tuple[int, int], int]:
        weights, bracket = self._weights, self._bracket
        following, further = bracket.following, bracket.below & ~bracket.following
        far = {a: weights.float(a) for a in bracket.everybody}
        edges = self._closed_edges(bye_here=False)
        edges |= {(a, b): far[a] + weights.next_group(a) for a, b in self._pairs(far, following)}
        edges |= {(a, b): far[a] for a, b in self._pairs(far, further)}
        edges |= dict.fromkeys(self._pairs(places(following), following), weights.next_pair)
        edges |= dict.fromkeys(self._pairs(places(bracket.below), further), 0)
        edges |= {(a, self._bye): far.get(a, 0) for a in places(self._byes())}
        return edges

    def _near_edges(self) -> dict[tuple[int, int], int]:
        """As all edges, but whoever has no pair here has one further below, and that counts as nothing."""
        weights, bracket = self._weights, self._bracket
        far = {a: weights.float(a) for a in bracket.everybody}
        edges = {
            (a, b): weights.pair(a, b) - far[a] - far[b]
            for a, b in self._pairs(bracket.everybody, self.residents)
        }
        edges |= {(a, b): weights.next_group(a) for a, b in self._pairs(far, bracket.following)}
        edges |= dict.fromkeys(self._pairs(places(bracket.following), bracket.following), weights.next_pair)
        return edges

    def _can_be_completed(self) -> bool:
        """Whether all who have no pair here can have one further below, whoever they are: they are always as many."""
        here = self.own | self._bracket.following
        further = self._bracket.below & ~self._bracket.following
        left = sum(self.partner.get(place, self._beyond) == self._beyond for place in places(here))
        least = min(
            ((self._legal[place] & further).bit_count() for place in places(here | further)), default=0
        )
        return 2 * (least - 1) >= further.bit_count() + left
