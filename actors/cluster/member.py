"""One node's part in the cluster: it joins, renews its lease, and moves shards to where they should be.

Pure modules (placement, lease, audible) decide what should be done; this one does it. Each member acts for itself.
When several want the same, the directory lets one win, and the next view tells the others.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final, Protocol, TypeVar

import trio

from actors.cluster.audible import Hearing
from actors.cluster.clock import ClusterClock
from actors.cluster.lease import FailureDetector
from actors.cluster.limits import (
    ACTING_PART,
    HANDOVER_PAUSE_S,
    HANDOVER_SHARDS,
    HANDOVER_TIMEOUT_S,
    HANDOVERS_AT_ONCE,
    LEASE_S,
    RENEWALS_PER_LEASE,
)
from actors.cluster.ownership import Ownership
from actors.cluster.placement import batches, moves, next_owners, rebalancing, takeable
from actors.ports.cluster_view import Joining, Member
from actors.ports.directory import Directory, JoinRefusedError, NameHeldError
from actors.ports.log import Fence, FencedError, LogUnavailableError
from actors.ports.time import Clock

_RETRY_S: Final = 0.1
"""After a renewal that failed."""
_REFRESH_PAUSE_S: Final = 0.02
"""At least so long from the start of one renewal to the next, however often the view is wanted."""

_Answer = TypeVar("_Answer")


class Releases(Protocol):
    """Whoever runs the streams of this node."""

    async def release(self, shards: Collection[int], timeout_s: float) -> object:
        """End the streams of these shards: each finishes what it was given, or is cut off after this long."""
        ...


async def join(directory: Directory, joining: Joining, clock: Clock) -> Fence:
    """Join the cluster as a member.

    If a member has this name already, watch for one lease whether it is alive. Raises JoinRefusedError
    (``node_name_taken`` if it is), LogUnavailableError.
    """
    try:
        return await directory.join(joining)
    except NameHeldError as held:
        holder = held.member
    await _see_dead(directory, holder, clock, lease_s=joining.lease_s)
    try:
        return await directory.join(joining, over=holder)
    except NameHeldError:
        raise _name_taken(joining.name) from None


async def _see_dead(directory: Directory, holder: Member, clock: Clock, *, lease_s: float) -> None:
    """Return when this member is dead or gone. Raises JoinRefusedError when it isn't."""
    detector = FailureDetector(None, lease_s=lease_s)
    while True:
        begun = clock.monotonic()
        view = await directory.read()
        dead = detector.succeeded(begun, clock.monotonic(), view)
        seen = view.member(holder.id)
        if seen is None:
            return
        if (seen.fence, seen.lease) != (holder.fence, holder.lease):
            raise _name_taken(holder.name)
        if seen in dead:
            return
        await clock.sleep_until(begun + lease_s / RENEWALS_PER_LEASE)


def _name_taken(name: str) -> JoinRefusedError:
    return JoinRefusedError("node_name_taken", f"A running node is named {name} already.")


