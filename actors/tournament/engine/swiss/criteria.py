"""How good a pairing of a bracket is: criteria C6 to C21 of FIDE's C.04.3 as weights of its pairs.

A ladder has a step for each number that a criterion minimises or maximises, in the order of the criteria. A number
has a bound that is known beforehand, so that one of a step weighs more than all that the steps below can count. Most
bounds are small, and many are zero: a bracket without moved-down players has no steps for them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import NamedTuple

from actors.tournament.engine.swiss.field import Field
from actors.tournament.engine.swiss.history import ABSOLUTE, DOWN, STRONG, UP, Player
from actors.tournament.engine.swiss.matching import CRITERIA_BITS
from actors.tournament.engine.swiss.sets import bits


@dataclass(frozen=True, slots=True)
class Bracket:
    """Who is to be paired now (1.3.2), and who is below. Players are places in the ranking."""

    field: Field
    moved: tuple[int, ...]
    """Moved-down players, by their ranks."""
    residents: tuple[int, ...]
    following: int
    """The players of the next score group, as a set."""
    below: int
    """All players below, those of the next group among them."""
    byes: int
    """Who may have the bye, if one is due in this bracket or below (C2, C5)."""

    @property
    def everybody(self) -> tuple[int, ...]:
        """The players of the bracket, by their ranks."""
        return self.moved + self.residents


class Scope(NamedTuple):
    """How a bracket depends on the players below."""

    closed: bool
    """Whether nobody floats down to them."""
    bye_here: bool
    """Whether one player alone isn't paired, and has the bye."""


def scope_of(bracket: Bracket) -> Scope:
    """What follows from numbers and from what can be completed (C4), before any criterion of quality."""
    own = bits(bracket.everybody)
    complete = bracket.field.complete
    odd_below = bracket.below.bit_count() % 2
    if own.bit_count() % 2:
        here = not odd_below and complete(own, bracket.byes & own) and complete(bracket.below, 0)
        return Scope(closed=here, bye_here=here)
    closed = complete(own, 0) and complete(bracket.below, bracket.byes & ~own)
    return Scope(closed=closed, bye_here=False)


class Paired(NamedTuple):
    """The pairs of a bracket, the higher ranked first, and who floats down or has the bye."""

    pairs: tuple[tuple[int, int], ...]
    floating: tuple[int, ...]


@dataclass(slots=True)
class Ladder:
    """Steps from the most to the least important, each with the largest number it may count to."""

    bounds: list[int] = field(default_factory=list[int])

    def step(self, bound: int) -> int:
        """Add a step below the others; its index."""
        self.bounds.append(bound)
        return len(self.bounds) - 1

    def weights(self) -> list[int]:
        """What one of each step weighs, and before them what one of a step above them all would.

        In a bracket of a dozen and more different scores, after dozens of rounds, the lowest steps may not fit.
        They weigh nothing then.
        """
        bounds = list(self.bounds)
        while prod(bound + 1 for bound in bounds).bit_length() > CRITERIA_BITS:
            bounds.pop()
        weights = [1]
        for bound in reversed(bounds):
            weights.append(weights[-1] * (bound + 1))
        return weights[::-1][: len(bounds) + 1] + [0] * (len(self.bounds) - len(bounds))


