"""The pairing of a bracket as most are: when nothing is to be given up that isn't given up by numbers alone.

All moved-down players are paired, at most one resident isn't, no float is repeated, and no more players miss their side
than the counts of wishes force. A pairing that comes to this bound is a best one, and the first such one is found
without a general matching: each moved-down player gets the first opponent that leaves the bound in reach, and the
remainder is paired without an exchange. If that doesn't work out, this finds nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from actors.tournament.engine.swiss.assignment import Cells, first_cheapest
from actors.tournament.engine.swiss.criteria import Bracket, Paired, Scope, Weights
from actors.tournament.engine.swiss.history import STRONG
from actors.tournament.engine.swiss.sets import bits


def pair_quickly(bracket: Bracket, scope: Scope, weights: Weights) -> Paired | None:
    """The pairing of the bracket, if it comes to the bound."""
    odd = len(bracket.everybody) % 2
    floaters = bits(bracket.residents)
    if scope.bye_here:
        floaters &= bracket.byes
    elif bool(odd) == scope.closed or (odd and bracket.byes & (bits(bracket.everybody) | bracket.following)):
        return None
    attempt = _Attempt(bracket, weights, scope.bye_here)
    pairs = attempt.pair_moved(odd)
    if pairs is None:
        return None
    while True:
        paired = attempt.pair_remainder(pairs, floaters if odd else 0)
        if paired is None or scope.closed or _goes_well(bracket, paired.floating[0]):
            return paired
        floaters &= ~(1 << paired.floating[0])


def _goes_well(bracket: Bracket, floater: int) -> bool:
    """C8: whether all of the next group are paired with this one, or all but one of them, and all who remain."""
    complete = bracket.field.complete
    group, below = bracket.following | 1 << floater, bracket.below & ~bracket.following
    if not group.bit_count() % 2:
        return complete(group, 0) and complete(below, bracket.byes)
    following = bracket.following
    while following:
        last = 1 << (following.bit_length() - 1)
        following ^= last
        if complete(group ^ last, 0) and complete(below | last, bracket.byes):
            return True
    return False


class _Wishes:
    """How many wish which side, and how many of them only mildly."""

    def __init__(self, kinds: Iterable[tuple[int, ...]]) -> None:
        self._count = {1: 0, -1: 0, 0: 0}
        self._mild = {1: 0, -1: 0, 0: 0}
        for kind in kinds:
            self.add(kind, 1)

    def add(self, kind: tuple[int, ...], count: int) -> None:
        """Add so many of a kind."""
        wish, strength = kind[0], kind[1]
        self._count[wish] += count
        self._mild[wish] += count if strength < STRONG else 0

    def missed(self, odd: int) -> tuple[int, int]:
        """How many must miss their wish, and how many a strong one, when so many aren't paired."""
        more = 1 if self._count[1] > self._count[-1] else -1
        missed = max(0, self._count[more] - self._count[-more] - self._count[0] - odd) // 2
        return missed, max(0, missed - self._mild[more])


class _Attempt:
    def __init__(self, bracket: Bracket, weights: Weights, bye_here: bool) -> None:
        self._bracket, self._weights, self._bye_here = bracket, weights, bye_here
        self._wishes = _Wishes(weights.kind(place) for place in bracket.everybody)
        self._left = 0
        """What the bound leaves to the pairs that are still to be made."""

    def pair_moved(self, odd: int) -> list[tuple[int, int]] | None:
        """The pairs of the moved-down players."""
        self._left = self._bound(odd)
        pairs: list[tuple[int, int]] = []
        free = list(self._bracket.residents)
        for place in self._bracket.moved:
            opponent = next((other for other in free if self._fits(place, other, odd)), None)
            if opponent is None:
                return None
            self._wishes.add(self._weights.kind(place), -1)
            self._wishes.add(self._weights.kind(opponent), -1)
            self._left += self._weights.pair(place, opponent)
            pairs.append((place, opponent))
            free.remove(opponent)
        return pairs

    def _bound(self, odd: int) -> int:
        return self._weights.side_cost(*self._wishes.missed(odd))

    def _fits(self, place: int, other: int, odd: int) -> bool:
        if not self._bracket.field.legal[place] >> other & 1:
            return False
        kinds = self._weights.kind(place), self._weights.kind(other)
        for kind in kinds:
            self._wishes.add(kind, -1)
        fits = self._bound(odd) - self._weights.pair(place, other) <= self._left
        for kind in kinds:
            self._wishes.add(kind, 1)
        return fits

    def pair_remainder(self, pairs: list[tuple[int, int]], floaters: int) -> Paired | None:
        """The pairs of all, with those of the residents who are left; one of ``floaters`` isn't paired, if any."""
        taken = {opponent for _, opponent in pairs}
        rest = [place for place in self._bracket.residents if place not in taken]
        half = (len(rest) - bool(floaters)) // 2
        upper, lower = rest[:half], rest[half:]
        if len(lower) != half + bool(floaters):
            return None
        found = first_cheapest(self._cells(upper, lower, floaters))
        if found is None or found[1] != self._left:
            return None
        columns = found[0]
        made = [*pairs, *((place, lower[column]) for place, column in zip(upper, columns, strict=False))]
        return Paired(tuple(made), tuple(lower[column] for column in columns[half:]))

    def _cells(self, upper: list[int], lower: list[int], floaters: int) -> Cells:
        """Rows are the upper half, and who isn't paired one more row; columns are the lower half."""
        weights = self._weights
        start, every = lower[0] if lower else 0, bits(range(len(lower)))
        legal = self._bracket.field.legal
        at = {place: column for column, place in enumerate(lower)}
        allowed = [_among(legal[place], lower, at, start, every) for place in upper]
        kinds = sorted({weights.kind(place) for place in upper})
        column_of = {
            place: (weights.kind(place), weights.float_cost(place, bye=self._bye_here)) for place in lower
        }
        columns = sorted(set(column_of.values()))
        costs = [[weights.of_kinds(kind, column) for column, _ in columns] for kind in kinds]
        rows = [kinds.index(weights.kind(place)) for place in upper]
        if floaters:
            allowed.append(_among(floaters, lower, at, start, every))
            rows.append(len(kinds))
            costs.append([cost for _, cost in columns])
        sets = [bits(at[place] for place in lower if column_of[place] == column) for column in columns]
        return Cells(allowed, rows, sets, costs)


def _among(some: int, lower: list[int], at: dict[int, int], start: int, every: int) -> int:
    """Of a set of places those of the lower half, as columns."""
    if lower and lower[-1] - start == len(lower) - 1:
        return some >> start & every
    return bits(column for place, column in at.items() if some >> place & 1)