class Membership:
    """Keeps this node a member, and its share of the shards with it, while ``run`` runs.

    ``hears`` tells the ids of the members heard over the bridge, none without one. ``report`` is what the node tells
    operators, JSON. ``clock`` learns the database's time from each renewal, ``hearing`` who hears this node.
    """

    def __init__(
        self,
        *,
        directory: Directory,
        ownership: Ownership,
        streams: Releases,
        clock: ClusterClock,
        report: Callable[[], str],
        hears: Callable[[], tuple[int, ...]],
        hearing: Hearing,
        lease_s: float = LEASE_S,
    ) -> None:
        self.asked_to_drain: Final = trio.Event()
        """Set once the directory marks this node as leaving: it should ``drain``, ``leave`` and end."""
        self._directory = directory
        self._ownership = ownership
        self._streams = streams
        self._clock = clock
        self._report = report
        self._hears = hears
        self._period_s = lease_s / RENEWALS_PER_LEASE
        self._timeout_s = lease_s * ACTING_PART
        """What a call to the directory gets: a renewal that took longer would be worth nothing."""
        self._lease_s = lease_s
        self._detector = FailureDetector(ownership.me.node, lease_s=lease_s)
        self._dead: tuple[Member, ...] = ()
        self._hearing = hearing
        self._draining = False
        self._wished = trio.Event()
        """Set when somebody wants the view now."""
        self._viewed = trio.Event()
        """Set, and replaced, by each renewal that succeeds."""
        self._waiting: list[trio.Event] = []
        """Each set by the first renewal that begins after it came, and succeeds."""
        self._moving = trio.Lock()
        self._scope = trio.CancelScope()
        self._over = False
        self._fenced = False
        ownership.on_wish(self._wish)

    def enter(self, fence: Fence) -> None:
        """The node has joined as this run; for one that was wired before. ``run`` must follow at once."""
        self._ownership.me = fence
        self._hearing.me = fence.node
        self._detector = FailureDetector(fence.node, lease_s=self._lease_s)

    @property
    def _me(self) -> Fence:
        return self._ownership.me

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Renew, and move shards. Started once the first view is known.

        Returns after ``leave``. Raises FencedError when this run of the node is over: it must end.
        """
        viewed = self._viewed
        try:
            with self._scope:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._until_over, self._renew_always)
                    await viewed.wait()
                    task_status.started()
                    nursery.start_soon(self._until_over, self._settle_always)
                    nursery.start_soon(self._until_over, self._rebalance_always)
        finally:
            self._end()
        if self._fenced:
            raise FencedError

    async def drain(self) -> None:
        """Hand everything over, while ``run`` runs: back when this node owns nothing, or nobody is left to own it.

        Raises FencedError. Waits for the log while that can't be reached.
        """
        self._draining = True
        if not self._ownership.peers:
            return
        await self._mark_draining()
        while True:
            await self._newer_view()
            view, serving = self._ownership.view, self._ownership.shards
            if not view.owned_by(self._me.node):
                return
            gone = {self._me.node, *(member.id for member in self._dead)}
            to = next_owners(view, serving, without=gone)
            if serving and not to:
                return
            turns = trio.Semaphore(HANDOVERS_AT_ONCE)
            async with trio.open_nursery() as nursery:
                for batch in batches(to, HANDOVER_SHARDS):
                    nursery.start_soon(self._until_over, self._hand_over_in_turn, turns, batch)

    async def leave(self) -> None:
        """Stop acting, end ``run``, and give up the shards that this node still owns.

        Raises LogUnavailableError: then the others find out by the lease.
        """
        self._end()
        await self._ask(self._directory.leave(self._me))

    # --- renewals ---

    async def _renew_always(self) -> None:
        while True:
            self._wished = trio.Event()
            begun = self._clock.monotonic()
            succeeded = await self._renew(begun)
            if not succeeded:
                await self._clock.sleep_until(self._clock.monotonic() + _RETRY_S)
                continue
            await self._clock.sleep_until(begun + _REFRESH_PAUSE_S)
            next_at = begun + self._detector.next_look_s(self._period_s)
            with self._clock.deadline(max(0.0, next_at - self._clock.monotonic())):
                await self._wished.wait()

    def _wish(self) -> None:
        self._wished.set()

    async def _renew(self, begun: float) -> bool:
        # Only those who wait already: the view that comes was read after they asked, perhaps before others will.
        waiting = list(self._waiting)
        view = self._ownership.view
        try:
            renewal = await self._ask(
                self._directory.renew(
                    self._me, hears=self._hears(), report=self._report(), known=view if view.version else None
                )
            )
        except LogUnavailableError:
            self._detector.failed()
            return False
        ended = self._clock.monotonic()
        self._clock.renewed(begun, ended, renewal.now)
        self._ownership.renewed(begun, renewal.view)
        self._dead = self._detector.succeeded(begun, ended, renewal.view)
        self._hearing.seen(renewal.view, self._hears(), ended)
        member = renewal.view.member(self._me.node)
        if member is not None and member.leaving:
            self.asked_to_drain.set()
        self._tell_view(waiting)
        return True

    def _tell_view(self, waiting: list[trio.Event]) -> None:
        for event in waiting:
            event.set()
        self._waiting = [event for event in self._waiting if not event.is_set()]
        self._viewed.set()
        self._viewed = trio.Event()

    async def _newer_view(self) -> None:
        """Return when a view is known that was read after this call."""
        event = trio.Event()
        self._waiting.append(event)
        self._ownership.refresh()
        if not self._over:
            await event.wait()
        if self._over:
            raise FencedError

    # --- the dead, and what nobody owns ---

    async def _settle_always(self) -> None:
        while True:
            viewed = self._viewed
            await self._settle()
            await viewed.wait()

    async def _settle(self) -> None:
        changed = False
        view, dead = self._ownership.view, self._dead
        if taken := takeable(view, self._me.node):
            changed = await self._succeeds(self._directory.move(self._me, taken))
        gone = {member.id for member in dead}
        for member in dead:
            to = next_owners(view, view.owned_by(member.id), without=gone)
            changed |= await self._succeeds(self._directory.declare_dead(self._me, member, to))
        if changed:
            self._ownership.refresh()

    async def _succeeds(self, call: Awaitable[object]) -> bool:
        """Whether this call came through. If not, the next view leads to it again, where it is still wanted."""
        try:
            await self._ask(call)
        except LogUnavailableError:
            return False
        return True

    # --- hand-over ---

    async def _rebalance_always(self) -> None:
        while not self._draining:
            viewed = self._viewed
            to = rebalancing(
                self._ownership.view,
                self._me.node,
                self._ownership.shards,
                self._hears(),
                at_most=HANDOVER_SHARDS,
            )
            if to and await self._hand_over(to):
                await self._clock.sleep_until(self._clock.monotonic() + HANDOVER_PAUSE_S)
            else:
                await viewed.wait()

    async def _hand_over_in_turn(self, turns: trio.Semaphore, to: Mapping[int, int]) -> None:
        async with turns:
            await self._hand_over(to)

    async def _hand_over(self, to: Mapping[int, int]) -> bool:
        """Give these shards of this node to these members; what couldn't be given is kept. Whether the log did it."""
        # 1. Stop serving: from here on this node holds the commands for these shards.
        # 2. Let their streams finish and checkpoint, or cut them off when their time is up.
        # 3. Move the rows, by compare-and-set on what stood in the view before 1.
        # 4. Whatever became of 3, what is still this node's by then is served again: nobody else would.
        before = self._ownership.view
        self._ownership.hand_over(to)
        try:
            await self._streams.release(to.keys(), HANDOVER_TIMEOUT_S)
            async with self._moving:
                moved = await self._succeeds(self._directory.move(self._me, moves(before, to)))
            if moved:
                await self._newer_view()
            else:
                self._ownership.refresh()  # it may have been done all the same
            return moved
        finally:
            now = self._ownership.view
            if kept := [number for number in to if now.shards[number] == before.shards[number]]:
                self._ownership.keep(kept)

    async def _mark_draining(self) -> None:
        member = self._ownership.view.member(self._me.node)
        if member is None or member.draining:
            return
        while not await self._succeeds(self._directory.drain(member.name)):
            await self._clock.sleep_until(self._clock.monotonic() + _RETRY_S)

    # --- the end ---

    async def _ask(self, call: Awaitable[_Answer]) -> _Answer:
        """The answer to a call to the directory. Raises LogUnavailableError also when there is none in time."""
        with self._clock.deadline(self._timeout_s):
            try:
                return await call
            # Another node declared this run dead. Its shards are others' by now: stop before anything else is done.
            except FencedError:
                self._fenced = True
                self._end()
                raise
        raise LogUnavailableError

    async def _until_over(self, work: Callable[..., Awaitable[object]], *args: object) -> None:
        try:
            await work(*args)
        except FencedError:
            return  # _ask has ended everything, and whoever started this tells of it

    def _end(self) -> None:
        """Stop acting, stop ``run``, and wake whoever waits for a view."""
        self._over = True
        self._ownership.stop()
        self._scope.cancel()
        self._tell_view(self._waiting)