class Weights:
    """What pairs of a bracket weigh: the heaviest complete pairing is the best. What is minimised counts negatively."""

    def __init__(self, bracket: Bracket, *, bye_here: bool) -> None:
        self._players = players = bracket.field.players
        scores = sorted({players[place].score for place in bracket.moved}, reverse=True)
        self._class = {place: scores.index(players[place].score) for place in bracket.moved}
        sizes = [sum(at == own for own in self._class.values()) for at in range(len(scores))]
        ladder = Ladder()
        self._floats = ladder.step(len(bracket.everybody))  # C6
        self._float_of = [ladder.step(size) for size in sizes]  # C7
        twice = 1 if bracket.following else 0
        self._next_pair = ladder.step(bracket.following.bit_count())  # C8
        self._twice_of = [ladder.step(twice * size) for size in (*sizes, len(bracket.residents))]
        candidates = [place for place in bracket.everybody if bye_here and bracket.byes >> place & 1]
        self._most_games = max((players[place].games for place in candidates), default=0)
        fewest = min((players[place].games for place in candidates), default=0)
        self._unplayed = ladder.step(self._most_games - fewest)  # C9
        self._sides = self._side_steps(ladder, bracket)
        self._history = self._history_steps(ladder, bracket, sizes)
        weights = ladder.weights()
        self.height = weights[0]
        """More than two pairings can differ by."""
        self._weight = weights[1:]
        self._side_weights: dict[tuple[tuple[int, ...], tuple[int, ...]], int] = {}
        self._kinds = {place: _kind(players[place]) for place in bracket.everybody}

    def _side_steps(self, ladder: Ladder, bracket: Bracket) -> tuple[int, int, int, int]:
        """C10 to C13. Topscorers alone can get a side that they must not get."""
        players = [self._players[place] for place in bracket.everybody]
        top = any(player.topscorer and player.strength == ABSOLUTE for player in players)
        strong = sum(player.strength >= STRONG for player in players) // 2
        pairs = sum(player.wish != 0 for player in players) // 2
        return ladder.step(top * pairs), ladder.step(top * pairs), ladder.step(pairs), ladder.step(strong)

    def _history_steps(self, ladder: Ladder, bracket: Bracket, sizes: list[int]) -> list[_History]:
        players, moved, residents = self._players, bracket.moved, bracket.residents
        steps = [_History(), _History()]
        for back, own in enumerate(steps, 1):  # C14 to C17
            own.ups = {place for place in residents if _floated(players[place], back) == UP}
            own.downs = {place for place in bracket.everybody if _floated(players[place], back) == DOWN}
            own.resident_down = ladder.step(len(own.downs.intersection(residents)))
            own.opponent_up = ladder.step(min(len(own.ups), len(moved)))
        for own in steps:  # C18 to C21
            downs = [
                sum(self._class[place] == at for place in own.downs.intersection(moved))
                for at in range(len(sizes))
            ]
            own.moved_down = [ladder.step(count) for count in downs]
            own.opponent_up_of = [ladder.step(min(size, len(own.ups))) for size in sizes]
        return steps

    @property
    def next_pair(self) -> int:
        """The weight of two of the next score group, or of one who comes down to it."""
        return self._weight[self._next_pair]

    def pair(self, higher: int, lower: int) -> int:
        """The weight of two of the bracket; the lower one is a resident."""
        weight = -self.of_kinds(self._kinds[higher], self._kinds[lower])
        at = self._class.get(higher)
        if at is not None:
            for own in self._history:
                if lower in own.ups:
                    weight -= self._weight[own.opponent_up] + self._weight[own.opponent_up_of[at]]
        return weight

    def float(self, place: int, *, bye: bool = False) -> int:
        """The weight of one who is not paired in the bracket, nor in the next one: but further below or with nobody."""
        weight = -self._weight[self._floats] - self._weight[self._twice_of[self._class.get(place, -1)]]
        if place in self._class:
            weight -= self._weight[self._float_of[self._class[place]]]
        for own in self._history:
            if place in own.downs:
                resident = place not in self._class
                weight -= self._weight[own.resident_down if resident else own.moved_down[self._class[place]]]
        return weight - (self._games_missed(place) if bye else 0)

    def next_group(self, place: int) -> int:
        """What is added to that if they are paired with one of the next group."""
        return self.next_pair + self._weight[self._twice_of[self._class.get(place, -1)]]

    def _games_missed(self, place: int) -> int:
        return self._weight[self._unplayed] * (self._most_games - self._players[place].games)

    def float_cost(self, place: int, *, bye: bool) -> int:
        """What C9, C14 and C16 count against this resident as the one who isn't paired in the bracket."""
        cost = sum(self._weight[own.resident_down] for own in self._history if place in own.downs)
        return cost + (
            self._weight[self._unplayed] * (self._most_games - self._players[place].games) if bye else 0
        )

    def side_cost(self, missed: int, strong: int) -> int:
        """What so many missed wishes for a side, and so many strong ones of them, count."""
        return self._weight[self._sides[2]] * missed + self._weight[self._sides[3]] * strong

    def kind(self, place: int) -> tuple[int, ...]:
        """All that matters of a player for C10 to C13."""
        return self._kinds[place]

    def of_kinds(self, one: tuple[int, ...], other: tuple[int, ...]) -> int:
        """What C10 to C13 count against a pair of players of these kinds."""
        known = self._side_weights.get((one, other))
        if known is None:
            missed = missed_wishes(one, other)
            known = sum(self._weight[step] * count for step, count in zip(self._sides, missed, strict=True))
            self._side_weights[one, other] = known
        return known


@dataclass(slots=True)
class _History:
    """The steps about the floats of one of the two latest rounds, and who had them."""

    ups: set[int] = field(default_factory=set[int])
    downs: set[int] = field(default_factory=set[int])
    resident_down: int = 0
    opponent_up: int = 0
    moved_down: list[int] = field(default_factory=list[int])
    opponent_up_of: list[int] = field(default_factory=list[int])


def _floated(player: Player, back: int) -> int:
    return player.floats[-back] if len(player.floats) >= back else 0


def _kind(player: Player) -> tuple[int, int, int, int]:
    """All that matters of a player for C10 to C13."""
    return player.wish, player.strength, abs(player.difference), player.streak


def missed_wishes(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, int, int, int]:
    """What a pair counts for C10 to C13: whether one of the two gets a third side too many, the same side three times
    in a row, not the side it wishes, and not the one it strongly wishes."""
    wish, strength, difference, streak = one
    other_wish, other_strength, other_difference, other_streak = other
    if not wish or wish != other_wish:
        return 0, 0, 0, 0
    if strength == other_strength == ABSOLUTE:
        # 5.2.2: the smaller difference yields; of equal ones, one without a streak.
        if difference == other_difference:
            third = bool(streak and other_streak)
        else:
            third = bool(streak if difference < other_difference else other_streak)
        return int(difference > 1 and other_difference > 1), int(third), 1, 0
    return 0, 0, 1, int(min(strength, other_strength) >= STRONG)
