"""What simulated tournaments are like: their stages, and the rules of their rounds."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, Final

from actors.tournament.chain import unfit_chain
from protocol.tournament import BestOf, Format, Part
from protocol.tournament.rounds import PickBan, PickStep, RoundRule
from protocol.tournament.stage import PointsRule, Stage
from protocol.tournament.standings import TieBreak

STAGED: Final = 0.6
"""The part of tournaments that say their stages; the others are a bracket."""
COUNTS: Final = (1, 2, 3)
"""They have so many of them."""
LONG_S: Final = 6
"""A stream that nobody asks for is let go meanwhile, by the limits of ``schedule``."""
PARTS: Final[tuple[Part | None, ...]] = (None, "winners", "losers", "final")
POOL: Final = ("ascent", "bind", "haven", "lotus", "split")
TIEBREAKS: Final[tuple[tuple[TieBreak, ...], ...]] = ((), (), ("head_to_head", "wins"), ("game_difference",))
WORTH: Final = (PointsRule(), PointsRule(), PointsRule(win=3, draw=1))


def stages(chance: random.Random, entrants_max: int, *, ruled: bool) -> dict[str, Any]:
    """Instead of a bracket, in some tournaments: one stage or several for so many at most, and rules of rounds."""
    if chance.random() >= STAGED:
        return {}
    found = chain(chance, entrants_max)
    return {"stages": found, "rounds": rules(chance, (*PARTS, "group", "swiss")) if ruled else ()}


def chain(chance: random.Random, entrants_max: int) -> tuple[Stage, ...]:
    """One stage or several, for so many at most."""
    found: list[Stage] = []
    most, count = entrants_max, chance.choice(COUNTS)
    for number in range(1, count + 1):
        format_, choose = chance.choice(FORMATS)
        settings = choose(chance, most)
        groups = settings.get("groups", 1)
        advance = 0 if number == count else _advance(chance, most, groups)
        found.append(Stage(format=format_, advance=advance, **settings))
        most = groups * advance
    assert unfit_chain(tuple(found), entrants_max) is None, found
    return tuple(found)


def _advance(chance: random.Random, most: int, groups: int) -> int:
    """How many of each group go on, so that two or more do."""
    largest = -(-most // groups)
    return chance.randint(min(largest, 2 if groups == 1 else 1), largest)


def _single(chance: random.Random, _: int) -> dict[str, Any]:
    return {"third_place": chance.random() < 0.5}


def _double(chance: random.Random, _: int) -> dict[str, Any]:
    return {"reset": chance.random() < 0.7}


def _round_robin(chance: random.Random, most: int) -> dict[str, Any]:
    """Groups are small, or it would take too many rounds."""
    groups = chance.randint(-(-most // 5), max(1, most // 3))
    return {
        "groups": groups,
        "legs": 2 if most <= 3 * groups and chance.random() < 0.5 else 1,
        "withdrawals": chance.choice(["keep", "annul", "forfeit"]),
        "points": chance.choice(WORTH),
        "tiebreaks": chance.choice(TIEBREAKS),
    }


def _swiss(chance: random.Random, _: int) -> dict[str, Any]:
    exits = chance.choice([0, 0, 2])
    return {
        "rounds": 0 if exits else chance.choice([0, 2, 3]),
        "sides": chance.random() < 0.5,
        "rematches": chance.random() < 0.5,
        "wins": exits,
        "losses": exits,
        "points": chance.choice(WORTH),
        "tiebreaks": chance.choice(TIEBREAKS),
    }


FORMATS: Final[tuple[tuple[Format, Callable[[random.Random, int], dict[str, Any]]], ...]] = (
    ("single_elimination", _single),
    ("double_elimination", _double),
    ("round_robin", _round_robin),
    ("swiss", _swiss),
)


def rules(chance: random.Random, parts: Sequence[Part | None] = PARTS) -> tuple[RoundRule, ...]:
    """Some of a part or a round, and one of all others."""
    return tuple(_rule(chance, parts, others=left == 0) for left in reversed(range(chance.randint(1, 3))))


def _rule(chance: random.Random, parts: Sequence[Part | None], *, others: bool) -> RoundRule:
    best_of: BestOf | None = chance.choice([None, 1, 3])
    pool = POOL[: chance.randint(3, len(POOL))]
    steps: tuple[PickStep, ...] = chance.choice([(), (), ("ban a", "ban b", "decider")])
    picks = PickBan(pool=pool, steps=steps if best_of == 1 else (), step_s=chance.randint(1, 2))
    return RoundRule(
        part=None if others else chance.choice(parts),
        round=None if others else chance.choice([1, 2]),
        best_of=best_of,
        picks=picks if chance.random() < 0.7 else None,
        window_s=chance.choice([0, LONG_S, LONG_S]),
    )
