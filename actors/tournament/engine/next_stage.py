"""How entrants are seeded in the stage after one that ends with places, and why.

The winners of all groups come first, then the seconds, and so on; among those with the same place it goes by the
number of their group. In a bracket, those of one group are then kept in different halves, then in different quarters,
and so on down to the matches of the first round, as far as that goes by exchanging entrants who have the same place.
Where all come from one group, who has met already is kept apart in the first round by exchanging the worse seeds of two
matches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

from actors.tournament.engine.apart import Member, balance
from actors.tournament.engine.groups import spread
from actors.tournament.engine.seeding import place_of

Why = Literal["same_group", "rematch", "same_tag"]


class Qualified(NamedTuple):
    """An entrant who goes on."""

    entrant: int
    group: int
    place: int
    """In their group: 1 for its winner."""


class Moved(NamedTuple):
    """Those who had these seeds have changed places."""

    seed: int
    other: int
    why: Why
    group: int
    """Whose entrants are kept apart."""
    parts: int
    """Apart in which of so many parts of the stage: 2 for halves, and so on; or in which of so many groups."""


class Seeding(NamedTuple):
    """The order of the next stage."""

    order: tuple[int, ...]
    """Entrants, the best seed first."""
    moved: tuple[Moved, ...]
    """What was exchanged, in order, after they were ordered by place and group."""


def by_place(qualified: Sequence[Qualified]) -> list[Qualified]:
    """In the order of seeds before anybody is kept apart."""
    return sorted(qualified, key=lambda one: (one.place, one.group, one.entrant))


def seed_bracket(qualified: Sequence[Qualified], met: Callable[[int, int], bool]) -> Seeding:
    """The seeds of a bracket. ``met`` tells whether two entrants have met in the stage before."""
    order = by_place(qualified)
    if len(order) < 3:
        return Seeding(tuple(one.entrant for one in order), ())
    size = 1 << (len(order) - 1).bit_length()
    if len({one.group for one in order}) == 1:
        moved = [*_without_rematches(order, size, met)]
    else:
        moved = [*_apart(order, size)]
    return Seeding(tuple(one.entrant for one in order), tuple(moved))


def seed_groups(qualified: Sequence[Qualified], groups: int) -> Seeding:
    """The seeds of a stage in groups, by which those of one group come into different ones."""
    order = by_place(qualified)
    found = spread([one.entrant for one in order], groups, [one.group for one in order])
    group_of = {one.entrant: one.group for one in order}
    before = [one.entrant for one in order]
    moved: list[Moved] = []
    for seed, other, _ in found.exchanges:
        moved.append(Moved(seed, other, "same_group", group_of[before[seed - 1]], groups))
        before[seed - 1], before[other - 1] = before[other - 1], before[seed - 1]
    return Seeding(found.order, tuple(moved))


def seed_table(qualified: Sequence[Qualified]) -> Seeding:
    """The seeds of a stage in which anybody may meet anybody in any round: a Swiss system, or one group."""
    return Seeding(tuple(one.entrant for one in by_place(qualified)), ())


def _apart(order: list[Qualified], size: int) -> Iterator[Moved]:
    """Keep the groups apart, the largest parts of the bracket first; ``order`` is changed."""
    places = {seed: place_of(size, seed) for seed in range(1, len(order) + 1)}
    parts = 2
    while parts <= size // 2:
        sides: list[list[Member]] = [[] for _ in range(parts)]
        for seed, place in places.items():
            one = order[seed - 1]
            sides[place * parts // size].append(Member(seed, one.place, one.group))
        for left, right in zip(sides[::2], sides[1::2], strict=True):
            for seed, other, _ in balance((left, right)):
                yield Moved(seed, other, "same_group", order[seed - 1].group, parts)
                _exchange(order, seed, other)
        parts *= 2


def _without_rematches(order: list[Qualified], size: int, met: Callable[[int, int], bool]) -> Iterator[Moved]:
    """Exchange worse seeds of the first round, the nearest first; ``order`` is changed."""

    def rematch(better: int, worse: int) -> bool:
        return met(order[better - 1].entrant, order[worse - 1].entrant)

    worse_seeds = range(size // 2 + 1, len(order) + 1)
    for seed in reversed(worse_seeds):
        better = size + 1 - seed
        if not rematch(better, seed):
            continue
        for other in sorted(worse_seeds, key=lambda one: (abs(one - seed), one)):
            beyond = size + 1 - other
            if rematch(better, other) or (rematch(beyond, seed) and not rematch(beyond, other)):
                continue
            yield Moved(seed, other, "rematch", order[seed - 1].group, size // 2)
            _exchange(order, seed, other)
            break


def _exchange(order: list[Qualified], seed: int, other: int) -> None:
    order[seed - 1], order[other - 1] = order[other - 1], order[seed - 1]
