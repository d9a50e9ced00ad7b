"""The directory in memory: the same promises as PostgreSQL's, with faults to order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from typing_extensions import override

from actors.ports.cluster_view import ClusterView, Joining, Member, Move, Renewal
from actors.ports.directory import Directory
from actors.ports.log import Fence, FencedError, LogUnavailableError
from actors.ports.time import Clock
from storage.memory.database import MemoryDatabase
from storage.memory.faults import Faults
from storage.memory.locks import Held, RowLock

LOCK_TIMEOUT_S: Final = 2.0


class MemoryDirectory(Directory):
    """The Directory port on a MemoryDatabase; one for each node that runs. Locks as PostgreSQL's, in its order.

    As with PostgreSQL's, LogUnavailableError says nothing of whether a change was made (see Faults.after).
    """

    def __init__(
        self,
        database: MemoryDatabase,
        clock: Clock,
        faults: Faults | None = None,
        *,
        lock_timeout_s: float = LOCK_TIMEOUT_S,
    ) -> None:
        self._database = database
        self._members = database.members
        self._clock = clock
        self._faults = faults or Faults()
        self._lock_timeout_s = lock_timeout_s

    @override
    async def join(self, joining: Joining, *, over: Member | None = None) -> Fence:
        await self._faults.before("join")
        members = self._members
        members.check_name(joining.name, over)
        async with Held() as held:
            if (before := members.named(joining.name)) is not None:
                await self._lock(held, [before.lock])
                await self._lock(held, [shard.lock for shard in members.owned_by(before.row.id)])
            members.check_name(joining.name, over)
            members.check_agreement(joining)
            fence = members.enter(joining)
        await self._faults.after("join")
        return fence

    @override
    async def renew(
        self, fence: Fence, *, hears: Sequence[int], report: str, known: ClusterView | None
    ) -> Renewal:
        await self._faults.before("renew")
        async with Held() as held:
            if (node := self._members.nodes.get(fence.node)) is not None:
                # Shared: waits for who ends the run, and for no append.
                await self._lock(held, [node.lock], shared=True)
            if self._members.is_over(fence):
                raise FencedError
            self._members.renewed(fence.node, hears, report)
            now = self._database.now or self._clock.now
            renewal = Renewal(view=self._members.view(known), now=now())
        await self._faults.after("renew")
        return renewal

    @override
    async def move(self, fence: Fence, moves: Sequence[Move]) -> int:
        await self._faults.before("move")
        async with Held() as held:
            await self._lock_runs(held, fence, [move.to for move in moves if move.to is not None])
            numbers = sorted({move.shard for move in moves})
            await self._lock(held, [self._members.shards[number].lock for number in numbers])
            moved = self._members.move(fence.node, moves)
        await self._faults.after("move")
        return moved

    @override
    async def declare_dead(self, fence: Fence, member: Member, next_owners: Mapping[int, int]) -> bool:
        await self._faults.before("declare_dead")
        async with Held() as held:
            await self._lock_runs(held, fence, next_owners.values(), ending=member.id)
            if not self._members.as_seen(member):
                return False
            await self._end(held, member.id, next_owners)
        await self._faults.after("declare_dead")
        return True

    @override
    async def drain(self, name: str) -> bool:
        await self._faults.before("drain")
        found = self._members.drain(name)
        await self._faults.after("drain")
        return found

    @override
    async def leave(self, fence: Fence) -> None:
        await self._faults.before("leave")
        async with Held() as held:
            try:
                await self._lock_runs(held, fence, (), ending=fence.node)
            except FencedError:
                return
            await self._end(held, fence.node, {})
        await self._faults.after("leave")

    @override
    async def read(self) -> ClusterView:
        await self._faults.before("read_view")
        return self._members.view()

    async def _lock_runs(
        self, held: Held, fence: Fence, others: Iterable[int], *, ending: int | None = None
    ) -> None:
        """Keep these runs from ending; wait for what the one to be ended is writing. Raises FencedError."""
        for number in sorted({fence.node, *others} | ({ending} if ending is not None else set())):
            if (node := self._members.nodes.get(number)) is not None:
                await self._lock(held, [node.lock], shared=number != ending)
        if self._members.is_over(fence):
            raise FencedError

    async def _end(self, held: Held, node: int, next_owners: Mapping[int, int]) -> None:
        await self._lock(held, [shard.lock for shard in self._members.owned_by(node)])
        self._members.end(node, next_owners)

    async def _lock(self, held: Held, locks: Iterable[RowLock], *, shared: bool = False) -> None:
        with self._clock.deadline(self._lock_timeout_s) as scope:
            await held.add(locks, shared=shared)
        if scope.cancelled_caught:
            raise LogUnavailableError("lock timeout")
