"""Who has blocked whom, in memory."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from typing_extensions import override

from actors.kind import BLOCK
from actors.ports.blocks import BLOCKERS_MAX, Blocks
from storage.memory.database import MemoryDatabase
from storage.memory.faults import Faults


class MemoryBlocks(Blocks):
    """The Blocks port on a MemoryDatabase."""

    def __init__(self, database: MemoryDatabase, faults: Faults | None = None) -> None:
        self._database = database
        self._faults = faults or Faults()

    @override
    async def blockers(self, users: Sequence[str]) -> list[Collection[str] | None]:
        await self._faults.before("blockers")
        found: dict[str, set[str]] = {user: set() for user in users}
        for key in self._database.people:
            who, _, whom = key.key.partition(" ")
            if key.table == BLOCK and whom in found:
                found[whom].add(who)
        return [None if len(found[user]) > BLOCKERS_MAX else found[user] for user in users]
