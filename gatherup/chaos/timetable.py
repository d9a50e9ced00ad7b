"""Which fault happens when: the same seed gives the same timetable. Pure."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Final, Generic, TypeVar

from msgspec import Struct

CALM_S: Final = 5.0
"""Before the first fault, and after the last one."""
PAUSE_MIN_S: Final = 5.0
PAUSE_MAX_S: Final = 14.0
"""From the beginning of a fault to the beginning of the next. Those that last may overlap."""
ROLES_CALM_S: Final = 2.0
ROLES_PAUSE_MIN_S: Final = 3.0
ROLES_PAUSE_MAX_S: Final = 5.0
"""The same where each role is restarted alone."""
RESTART_MAX_S: Final = 1.0

_Card = TypeVar("_Card")


class What(StrEnum):
    """The faults."""

    KILL = "kill -9"
    FREEZE = "freeze"
    CUT_REDIS = "cut from Redis"
    CUT_POSTGRES = "cut from PostgreSQL"
    DEAF = "hears nothing from Redis"
    MUTE = "Redis hears nothing from it"
    POSTGRES_SILENT = "hears nothing from PostgreSQL"
    SLOW = "slow links"
    DRAIN = "drain"
    REDIS_KILL = "Redis kill -9"
    REDIS_FLUSH = "Redis FLUSHALL"
    POSTGRES_RESTART = "PostgreSQL restart"


OF_ALL: Final = frozenset({What.REDIS_KILL, What.REDIS_FLUSH, What.POSTGRES_RESTART})
"""Faults of a server, not of a node."""
_LASTS_S: Final[dict[What, tuple[float, float]]] = {
    What.FREEZE: (3.0, 9.0),  # all past the usual lease
    What.CUT_REDIS: (1.0, 8.0),
    What.CUT_POSTGRES: (1.0, 8.0),
    What.DEAF: (1.0, 8.0),
    What.MUTE: (1.0, 8.0),
    What.POSTGRES_SILENT: (1.0, 6.0),
    What.SLOW: (2.0, 8.0),
    What.DRAIN: (0.0, 3.0),
    What.REDIS_KILL: (0.0, 5.0),
}


class Planned(Struct, frozen=True, kw_only=True):
    """One fault."""

    at_s: float
    """From the beginning of the load."""
    what: What
    node: str = ""
    lasts_s: float = 0.0


def timetable(
    seed: int, nodes: Sequence[str], seconds: float, kinds: Collection[What] = tuple(What)
) -> list[Planned]:
    """Faults of these kinds for so long, in order of time.

    Each kind comes once before any comes again, and each node is hit once before any is hit again.
    """
    chance = random.Random(f"timetable {seed}")
    planned: list[Planned] = []
    faults, victims = _Deck(tuple(kinds), chance), _Deck(tuple(nodes), chance)
    at_s = CALM_S
    while at_s < seconds - CALM_S:
        what = faults.draw()
        low, high = _LASTS_S.get(what, (0.0, 0.0))
        node = "" if what in OF_ALL else victims.draw()
        planned.append(Planned(at_s=at_s, what=what, node=node, lasts_s=chance.uniform(low, high)))
        at_s += chance.uniform(PAUSE_MIN_S, PAUSE_MAX_S)
    return planned


def timetable_of_roles(seed: int, nodes: Mapping[str, Sequence[str]]) -> list[Planned]:
    """Each role restarted alone: its nodes one after the other, the ones of the next role when that is over. Workers
    are killed too, before and after, so that they leave jobs half done.

    ``nodes`` by role.
    """
    chance = random.Random(f"roles {seed}")
    workers = nodes.get("worker", ())
    hits = [(What.KILL, worker) for worker in workers]
    for of_role in nodes.values():
        hits += [(What.DRAIN, node) for node in of_role]
    hits += [(What.KILL, worker) for worker in workers]
    planned: list[Planned] = []
    at_s = ROLES_CALM_S
    for what, node in hits:
        planned.append(Planned(at_s=at_s, what=what, node=node, lasts_s=chance.uniform(0, RESTART_MAX_S)))
        at_s += chance.uniform(ROLES_PAUSE_MIN_S, ROLES_PAUSE_MAX_S)
    return planned


class _Deck(Generic[_Card]):
    """Cards in a random order, shuffled again when all were drawn."""

    def __init__(self, cards: Sequence[_Card], chance: random.Random) -> None:
        self._cards = cards
        self._chance = chance
        self._left: list[_Card] = []

    def draw(self) -> _Card:
        if not self._left:
            self._left = self._chance.sample(self._cards, len(self._cards))
        return self._left.pop()
