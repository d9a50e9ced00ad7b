"""What the rounds so far say of each entrant: score, whom it has met, its sides and floats.

Articles of FIDE's C.04.3 as in force since 1 February 2026: order (1.2), floats (1.4), byes (C.04.1 articles 3 and 4),
colour difference and preference (1.6, 1.7; unplayed rounds are skipped by C.04.2 3.4), topscorers (1.8).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from actors.tournament.engine.swiss.model import NOBODY, Game, Options

ABSOLUTE, STRONG, MILD = 3, 2, 1
DOWN, UP = -1, 1


@dataclass(slots=True)
class Player:
    """An entrant as the pairing of the next round sees it."""

    number: int
    seed: int
    """Its place in the order of seeds, from 1: the tournament pairing number."""
    score: int = 0
    met: set[int] = field(default_factory=set[int])
    sides: list[int] = field(default_factory=list[int])
    """The sides of the games it played, in order: 1 is the first side, -1 the second."""
    floats: list[int] = field(default_factory=list[int])
    """For each round, DOWN, UP or 0."""
    bye_taken: bool = False
    """Whether it had as many points as a win without playing."""
    back: bool = False
    """Whether it had left, and has come back."""
    games: int = 0
    wins: int = 0
    losses: int = 0
    topscorer: bool = False

    @property
    def difference(self) -> int:
        """How many more games it had the first side than the second."""
        return sum(self.sides)

    @property
    def streak(self) -> int:
        """The side of its two latest games, if it was the same, or 0."""
        return self.sides[-1] if len(self.sides) > 1 and self.sides[-1] == self.sides[-2] else 0

    @property
    def wish(self) -> int:
        """The side it should have next: 1, -1, or 0 before it has played (1.7)."""
        if self.difference and (abs(self.difference) > 1 or not self.streak):
            return -1 if self.difference > 0 else 1
        return -self.sides[-1] if self.sides else 0

    @property
    def strength(self) -> int:
        """How much it should: ABSOLUTE, STRONG, MILD, or 0."""
        if abs(self.difference) > 1 or self.streak:
            return ABSOLUTE
        return STRONG if self.difference else MILD if self.sides else 0


def players(entrants: Sequence[int], rounds: Sequence[Sequence[Game]], options: Options) -> dict[int, Player]:
    """Every entrant by its number. The entrants are in the order of their seeds, the best first."""
    known = {number: Player(number, seed) for seed, number in enumerate(entrants, 1)}
    for games in rounds:
        floats = dict.fromkeys(known, 0)
        for game in games:
            _floats(known, game, options, floats)
        for game in games:
            _count(known, game, options)
        for number, way in floats.items():
            known[number].floats.append(way)
    if options.rounds is not None and len(rounds) >= options.rounds - 1:
        for player in known.values():
            player.topscorer = 2 * player.score > len(rounds) * options.win
    if not options.sides:
        for player in known.values():
            player.sides = []
    return known


def _floats(known: dict[int, Player], game: Game, options: Options, floats: dict[int, int]) -> None:
    """1.4.2 to 1.4.4: of two who played, and of who had more than a loss's points without playing."""
    if not game.played:
        if game.first_points > options.loss:
            floats[game.first] = DOWN
        if game.second and game.second_points > options.loss:
            floats[game.second] = DOWN
        return
    ahead = known[game.first].score - known[game.second].score
    if ahead:
        floats[game.first], floats[game.second] = (DOWN, UP) if ahead > 0 else (UP, DOWN)


def _count(known: dict[int, Player], game: Game, options: Options) -> None:
    for number, other, points, side in (
        (game.first, game.second, game.first_points, 1),
        (game.second, game.first, game.second_points, -1),
    ):
        if number == NOBODY:
            continue
        player = known[number]
        player.score += points
        player.wins += points >= options.win
        player.losses += points <= options.loss and other != NOBODY
        if game.played:
            player.games += 1
            player.met.add(other)
            player.sides.append(side)
        elif points >= options.win:
            player.bye_taken = True
