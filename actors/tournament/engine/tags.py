"""Entrants with a tag in common (a team, a region) are kept apart in the first round, as far as lots let.

Only those change places whose order was drawn: a seed that somebody has given stays. From the last of them up, whoever
would meet one with a tag in common changes places with the nearest by whom that becomes less. It depends on nothing but
what is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

COMPARED_MAX: Final = 4000
"""Pairs of entrants that are compared, some 4 ms in all. The better seeds stay as they are if that isn't enough."""
Meets = Callable[[int], Sequence[int]]
"""Whom a seed may meet in the first round, by seeds; of a group all others."""


def keep_apart(
    order: Sequence[int], fixed: int, meets: Meets, tags: Callable[[int], frozenset[str]]
) -> tuple[list[int], list[tuple[int, int]]]:
    """The order of these entrants, the best seed first, and the seeds that were exchanged for it, in order. The first
    ``fixed`` of them stay where they are.
    """
    found, moved, compared = list(order), list[tuple[int, int]](), 0

    def common(seed: int) -> int:
        nonlocal compared
        own, others = tags(found[seed - 1]), meets(seed)
        compared += len(others)
        return sum(len(own & tags(found[other - 1])) for other in others) if own else 0

    for seed in range(len(found), fixed, -1):
        if compared >= COMPARED_MAX:
            break
        others = meets(seed)
        if len(others) == 1 and others[0] > seed:
            continue  # that one has been looked at
        if not common(seed):
            continue
        for other in _nearest(seed, fixed + 1, len(found)):
            if compared >= COMPARED_MAX:
                break
            before = common(seed) + common(other)
            _exchange(found, seed, other)
            if common(seed) + common(other) < before:
                moved.append((seed, other))
                break
            _exchange(found, seed, other)
    return found, moved


def _nearest(seed: int, first: int, last: int) -> Iterator[int]:
    """All other seeds from the first to the last one, the nearest first, and of two the better."""
    for distance in range(1, last - first + 1):
        if seed - distance >= first:
            yield seed - distance
        if seed + distance <= last:
            yield seed + distance


def _exchange(order: list[int], seed: int, other: int) -> None:
    order[seed - 1], order[other - 1] = order[other - 1], order[seed - 1]
