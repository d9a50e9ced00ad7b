"""Who has blocked whom, for what passes without an actor's decision."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, Protocol

BLOCKERS_MAX: Final = 10_000
"""People who have blocked one person and are told apart; of whom more have blocked, all count as having done so."""


class Blocks(Protocol):
    """Who has blocked whom."""

    async def blockers(self, users: Sequence[str]) -> list[Collection[str] | None]:
        """Who has blocked each of these, in the order asked; None when more than BLOCKERS_MAX have.

        Raises LogUnavailableError.
        """
        ...
