"""Groups of a round robin: who is in which, and how their matches are numbered, all of it by arithmetic.

Seeds go to groups as a snake: with three groups 1 2 3, then 3 2 1, then 1 2 3 ... (https://en.wikipedia.org/wiki/Snake_draft).
So groups have the same size, or some have one more. Groups, places in a group and matches count from 1.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from msgspec import Struct

from actors.tournament.engine.apart import Exchange, Member, Tag, balance
from actors.tournament.engine.round_robin import Pair, RoundRobin


class GroupPlace(NamedTuple):
    """Where a seed is."""

    group: int
    place: int
    """The seed within the group."""


class Spot(NamedTuple):
    """Where a match is."""

    round: int
    group: int
    nth: int
    """Of the group's matches in this round, from 0 on."""


def place_of(groups: int, seed: int) -> GroupPlace:
    """Where the snake puts this seed."""
    row, column = divmod(seed - 1, groups)
    return GroupPlace(groups - column if row % 2 else column + 1, row + 1)


def seed_at(groups: int, group: int, place: int) -> int:
    """The seed that the snake puts there."""
    return (place - 1) * groups + (group if place % 2 else groups - group + 1)


KEPT_SIZES: Final = 64
"""Of so many tables of groups a process keeps where their rounds begin."""


class _Alike(NamedTuple):
    """Groups of one size, which follow on each other."""

    groups: range
    per_round: int
    """How many matches each has in a round."""
    rounds: int


