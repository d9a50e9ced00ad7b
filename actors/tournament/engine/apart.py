"""Members with something in common (a team, a region, the group they come from) are kept apart by exchanging members.

There are two parts; rows run across both, and members may be exchanged only within their row, so that each part keeps
as many of each row as it has. A tag is balanced if the parts have as many members with it, or one of them has one more.

Where a tag isn't balanced, one of its members changes part with a member of the other part and the same row; if that
one's tag isn't balanced then, it goes on with that tag. The shortest such way is found by breadth-first search. It is a
Kempe chain of D. de Werra's equitable colourings ("Equitable colorations of graphs", RIRO 5, 1971): where each row has
as many members in either part, all tags can be balanced, and are. Each way takes the number of pairs that are
together down, so there are no more ways than pairs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple

Tag = Hashable


class Member(NamedTuple):
    """Somebody in a part."""

    slot: int
    """Where: a number of the caller's, the best place of a row first."""
    row: int
    tag: Tag


class Exchange(NamedTuple):
    """Those who are at these slots change places."""

    slot: int
    other: int
    tag: Tag
    """Why: members with this tag are kept apart."""


def balance(parts: tuple[Sequence[Member], Sequence[Member]]) -> list[Exchange]:
    """What to exchange between two parts, in order, until all tags are balanced as well as they can be.

    It depends on slots, rows and on which tags are equal alone.
    """
    return _Balancing(parts).run()


class _Balancing:
    def __init__(self, parts: tuple[Sequence[Member], Sequence[Member]]) -> None:
        self._at = {member.slot: member for part in parts for member in part}
        self._part = {member.slot: side for side, part in enumerate(parts) for member in part}
        self._slots: dict[Tag, list[int]] = {}
        for slot, member in sorted(self._at.items()):
            self._slots.setdefault(member.tag, []).append(slot)
        self._rows: dict[tuple[int, int], list[int]] = {}
        for slot, member in sorted(self._at.items()):
            self._rows.setdefault((member.row, self._part[slot]), []).append(slot)

    def run(self) -> list[Exchange]:
        """All exchanges."""
        found: list[Exchange] = []
        for tag in [*self._slots]:
            while abs(excess := self._excess(tag)) > 1:
                way = self._way(tag, 0 if excess > 0 else 1)
                for slot, other in way:
                    self._exchange(slot, other)
                    found.append(Exchange(slot, other, tag))
                if not way:
                    break
        return found

    def _excess(self, tag: Tag) -> int:
        """How many more members with this tag the first part has."""
        return sum(1 - 2 * self._part[slot] for slot in self._slots[tag])

    def _way(self, tag: Tag, side: int) -> list[tuple[int, int]]:
        """Exchanges that take one with the tag from this part, and end with a tag that the other part has more of; none
        if there is no such way.
        """
        came: dict[Tag, tuple[Tag, int, int]] = {}
        ahead, looked_at = deque([tag]), set[int]()
        while ahead:
            now = ahead.popleft()
            # The worst seeds are moved first.
            for slot in reversed(self._slots[now]):
                row = self._at[slot].row
                if self._part[slot] != side or row in looked_at:
                    continue
                for other in reversed(self._rows.get((row, 1 - side), ())):
                    met = self._at[other].tag
                    if met == tag or met in came:
                        continue
                    came[met] = now, slot, other
                    if (self._excess(met) if side == 0 else -self._excess(met)) < 0:
                        return _back(came, tag, met)
                    ahead.append(met)
                looked_at.add(row)
        return []

    def _exchange(self, slot: int, other: int) -> None:
        one, two = self._at[slot], self._at[other]
        self._at[slot], self._at[other] = two._replace(slot=slot), one._replace(slot=other)
        for tag, left, taken in ((one.tag, slot, other), (two.tag, other, slot)):
            slots = self._slots[tag]
            slots.remove(left)
            slots.append(taken)
            slots.sort()


def _back(came: Mapping[Tag, tuple[Tag, int, int]], first: Tag, last: Tag) -> list[tuple[int, int]]:
    way: list[tuple[int, int]] = []
    tag = last
    while tag != first:
        tag, slot, other = came[tag]
        way.append((slot, other))
    return way[::-1]
