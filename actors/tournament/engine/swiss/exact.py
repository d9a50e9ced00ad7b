"""The pairing of a bracket by general matchings: articles 3 and 4 of FIDE's C.04.3.

The best value of C6 to C21 comes from one matching of the bracket and those below it, which is complete (C4). Of the
pairings of that value the rules choose the one that is generated first: the set of moved-down players (4.4), then their
opponents in turn (4.2), the exchanges of the remainder (4.3), and the opponents of its upper half (4.2). Each choice is
made by a matching with further steps below those of the criteria, and stays.

Exchanges are ordered as bbpPairings (https://github.com/BieremaBoyzProgramming/bbpPairings) orders them: the upper half
is the set of the higher ones of all pairs, since a pair whose higher one is of the lower half was generated before.
"""

from __future__ import annotations

from collections.abc import Sequence

from actors.tournament.engine.swiss.criteria import Bracket, Paired, Scope, Weights
from actors.tournament.engine.swiss.graph import Graph, Low
from actors.tournament.engine.swiss.matching import BITS_MAX


def pair_exactly(bracket: Bracket, scope: Scope, weights: Weights) -> Paired:
    """Pair a bracket. A complete pairing of all who are left must exist."""
    return _Search(bracket, scope, weights).run()


class _Search:
    def __init__(self, bracket: Bracket, scope: Scope, weights: Weights) -> None:
        self._bracket = bracket
        self._graph = Graph(bracket, scope, weights)
        self._room = BITS_MAX - weights.height.bit_length()
        """How many bits are left below the criteria."""
        self._settled: dict[int, int] = {}

    def run(self) -> Paired:
        self._choose_moved()
        self._choose_opponents(self._moved_paired())
        upper = self._choose_upper()
        self._split(set(upper))
        self._choose_opponents(upper)
        paired = {*self._settled, *self._settled.values()}
        floating = tuple(place for place in self._bracket.everybody if place not in paired)
        return Paired(tuple(self._settled.items()), floating)

    def _upper(self, place: int) -> bool:
        """Whether it is the higher one of a pair of the bracket."""
        partner = self._graph.partner[place]
        return partner > place and self._graph.inside(partner)

    def _moved_paired(self) -> list[int]:
        return [place for place in self._bracket.moved if self._upper(place)]

    def _choose_moved(self) -> None:
        """4.4: the first set of moved-down players, which has the better ranked ones."""
        moved = self._bracket.moved
        for start in range(0, len(moved), self._room):
            self._choose_of_moved(moved[start : start + self._room])

    def _choose_of_moved(self, some: Sequence[int]) -> None:
        inside = self._graph.inside
        if not all(map(self._upper, some)):
            power = {place: 1 << at for at, place in enumerate(reversed(some))}
            self._graph.solve(1 << len(some), lambda a, b: power[a] if a in power and inside(b) else 0)
        paired = set(filter(self._upper, some))
        self._graph.keep(lambda a, b: a not in some or (a in paired) == inside(b))

    def _choose_opponents(self, some: Sequence[int]) -> None:
        """4.2: in turn, each of these gets the best ranked opponent that the others allow."""
        size = len(self._bracket.residents).bit_length()
        at_once = max(1, self._room // size)
        for start in range(0, len(some), at_once):
            self._choose_for(some[start : start + at_once], size)

    def _choose_for(self, some: Sequence[int], size: int) -> None:
        power = {place: size * at for at, place in enumerate(reversed(some))}
        last, inside = self._bracket.residents[-1], self._graph.inside
        self._graph.solve(
            1 << size * len(some), lambda a, b: last - b << power[a] if a in power and inside(b) else 0
        )
        settled = {place: self._graph.partner[place] for place in some}
        self._settled |= settled
        gone = {*settled, *settled.values()}
        self._graph.keep(lambda a, b: a not in gone and b not in gone)

    def _choose_upper(self) -> list[int]:
        """4.3: who of the remainder are the higher ones of their pairs."""
        taken = set(self._settled.values())
        rest = [place for place in self._bracket.residents if place not in taken]
        half = sum(self._upper(place) for place in rest)
        if not half:
            return []
        index = {place: at for at, place in enumerate(rest)}
        bound = half * len(rest) + 1

        def low(a: int, b: int) -> int:
            return (index[a] < half) * bound - index[a] if a in index and b in index else 0

        self._graph.solve((half + 1) * bound, low)
        self._exchange(rest, half, (half + 1) * bound, low)
        return [place for place in rest if self._upper(place)]

    def _exchange(self, rest: Sequence[int], half: int, bound: int, low: Low) -> None:
        """Exchange the lowest players of the upper half that may be, and the highest of the lower half."""
        count = sum(not self._upper(place) for place in rest[:half])
        for some, way in ((rest[half - 1 :: -1], -1), (rest[half:], 1)):
            left = count
            for place in some:
                if not left:
                    break
                left -= self._exchanged(place, way, bound, low)

    def _exchanged(self, place: int, way: int, bound: int, low: Low) -> bool:
        """Whether this player goes to the other half, up (1) or down (-1), as it then does."""
        inside = self._graph.inside
        if self._upper(place) != (way > 0):
            self._graph.solve(
                2 * bound, lambda a, b: 2 * low(a, b) + (way if a == place and inside(b) else 0)
            )
        if self._upper(place) != (way > 0):
            return False
        if way > 0:
            self._graph.keep(lambda a, b: b != place and (a != place or inside(b)))
        else:
            self._graph.keep(lambda a, b: a != place or not inside(b))
        return True

    def _split(self, upper: set[int]) -> None:
        """Players of the upper half meet only those of the lower half."""
        inside = self._graph.inside
        self._graph.keep(lambda a, b: not inside(a) or ((a in upper) == inside(b) and b not in upper))
