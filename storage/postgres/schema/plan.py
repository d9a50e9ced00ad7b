"""The migrations, the release that each belongs to, and the order in which they are applied.

The *level* of a migration is the number of its release, counted from 1. ``migrations/releases.txt`` holds the newest
migration of each release; what is newer than all of them belongs to the release that is being worked on.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Sequence
from enum import Enum
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Final

from msgspec import Struct

FOLDER: Final = Path(__file__).parents[1] / "migrations"
RELEASES: Final = "releases.txt"
FIRST_LEVEL: Final = 1
"""Of the releases whose nodes don't say their level."""
_OUTSIDE: Final = re.compile(r"^-- migrate:up\b.*\btransaction:false\b", re.MULTILINE)


class Phase(Enum):
    """When a migration is applied in a rolling upgrade. The values are the names of the folders."""

    PRE = "pre"
    """It only adds: nodes of the release before go on writing."""
    POST = "post"
    """It removes or tightens, once no node of the release before is left."""


class Migration(Struct, frozen=True, kw_only=True):
    """One file."""

    version: str
    """The digits its name begins with. No two migrations have the same."""
    level: int
    phase: Phase
    path: Path

    @property
    def transactional(self) -> bool:
        """Whether it is applied in a transaction; an index is built concurrently only outside of one."""
        return _OUTSIDE.search(self.path.read_text(encoding="utf-8")) is None


class Migrations(Struct, frozen=True):
    """All migrations of one version of GatherUp, in the order in which they are applied to an empty database."""

    ordered: tuple[Migration, ...]

    @classmethod
    def read(cls, folder: Path) -> Migrations:
        """The migrations of this folder."""
        releases = (folder / RELEASES).read_text(encoding="utf-8").split()
        found = [
            Migration(version=version, level=level_of(version, releases), phase=phase, path=path)
            for phase in Phase
            for path in (folder / phase.value).glob("*.sql")
            for version in [path.name.partition("_")[0]]
        ]
        return cls(tuple(sorted(found, key=lambda m: (m.level, m.phase is Phase.POST, m.version))))

    @property
    def level(self) -> int:
        """The level of the nodes of this version."""
        return max((migration.level for migration in self.ordered), default=FIRST_LEVEL)

    @property
    def needed(self) -> frozenset[str]:
        """The versions of what a node relies on."""
        return frozenset(m.version for m in self.ordered if m.phase is Phase.PRE)


class Step(Struct, frozen=True, kw_only=True):
    """Migrations of one release and phase, which are applied one after the other."""

    migrations: tuple[Migration, ...]
    serves: int
    """The oldest level whose nodes may run from the beginning of this step."""
    transactional: bool


class PlanRefusedError(Exception):
    """The phase can't be applied now; the message is a sentence for a person."""


@cache
def own() -> Migrations:
    """The migrations of this version of GatherUp."""
    return Migrations.read(FOLDER)


def level_of(version: str, releases: Sequence[str]) -> int:
    """The level of a migration, by the newest migrations of the releases."""
    return FIRST_LEVEL + bisect_left(releases, version)


def plan(migrations: Migrations, applied: Collection[str], phase: Phase | None) -> list[Step]:
    """What to apply to a database that has these; None stands for both phases.

    ``PRE`` goes as far as the newest release's ``pre`` migrations, so it includes what is left of earlier releases.
    Raises PlanRefusedError for ``POST`` before ``PRE``.
    """
    pending = [migration for migration in migrations.ordered if migration.version not in applied]
    pre = [at for at, migration in enumerate(pending) if migration.phase is Phase.PRE]
    if phase is Phase.PRE:
        pending = pending[: pre[-1] + 1] if pre else []
    elif phase is Phase.POST and pre:
        raise PlanRefusedError(
            "Its `pre` migrations are missing: run `gatherup migrate pre`, restart every node with this version of"
            " GatherUp, and then run `gatherup migrate post`."
        )
    groups = groupby(pending, key=lambda m: (m.level, m.phase, m.transactional))
    return [
        Step(
            migrations=tuple(group),
            # The release before goes on running after `pre`, and nothing older; after `post` only this one does.
            serves=level if phase is Phase.POST else level - 1,
            transactional=transactional,
        )
        for (level, phase, transactional), group in groups
    ]
