"""Who may act, in memory."""

from __future__ import annotations

from typing import Final

import trio

from actors.ports import AnotherNodeIsRunningError, Clock, Fence, FencedError, LogUnavailableError
from storage.memory.database import MemoryDatabase, StoredNode
from storage.memory.faults import Faults
from storage.memory.locks import Held

CLAIM_TIMEOUT_S: Final = 3.0


class MemoryDirectory:
    """The Directory port on a MemoryDatabase; one per node that runs."""

    def __init__(
        self,
        database: MemoryDatabase,
        clock: Clock,
        faults: Faults | None = None,
        *,
        claim_timeout_s: float = CLAIM_TIMEOUT_S,
    ) -> None:
        self._database = database
        self._clock = clock
        self._faults = faults or Faults()
        self._claim_timeout_s = claim_timeout_s
        self._fence: Fence | None = None
        self._lost = trio.Event()
        # Set once the advisory lock isn't ours; another one whenever we have it.
        self._lost.set()

    async def claim(self, name: str) -> Fence:
        """See the port."""
        await self._faults.before("claim")
        if not await self._acquire():
            raise AnotherNodeIsRunningError
        try:
            self._fence = await self._raise_fences(name)
        except BaseException:
            self.drop()
            raise
        return self._fence

    async def _acquire(self) -> bool:
        with self._clock.deadline(self._claim_timeout_s):
            await self._database.claim.acquire()
            self._lost = trio.Event()
        return not self._lost.is_set()

    async def _raise_fences(self, name: str) -> Fence:
        """Fence every earlier node, waiting for what it is writing; this name's row is ours."""
        nodes = self._database.nodes
        async with Held() as held:
            with self._clock.deadline(self._claim_timeout_s) as scope:
                await held.add([node.lock for node in sorted(nodes.values(), key=lambda node: node.id)])
            if scope.cancelled_caught:
                raise LogUnavailableError("lock timeout")
            for node in nodes.values():
                node.number += 1
            mine = nodes.setdefault(name, StoredNode(id=len(nodes) + 1, number=1))
            return Fence(mine.id, mine.number)

    async def hold(self) -> None:
        """See the port. Gives the claim up when it ends."""
        if self._fence is None:
            raise ValueError("nothing was claimed")
        try:
            while True:
                await self._lost.wait()
                await self._acquire()
                if self._database.fences(self._fence):
                    raise FencedError
        finally:
            self.drop()

    def drop(self) -> None:
        """Lose the connection that holds the claim, as in a crash or a restart of the server. Idempotent."""
        if not self._lost.is_set():
            self._lost.set()
            self._database.claim.release()
