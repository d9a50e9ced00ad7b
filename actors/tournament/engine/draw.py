"""Lots are drawn by a published generator, so that anybody who knows the seed can check a draw.

The numbers come from SplitMix64 (G. Steele, D. Lea and C. Flood, "Fast splittable pseudorandom number generators",
OOPSLA 2014; as in S. Vigna's https://prng.di.unimi.it/splitmix64.c), whose state begins as the seed. They shuffle by
Fisher and Yates' method (D. Knuth, "The Art of Computer Programming" 3.4.2, algorithm P).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

_WORD: Final = (1 << 64) - 1


def draw(entrants: Iterable[int], seed: int) -> tuple[int, ...]:
    """These numbers in an order of lots; it depends on which they are and on the seed, a number of 64 bits.

    They begin in ascending order. From the last place to the second, the one who is there is exchanged with the one at
    place k, where places count from 0 and k is the next number of the generator modulo one more than this place. That
    prefers some places by less than one in 2**51, with 4,096 entrants.
    """
    order = sorted(entrants)
    for last, number in zip(range(len(order) - 1, 0, -1), splitmix64(seed), strict=False):
        chosen = number % (last + 1)
        order[last], order[chosen] = order[chosen], order[last]
    return tuple(order)


def splitmix64(seed: int) -> Iterator[int]:
    """The numbers of 64 bits that SplitMix64 gives from this seed on."""
    state = seed & _WORD
    while True:
        state = (state + 0x9E3779B97F4A7C15) & _WORD
        mixed = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & _WORD
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB & _WORD
        yield mixed ^ (mixed >> 31)
