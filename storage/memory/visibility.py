"""Who lets whom see them, in memory: everybody everybody, but for those who were blocked."""

from __future__ import annotations

from collections.abc import Collection

from actors.kind import BLOCK, FactKey, pair
from storage.memory.database import MemoryDatabase


class MemoryVisibility:
    """Implements the Visibility of sessions."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def visible(self, user: str, people: Collection[str]) -> set[str]:
        """Those of these people who let this user see them."""
        blocks = self._database.people
        return {person for person in people if FactKey(BLOCK, pair(person, user)) not in blocks}