class GroupTable(Struct, frozen=True):
    """All matches of groups that play at the same time, round by round, and in a round group by group.

    Every group has two seeds or more.
    """

    entrants: int
    groups: int = 1
    legs: int = 1

    @property
    def rounds(self) -> int:
        """How many rounds there are: as many as the largest group needs."""
        return max(alike.rounds for alike in self._alike)

    def __len__(self) -> int:
        return self._ends[-1]

    @property
    def larger(self) -> range:
        """The groups that have one more than others; none if all are alike."""
        rows, rest = divmod(self.entrants, self.groups)
        return range(self.groups - rest + 1, self.groups + 1) if rows % 2 else range(1, rest + 1)

    def size_of(self, group: int) -> int:
        """How many are in this group."""
        return self.entrants // self.groups + (group in self.larger)

    def table(self, group: int) -> RoundRobin:
        """What a group plays, by places in the group."""
        return RoundRobin(self.size_of(group), self.legs)

    def seeds_of(self, group: int) -> list[int]:
        """Who is in a group, the best first."""
        return [seed_at(self.groups, group, place) for place in range(1, self.size_of(group) + 1)]

    def numbers_of(self, round_: int) -> range:
        """The matches of a round."""
        ends = self._ends
        return range(ends[round_ - 1] + 1, ends[round_] + 1)

    def numbers_in(self, round_: int, group: int) -> range:
        """The matches of a group in a round."""
        first, own = self._ends[round_ - 1] + 1, 0
        for alike in self._alike:
            each = alike.per_round if round_ <= alike.rounds else 0
            first += min(max(group - alike.groups.start, 0), len(alike.groups)) * each
            if group in alike.groups:
                own = each
        return range(first, first + own)

    def spot_of(self, number: int) -> Spot:
        """Where this match is. Raises IndexError if there is none of this number."""
        ends = self._ends
        if not 1 <= number <= ends[-1]:
            raise IndexError(number)
        round_ = bisect_left(ends, number)
        left = number - ends[round_ - 1] - 1
        for groups, each, rounds in self._alike:
            if round_ > rounds:
                continue
            if left < each * len(groups):
                return Spot(round_, groups.start + left // each, left % each)
            left -= each * len(groups)
        raise AssertionError(number)

    def pair(self, number: int) -> Pair:
        """The seeds of the stage on side a and side b of a match. Raises IndexError."""
        round_, group, nth = self.spot_of(number)
        a, b = self.table(group).pair(round_, nth)
        return Pair(seed_at(self.groups, group, a), seed_at(self.groups, group, b))

    def match_of(self, round_: int, seed: int) -> int | None:
        """The match that this seed of the stage plays in a round; None if it has a bye, or its group is done."""
        group, place = place_of(self.groups, seed)
        table = self.table(group)
        index = table.index_of(round_, place) if round_ <= table.rounds else None
        return None if index is None else self.numbers_in(round_, group)[index]

    @property
    def _alike(self) -> tuple[_Alike, ...]:
        """The groups in order, those of one size together."""
        return _alike(self)

    @property
    def _ends(self) -> tuple[int, ...]:
        """The last match of each round; before the first round 0."""
        return _ends(self)


@lru_cache(KEPT_SIZES)
def _alike(table: GroupTable) -> tuple[_Alike, ...]:
    larger = table.larger
    return tuple(
        _Alike(groups, of.per_round, of.rounds)
        for groups in (range(1, larger.start), larger, range(larger.stop, table.groups + 1))
        if groups
        for of in (table.table(groups.start),)
    )


@lru_cache(KEPT_SIZES)
def _ends(table: GroupTable) -> tuple[int, ...]:
    alike = _alike(table)
    return tuple(
        sum(len(of.groups) * of.per_round * min(round_, of.rounds) for of in alike)
        for round_ in range(table.rounds + 1)
    )


class Spread(NamedTuple):
    """An order of seeds by which the snake keeps members with the same tag apart, and what was exchanged for it."""

    order: tuple[int, ...]
    """Entrants, the best first."""
    exchanges: tuple[Exchange, ...]
    """By seed, in order."""


def spread(order: Sequence[int], groups: int, tags: Sequence[Tag]) -> Spread:
    """These entrants so that no group has two more with the same tag than another, as far as it goes.

    Entrants change places only within their row of the snake, so that all groups stay as strong. ``tags`` are those of
    the entrants in their order; None for nothing in common with anybody. In the last row, if it isn't full, those who
    are there change places only with each other.
    """
    return _Spreading(order, groups, tags).run()


class _Spreading:
    def __init__(self, order: Sequence[int], groups: int, tags: Sequence[Tag]) -> None:
        self._order = list(order)
        self._tags = [object() if tag is None else tag for tag in tags]
        self._table = GroupTable(len(order), groups)
        self._found: list[Exchange] = []
        self._in_group: dict[Tag, Counter[int]] = {}
        """How many with a tag each group has."""
        for seed, tag in enumerate(self._tags, 1):
            self._in_group.setdefault(tag, Counter())[place_of(groups, seed).group] += 1

    def run(self) -> Spread:
        for counts in self._in_group.values():
            if counts.total() > 1:
                while self._apart(counts):
                    pass
        return Spread(tuple(self._order), tuple(self._found))

    def _apart(self, counts: Counter[int]) -> bool:
        """Take one from a group that has many with a tag to one that has few. Whether that was possible."""
        for full in sorted(counts, key=lambda group: (-counts[group], group)):
            for few in range(counts[full] - 1):
                for other in range(1, self._table.groups + 1):
                    if counts[other] == few and self._balanced(full, other):
                        return True
        return False

    def _balanced(self, full: int, other: int) -> bool:
        """Balance two groups. Whether anybody changed place for it."""
        exchanges = balance((self._members(full), self._members(other)))
        for exchange in exchanges:
            self._take(exchange.slot, exchange.other)
        self._found += exchanges
        return bool(exchanges)

    def _take(self, seed: int, other: int) -> None:
        one, two = seed - 1, other - 1
        for here, there in ((seed, other), (other, seed)):
            counts = self._in_group[self._tags[here - 1]]
            counts[place_of(self._table.groups, here).group] -= 1
            counts[place_of(self._table.groups, there).group] += 1
        self._order[one], self._order[two] = self._order[two], self._order[one]
        self._tags[one], self._tags[two] = self._tags[two], self._tags[one]

    def _members(self, group: int) -> list[Member]:
        return [
            Member(seed, row, self._tags[seed - 1]) for row, seed in enumerate(self._table.seeds_of(group))
        ]
