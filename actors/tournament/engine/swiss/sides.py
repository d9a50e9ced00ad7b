"""Who of two has the first side: article 5.2 of FIDE's C.04.3."""

from __future__ import annotations

from actors.tournament.engine.swiss.history import ABSOLUTE, Player


def with_sides(higher: Player, lower: Player, *, first_side: bool) -> tuple[int, int]:
    """The numbers of the two, the one that gets the first side before the other. ``higher`` ranks before ``lower``."""
    return (
        (higher.number, lower.number)
        if _side(higher, lower, first_side=first_side) > 0
        else (lower.number, higher.number)
    )


def _side(higher: Player, lower: Player, *, first_side: bool) -> int:
    """The side of the higher of the two."""
    if higher.wish and lower.wish and higher.wish == lower.wish:
        return _of_same_wish(higher, lower)
    if higher.wish or lower.wish:
        return higher.wish or -lower.wish  # 5.2.1: both have what they wish
    initial = 1 if first_side else -1
    return initial if higher.seed % 2 else -initial  # 5.2.5


def _of_same_wish(higher: Player, lower: Player) -> int:
    wish = higher.wish
    stronger = higher.strength - lower.strength
    if not stronger and higher.strength == ABSOLUTE:
        stronger = abs(higher.difference) - abs(lower.difference)
    if stronger:
        return wish if stronger > 0 else -wish  # 5.2.2
    for mine, other in zip(reversed(higher.sides), reversed(lower.sides), strict=False):
        if mine != other:
            return other  # 5.2.3: as it was not, when they last had different sides
    return wish  # 5.2.4
