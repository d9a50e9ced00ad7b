"""Groups of a round robin: who is in which, and how their matches are numbered, all of it by arithmetic.

Seeds go to groups as a snake: with three groups 1 2 3, then 3 2 1, then 1 2 3 ... (https://en.wikipedia.org/wiki/Snake_draft).
So groups have the same size, or some have one more. Groups, places in a group and matches count from 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

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
        return self.table(self._larger.start if self._larger else 1).rounds

    def __len__(self) -> int:
        return sum(len(self.table(group.start)) * len(group) for group in self._alike())

    def size_of(self, group: int) -> int:
        """How many are in this group."""
        return self.entrants // self.groups + (group in self._larger)

    def table(self, group: int) -> RoundRobin:
        """What a group plays, by places in the group."""
        return RoundRobin(self.size_of(group), self.legs)

    def seeds_of(self, group: int) -> list[int]:
        """Who is in a group, the best first."""
        return [seed_at(self.groups, group, place) for place in range(1, self.size_of(group) + 1)]

    def numbers_of(self, round_: int) -> range:
        """The matches of a round."""
        first = self._before(round_) + 1
        return range(
            first, first + sum(self._in_round(group.start, round_) * len(group) for group in self._alike())
        )

    def numbers_in(self, round_: int, group: int) -> range:
        """The matches of a group in a round."""
        first = self._before(round_) + 1
        for alike in self._alike():
            each = self._in_round(alike.start, round_)
            before = min(max(group - alike.start, 0), len(alike))
            first += before * each
        return range(first, first + self._in_round(group, round_))

    def spot_of(self, number: int) -> Spot:
        """Where this match is. Raises IndexError if there is none of this number."""
        if not 1 <= number <= len(self):
            raise IndexError(number)
        round_ = self._round_of(number)
        left = number - self._before(round_) - 1
        for alike in self._alike():
            each = self._in_round(alike.start, round_)
            if left < each * len(alike):
                return Spot(round_, alike.start + left // each, left % each)
            left -= each * len(alike)
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
    def _larger(self) -> range:
        """The groups that have one more than others; none if all are alike."""
        rows, rest = divmod(self.entrants, self.groups)
        return range(self.groups - rest + 1, self.groups + 1) if rows % 2 else range(1, rest + 1)

    def _alike(self) -> Iterator[range]:
        """The groups in order, those of one size together."""
        larger = self._larger
        for groups in (range(1, larger.start), larger, range(larger.stop, self.groups + 1)):
            if groups:
                yield groups

    def _in_round(self, group: int, round_: int) -> int:
        """How many matches a group has in a round."""
        table = self.table(group)
        return table.per_round if round_ <= table.rounds else 0

    def _before(self, round_: int) -> int:
        """How many matches come before this round."""
        return sum(
            len(alike) * table.per_round * min(round_ - 1, table.rounds)
            for alike in self._alike()
            for table in (self.table(alike.start),)
        )

    def _round_of(self, number: int) -> int:
        """The last round that begins at this number or before."""
        low, high = 1, self.rounds
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self._before(middle) < number else (low, middle - 1)
        return low


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
