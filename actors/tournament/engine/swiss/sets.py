"""Sets of places as bits of a number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def bits(some: Iterable[int]) -> int:
    """The set of these places."""
    result = 0
    for place in some:
        result |= 1 << place
    return result


def places(some: int) -> Iterator[int]:
    """The places of a set in ascending order."""
    while some:
        low = some & -some
        yield low.bit_length() - 1
        some ^= low


def low_place(some: int) -> int:
    """The lowest place of a set that isn't empty."""
    return (some & -some).bit_length() - 1
