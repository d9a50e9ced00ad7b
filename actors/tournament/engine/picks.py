"""Which games a match is played on: its sides ban and pick them from a pool, step by step.

A step is a word and a side: ``ban a``, ``pick b``, ``side a``, or ``decider``, which is nobody's. A banned game isn't
played; a picked one is, and so is the one that a decider takes of those that are left. A ``side`` step says where that
side begins in the last one of them. What is chosen is a number: a game by its place in the pool, from 1; where to begin
by 1 for *first* and 2 for *second*.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import cycle
from typing import Final, NamedTuple

from actors.tournament.engine.draw import splitmix64

DECIDER: Final = "decider"
BEGINS: Final = (1, 2)
"""What can be chosen in a ``side`` step: *first* or *second*."""
_SIDES: Final = ("a", "b")


class Step(NamedTuple):
    """What is done in a step, and by which side; None: by nobody."""

    act: str
    side: int | None


class Played(NamedTuple):
    """A game that is played, in the order of play."""

    game: int
    """Its place in the pool."""
    by: int | None
    """The side that has picked it; None for a decider."""
    first: int | None
    """The side that begins as *first*; None if no step says so."""


def step_of(word: str) -> Step:
    """The step that a word says."""
    act, _, side = word.partition(" ")
    return Step(act, _SIDES.index(side) if side else None)


def preset(best_of: int, pool: int) -> tuple[str, ...]:
    """The steps for so many games of a pool, which has at least as many.

    With best of one all but one are banned in turn, a first. With more, each side bans one if there are enough; then
    all games but the last are picked in turn, a first, and the other side chooses where it begins; b first, the rest is
    banned but for the decider. Who didn't ban or pick last chooses where they begin in it. For best of three out of
    seven that is the order of Valve's Counter-Strike Major Supplemental Rulebook.
    """
    bans = pool - best_of
    before = bans if best_of == 1 else min(2, bans)
    turns = cycle(_SIDES)
    steps = [f"ban {next(turns)}" for _ in range(before)]
    turns = cycle(_SIDES)
    for _ in range(best_of - 1):
        side = next(turns)
        steps += [f"pick {side}", f"side {_other(side)}"]
    turns = cycle(reversed(_SIDES))
    steps += [f"ban {next(turns)}" for _ in range(bans - before)]
    last = next((word[-1] for word in reversed(steps) if not word.startswith("side")), "b")
    return (*steps, DECIDER, f"side {_other(last)}")


def _other(side: str) -> str:
    return "b" if side == "a" else "a"


def unfit(words: Iterable[str], pool: int, best_of: int) -> str | None:
    """Why these steps can't choose the games of a match, as a sentence for people; None if they can."""
    left, games, sided = pool, 0, True
    for act, _ in map(step_of, words):
        if act == "side":
            if sided:
                return "A side is chosen once, after a game was picked or decided."
            sided = True
            continue
        if not left:
            return "There are more steps than games in the pool."
        left -= 1
        if act != "ban":
            games, sided = games + 1, False
    if games != best_of:
        return f"These steps choose {games} games for best of {best_of}."
    return None


def choices(words: Sequence[str], pool: int, made: Sequence[int]) -> tuple[int, ...]:
    """What can be chosen of so many games in the step after those that were made; there is such a step."""
    if step_of(words[len(made)]).act == "side":
        return BEGINS
    taken = {choice for word, choice in zip(words, made, strict=False) if step_of(word).act != "side"}
    return tuple(game for game in range(1, pool + 1) if game not in taken)


def by_lot(among: Sequence[int], draw: int, match: int, step: int) -> int:
    """What is chosen for somebody whose time is over, and by a decider with several games left.

    SplitMix64 begins with the number of the draw plus 64 times that of the match plus that of the step, which count
    from 1; its first number modulo how many there are is the place, from 0, of the one that is taken.
    """
    return among[next(splitmix64(draw + 64 * match + step)) % len(among)]


def played(words: Sequence[str], made: Sequence[int]) -> tuple[Played, ...]:
    """The games that the steps made so far have chosen."""
    games: list[Played] = []
    for (act, side), choice in zip(map(step_of, words), made, strict=False):
        if act == "side" and side is not None:
            first = side if choice == BEGINS[0] else 1 - side
            games[-1] = games[-1]._replace(first=first)
        elif act != "ban":
            games.append(Played(choice, side, None))
    return tuple(games)
