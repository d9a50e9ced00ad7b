"""Who may meet whom, and whether some can still all be paired: C1 to C5 of FIDE's C.04.3.

Players are places in the ranking of the round (1.2), from 0, and sets of players are bits of a number.
"""

from __future__ import annotations

from collections.abc import Sequence

from actors.tournament.engine.swiss.history import ABSOLUTE, Player
from actors.tournament.engine.swiss.matching import all_paired
from actors.tournament.engine.swiss.sets import bits, places


class Field:
    """The players of a round in the order of their ranks, and which pairs are legal (C1, C3)."""

    def __init__(self, ranking: Sequence[Player], *, met: bool = True) -> None:
        self.players = ranking
        self.everybody = (1 << len(ranking)) - 1
        places = {player.number: place for place, player in enumerate(ranking)}
        self.legal = self._without_same_sides()
        for place in range(len(ranking)):
            self.legal[place] &= ~(1 << place)
        if met:
            for place, player in enumerate(ranking):
                self.legal[place] &= ~bits(places[other] for other in player.met if other in places)

    def _without_same_sides(self) -> list[int]:
        """C3: two who both must have the same side don't meet, unless one of them is a topscorer."""
        ranking = self.players
        bound = {
            side: bits(
                place
                for place, player in enumerate(ranking)
                if player.strength == ABSOLUTE and player.wish == side and not player.topscorer
            )
            for side in (1, -1)
        }
        return [
            self.everybody & ~bound[player.wish]
            if player.strength == ABSOLUTE and not player.topscorer
            else self.everybody
            for player in ranking
        ]

    def admit(self, a: int, b: int) -> None:
        """Let these two meet, though they have met."""
        self.legal[a] |= 1 << b
        self.legal[b] |= 1 << a

    def complete(self, some: int, byes: int) -> bool:
        """Whether these can all be paired, if they are odd but for one of ``byes``."""
        if not some.bit_count() % 2:
            return self._paired(some)
        return self._with_bye(some, byes & some)

    def _with_bye(self, some: int, byes: int) -> bool:
        if not byes:
            return False
        lowest = byes.bit_length() - 1
        return self._paired(some & ~(1 << lowest)) or all_paired(self.legal, some, byes)

    def _paired(self, some: int) -> bool:
        return not greedy(self.legal, some) or all_paired(self.legal, some, 0)


def greedy(legal: Sequence[int], some: int) -> int:
    """Who is left over when each takes the nearest it may, and who would be left over is put between two of a pair."""
    partner: dict[int, int] = {}
    alone = 0
    while some:
        low = some & -some
        some ^= low
        place = low.bit_length() - 1
        choice = legal[place] & some
        if choice:
            choice &= -choice
            some ^= choice
            other = choice.bit_length() - 1
            partner[place], partner[other] = other, place
        else:
            alone |= low
    return _put_between(legal, partner, alone)


def _put_between(legal: Sequence[int], partner: dict[int, int], alone: int) -> int:
    left = 0
    while alone:
        low = alone & -alone
        alone ^= low
        first = low.bit_length() - 1
        for place in places(bits(partner) & legal[first]):
            second = legal[partner[place]] & alone
            if second:
                second &= -second
                alone ^= second
                other, last = partner[place], second.bit_length() - 1
                partner[first], partner[place], partner[other], partner[last] = place, first, last, other
                break
        else:
            left |= low
    return left
