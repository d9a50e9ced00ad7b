"""Joining, renewing, taking, handing over, draining and leaving, on a directory in memory and a clock of the test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
import trio
from trio.testing import MockClock

from actors.cluster.audible import Audibility, Hearing
from actors.cluster.clock import ClusterClock
from actors.cluster.limits import ACTING_PART, HANDOVER_PAUSE_S, HANDOVER_SHARDS, HANDOVERS_AT_ONCE, LEASE_S
from actors.cluster.member import Membership, join
from actors.cluster.ownership import NOBODY, Here, Ownership, Settling
from actors.cluster.placement import placement
from actors.ports.cluster_view import SHARDS, ClusterView, Joining, Member, Move, Renewal
from actors.ports.directory import JoinRefusedError
from actors.ports.log import Fence, FencedError, LogUnavailableError
from storage.memory.database import MemoryDatabase
from storage.memory.directory import MemoryDirectory
from tests.ports import TrioClock

HANG_S = 60.0
DATABASE_MS = 1_800_000_000_000


class WatchedDirectory:
    """The directory in memory. ``down`` makes every call fail; those of a ``parked`` node hang."""

    def __init__(self) -> None:
        self.table = MemoryDatabase(now=lambda: DATABASE_MS + int(trio.current_time() * 1000))
        self._directory = MemoryDirectory(self.table, TrioClock())
        self.down = False
        self.round_trip_s = 0.0
        self.parked: set[int] = set()
        self.renewals: list[tuple[int, float]] = []
        self.moved: list[tuple[float, int]] = []
        """When how many shards moved in one call."""

    async def _enter(self, fence: Fence | None = None) -> None:
        await trio.lowlevel.checkpoint()
        if fence is not None and fence.node in self.parked:
            await trio.sleep_forever()
        if self.down:
            raise LogUnavailableError

    async def join(self, joining: Joining, *, over: Member | None = None) -> Fence:
        await self._enter()
        return await self._directory.join(joining, over=over)

    async def renew(
        self, fence: Fence, *, hears: Sequence[int], report: str, known: ClusterView | None
    ) -> Renewal:
        await self._enter(fence)
        self.renewals.append((fence.node, trio.current_time()))
        renewal = await self._directory.renew(fence, hears=hears, report=report, known=known)
        await trio.sleep(self.round_trip_s)
        return renewal

    async def move(self, fence: Fence, moves: Sequence[Move]) -> int:
        await self._enter(fence)
        count = await self._directory.move(fence, moves)
        self.moved.append((trio.current_time(), count))
        return count

    async def declare_dead(self, fence: Fence, member: Member, next_owners: Mapping[int, int]) -> bool:
        await self._enter(fence)
        return await self._directory.declare_dead(fence, member, next_owners)

    async def drain(self, name: str) -> bool:
        await self._enter()
        return await self._directory.drain(name)

    async def leave(self, fence: Fence) -> None:
        await self._enter()
        await self._directory.leave(fence)

    async def read(self) -> ClusterView:
        await self._enter()
        return await self._directory.read()

    def view(self) -> ClusterView:
        return self.table.members.view()

    @property
    def version(self) -> int:
        return self.view().version

    @property
    def members(self) -> dict[int, Member]:
        return {member.id: member for member in self.view().members}

    def owners(self) -> tuple[int | None, ...]:
        return tuple(shard.owner for shard in self.view().shards)


class Streams:
    """Releases at once, or when the test lets it; notes what was released together, and never twice at a time."""

    def __init__(self) -> None:
        self.gate = trio.Event()
        self.gate.set()
        self.releasing: set[int] = set()
        self.calls: list[tuple[float, int]] = []
        self.most_at_once = 0

    async def release(self, shards: Collection[int], timeout_s: float) -> None:
        assert not self.releasing & set(shards), "two hand-overs of one shard at once"
        self.calls.append((trio.current_time(), len(shards)))
        self.releasing |= set(shards)
        self.most_at_once = max(self.most_at_once, len(self.releasing))
        await self.gate.wait()
        await trio.lowlevel.checkpoint()
        self.releasing -= set(shards)


class Node:
    def __init__(
        self, directory: WatchedDirectory, me: Fence, hears: Callable[[], tuple[int, ...]] | None
    ) -> None:
        self.me = me
        self.clock = ClusterClock(TrioClock(), skew_max_s=1.0)
        self.ownership = Ownership(NOBODY, self.clock)  # wired before it joined, as a real node is
        self.streams = Streams()
        self.hearing = Hearing(NOBODY.node)
        self.membership = Membership(
            directory=directory,
            ownership=self.ownership,
            streams=self.streams,
            clock=self.clock,
            report=lambda: '{"node": true}',
            hears=hears or tuple,
            hearing=self.hearing,
        )
        self.membership.enter(me)
        self.scope = trio.CancelScope()
        self.fenced = False
        self.ended = trio.Event()

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        with self.scope:
            try:
                await self.membership.run(task_status)
            except FencedError:
                self.fenced = True
        self.ended.set()


class Cluster:
    """Nodes on one directory that all hear one another, unless ``deaf`` says otherwise."""

    def __init__(self, nursery: trio.Nursery) -> None:
        self.nursery = nursery
        self.directory = WatchedDirectory()
        self.deaf: set[tuple[int, int]] = set()
        """(who, whom) it doesn't hear."""

    async def add(self, name: str, *, bridged: bool = True) -> Node:
        me = await join(self.directory, joining(name), TrioClock())

        def hears() -> tuple[int, ...]:
            return tuple(
                peer
                for peer in self.directory.members
                if peer != me.node and (me.node, peer) not in self.deaf
            )

        node = Node(self.directory, me, hears if bridged else None)
        await self.nursery.start(node.run)
        return node

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait, in the test's time, until this is so."""
        with trio.fail_after(HANG_S):
            while not condition():  # noqa: ASYNC110
                await trio.sleep(0.01)

    def placed(self, *ids: int) -> bool:
        return self.directory.owners() == placement(ids)


@asynccontextmanager
async def cluster() -> AsyncIterator[Cluster]:
    async with trio.open_nursery() as nursery:
        yield Cluster(nursery)
        nursery.cancel_scope.cancel()


def joining(name: str) -> Joining:
    return Joining(
        name=name,
        cluster="c",
        secret_digest=b"s",
        lease_s=LEASE_S,
        protocol=1,
        bridged=True,
        receipt_digest=b"r",
        token_digests=(b"t",),
    )


# --- joining ---


async def test_a_name_whose_holder_renews_is_taken(autojump_clock: MockClock) -> None:
    async with cluster() as nodes:
        await nodes.add("a")
        with pytest.raises(JoinRefusedError) as refused:
            await join(nodes.directory, joining("a"), TrioClock())
        assert refused.value.code == "node_name_taken"


async def test_a_name_whose_holder_is_dead_is_had_after_its_lease(autojump_clock: MockClock) -> None:
    directory = WatchedDirectory()
    first = await join(directory, joining("a"), TrioClock())
    assert trio.current_time() == 0.0
    second = await join(directory, joining("a"), TrioClock())
    assert trio.current_time() == LEASE_S
    assert second == Fence(first.node, first.number + 1)


async def test_a_holder_that_leaves_meanwhile_does_not_stand_in_the_way(autojump_clock: MockClock) -> None:
    directory = WatchedDirectory()
    first = await join(directory, joining("a"), TrioClock())
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def _() -> None:
            await trio.sleep(0.7)
            await directory.leave(first)

        assert (await join(directory, joining("a"), TrioClock())).number > first.number
    assert trio.current_time() < LEASE_S


async def test_of_two_that_wait_for_one_name_one_gets_it(autojump_clock: MockClock) -> None:
    directory = WatchedDirectory()
    await join(directory, joining("a"), TrioClock())
    outcomes: list[str] = []

    async def attempt() -> None:
        try:
            await join(directory, joining("a"), TrioClock())
            outcomes.append("joined")
        except JoinRefusedError as refused:
            outcomes.append(refused.code)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(attempt)
        nursery.start_soon(attempt)
    assert sorted(outcomes) == ["joined", "node_name_taken"]


async def test_a_log_that_is_down_is_told(autojump_clock: MockClock) -> None:
    directory = WatchedDirectory()
    directory.down = True
    with pytest.raises(LogUnavailableError):
        await join(directory, joining("a"), TrioClock())


# --- renewing ---


async def test_one_node_alone_takes_everything_and_keeps_its_rhythm(autojump_clock: MockClock) -> None:
    async with cluster() as nodes:
        node = await nodes.add("a", bridged=False)
        assert node.ownership.acting
        await nodes.until(lambda: node.ownership.shards == list(range(SHARDS)))
        versions = nodes.directory.version
        await trio.sleep(20.0)
        assert nodes.directory.version == versions
        assert node.streams.calls == []
        times = [at for _, at in nodes.directory.renewals][-10:]
        assert {round(after - before, 6) for before, after in pairwise(times)} == {0.5}
        assert node.clock.now() // 1_000_000_000 == 1_800
        assert nodes.directory.members[1].report == '{"node": true}'
        assert node.hearing.audibility is Audibility.ALONE


async def test_an_outage_stops_acting_and_kills_nobody(autojump_clock: MockClock) -> None:
    async with cluster() as nodes:
        one, two = await nodes.add("a"), await nodes.add("b")
        await nodes.until(lambda: nodes.placed(1, 2))
        nodes.directory.down = True
        await trio.sleep(LEASE_S)
        assert not one.ownership.acting
        assert not two.ownership.acting
        await trio.sleep(100.0)
        nodes.directory.down = False
        await nodes.until(lambda: one.ownership.acting and two.ownership.acting)
        await trio.sleep(10.0)
        assert nodes.placed(1, 2)
        assert not one.fenced
        assert not two.fenced


async def test_a_call_that_never_answers_is_given_up(autojump_clock: MockClock) -> None:
    async with cluster() as nodes:
        node = await nodes.add("a")
        nodes.directory.parked.add(1)
        await trio.sleep(10.0)
        assert not node.ownership.acting
        nodes.directory.parked.clear()
        await nodes.until(lambda: node.ownership.acting)


async def test_wishes_for_the_view_are_heeded_at_once_and_together(autojump_clock: MockClock) -> None:
    async with cluster() as nodes:
        node = await nodes.add("a")
        await trio.sleep(5.2)
        before = len(nodes.directory.renewals)
        started = trio.current_time()
        for _ in range(1000):
            node.ownership.refresh()
            await trio.lowlevel.checkpoint()
        await nodes.until(lambda: len(nodes.directory.renewals) > before)
        assert trio.current_time() - started < 0.1
        for _ in range(50):
            node.ownership.refresh()
            await trio.sleep(0.001)
        assert len(nodes.directory.renewals) - before <= 5


# --- death ---


async def test_the_dead_are_declared_and_their_shards_go_to_their_heirs(autojump_clock: MockClock) -> None:
    async with cluster() as nodes:
        one, two, three = [await nodes.add(name) for name in "abc"]
        await nodes.until(lambda: nodes.placed(1, 2, 3))
        three.scope.cancel()
        died = trio.current_time()
        await nodes.until(lambda: 3 not in nodes.directory.members)
        assert LEASE_S - 0.5 <= trio.current_time() - died <= LEASE_S + 1.0
        assert nodes.placed(1, 2)
        await nodes.until(lambda: len(one.ownership.view.members) == len(two.ownership.view.members) == 2)
        assert one.streams.releasing == set()


async def test_the_dead_are_declared_as_soon_as_their_lease_is_over(autojump_clock: MockClock) -> None:
    """And not with the renewal after that, half a second later."""
    async with cluster() as nodes:
        _, two = [await nodes.add(name) for name in "ab"]
        await nodes.until(lambda: nodes.placed(1, 2))
        nodes.directory.round_trip_s = 0.02
        await trio.sleep(2 * LEASE_S)
        nodes.directory.parked.add(2)
        await nodes.until(lambda: 2 not in nodes.directory.members)
        last = max(at for node, at in nodes.directory.renewals if node == two.me.node)
        seen = min(at for node, at in nodes.directory.renewals if node != two.me.node and at >= last)
        assert trio.current_time() - seen <= LEASE_S + 0.1


async def test_a_run_that_was_declared_dead_is_over(autojump_clock: MockClock) -> None:
    async with cluster() as nodes:
        await nodes.add("a")
        two = await nodes.add("b")
        await nodes.until(lambda: nodes.placed(1, 2))
        nodes.directory.parked.add(2)
        await nodes.until(lambda: 2 not in nodes.directory.members)
        assert not two.ownership.acting
        nodes.directory.parked.clear()
        with trio.fail_after(HANG_S):
            await two.ended.wait()
        assert two.fenced
        two.ownership.renewed(trio.current_time(), nodes.directory.view())
        assert not two.ownership.acting
        with pytest.raises(FencedError):
            await two.membership.drain()


async def test_a_dead_member_is_no_heir_of_another(autojump_clock: MockClock) -> None:
    async with cluster() as nodes:
        _, two, three = [await nodes.add(name) for name in "abc"]
        await nodes.until(lambda: nodes.placed(1, 2, 3))
        two.scope.cancel()
        three.scope.cancel()
        await nodes.until(lambda: nodes.directory.members.keys() == {1})
        assert nodes.placed(1)


# --- hand-over ---


async def test_a_node_that_joins_gets_its_share_in_small_batches(autojump_clock: MockClock) -> None:
    async with cluster() as nodes:
        one = await nodes.add("a")
        await nodes.until(lambda: nodes.placed(1))
        nodes.directory.moved.clear()
        two = await nodes.add("b")
        await nodes.until(lambda: nodes.placed(1, 2))
        assert all(count <= HANDOVER_SHARDS for _, count in nodes.directory.moved)
        times = [at for at, _ in nodes.directory.moved]
        assert all(b - a >= HANDOVER_PAUSE_S - 1e-6 for a, b in pairwise(times))
        assert two.streams.calls == []
        await nodes.until(lambda: two.ownership.view.version == one.ownership.view.version)
        assert one.ownership.shards == [n for n, owner in enumerate(placement([1, 2])) if owner == 1]


@pytest.mark.parametrize("deaf", [{(1, 2)}, {(2, 1)}, {(1, 2), (2, 1)}])
async def test_nothing_moves_to_a_peer_unless_frames_pass_both_ways(
    deaf: set[tuple[int, int]], autojump_clock: MockClock
) -> None:
    async with cluster() as nodes:
        await nodes.add("a")
        await nodes.until(lambda: nodes.placed(1))
        nodes.deaf |= deaf
        await nodes.add("b")
        await trio.sleep(20.0)
        assert nodes.placed(1)
        nodes.deaf.clear()
        await nodes.until(lambda: nodes.placed(1, 2))


async def test_a_slow_hand_over_delays_no_renewal_and_is_begun_once(autojump_clock: MockClock) -> None:
    async with cluster() as nodes:
        one = await nodes.add("a")
        await nodes.until(lambda: nodes.placed(1))
        one.streams.gate = trio.Event()
        await nodes.add("b")
        await nodes.until(lambda: bool(one.streams.releasing))
        await trio.sleep(30.0)
        assert one.ownership.acting
        assert len(one.streams.calls) == 1
        assert len(one.ownership.shards) == SHARDS - HANDOVER_SHARDS
        one.streams.gate.set()
        await nodes.until(lambda: nodes.placed(1, 2))


async def test_what_could_not_be_handed_over_is_kept(autojump_clock: MockClock) -> None:
    async with cluster() as nodes:
        one = await nodes.add("a")
        await nodes.until(lambda: nodes.placed(1))
        one.streams.gate = trio.Event()
        await nodes.add("b")
        await nodes.until(lambda: bool(one.streams.releasing))
        streams = [f"room:{bytes([shard]).hex() * 16}" for shard in range(SHARDS)]
        held = next(stream for stream in streams if isinstance(one.ownership.where(stream), Settling))
        nodes.directory.down = True
        one.streams.gate.set()
        await nodes.until(lambda: len(one.ownership.shards) == SHARDS)
        nodes.deaf |= {(1, 2)}
        nodes.directory.down = False
        await nodes.until(lambda: one.ownership.acting)
        assert isinstance(one.ownership.where(held), Here)


# --- drain and leave ---


async def test_an_operator_s_drain_is_told(autojump_clock: MockClock) -> None:
    async with cluster() as nodes:
        one, two = await nodes.add("a"), await nodes.add("b")
        await nodes.until(lambda: nodes.placed(1, 2))
        await nodes.directory.drain("b")
        with trio.fail_after(HANG_S):
            await two.membership.asked_to_drain.wait()
        assert not one.membership.asked_to_drain.is_set()


async def test_draining_hands_over_a_few_shards_after_the_other_also_to_who_is_not_heard(
    autojump_clock: MockClock,
) -> None:
    async with cluster() as nodes:
        _, two, _ = [await nodes.add(name) for name in "abc"]
        await nodes.until(lambda: nodes.placed(1, 2, 3))
        two.streams.most_at_once = 0
        nodes.deaf |= {(2, 1), (2, 3), (1, 2), (3, 2)}
        begun = trio.current_time()
        await two.membership.drain()
        assert trio.current_time() - begun < LEASE_S
        assert nodes.placed(1, 3)
        assert two.streams.most_at_once == HANDOVERS_AT_ONCE * HANDOVER_SHARDS, (
            "the others were served meanwhile"
        )
        assert all(count <= HANDOVER_SHARDS for _, count in two.streams.calls)
        assert two.ownership.acting
        await two.membership.leave()
        assert nodes.directory.members.keys() == {1, 3}
        with trio.fail_after(HANG_S):
            await two.ended.wait()
        assert not two.fenced
        assert not two.ownership.acting


async def test_draining_during_a_rebalancing_waits_for_it(autojump_clock: MockClock) -> None:
    async with cluster() as nodes:
        one = await nodes.add("a")
        await nodes.until(lambda: nodes.placed(1))
        one.streams.gate = trio.Event()
        await nodes.add("b")
        await nodes.until(lambda: bool(one.streams.releasing))
        nodes.nursery.start_soon(one.membership.drain)
        await nodes.until(lambda: len(one.streams.releasing) == (1 + HANDOVERS_AT_ONCE) * HANDOVER_SHARDS)
        one.streams.gate.set()
        await nodes.until(lambda: nodes.placed(2))
        await trio.sleep(5.0)
        assert nodes.placed(2)


async def test_draining_goes_on_after_an_outage(autojump_clock: MockClock) -> None:
    async with cluster() as nodes:
        _, two = await nodes.add("a"), await nodes.add("b")
        await nodes.until(lambda: nodes.placed(1, 2))
        two.streams.gate = trio.Event()
        nodes.nursery.start_soon(two.membership.drain)
        await nodes.until(lambda: bool(two.streams.releasing))
        nodes.directory.down = True
        two.streams.gate.set()
        await trio.sleep(30.0)
        nodes.directory.down = False
        await nodes.until(lambda: nodes.placed(1))


async def test_draining_with_nobody_else_returns_and_leaving_gives_all_to_nobody(
    autojump_clock: MockClock,
) -> None:
    async with cluster() as nodes:
        node = await nodes.add("a")
        await nodes.until(lambda: nodes.placed(1))
        begun = trio.current_time()
        await node.membership.drain()
        assert trio.current_time() == begun
        assert nodes.placed(1)
        await node.membership.leave()
        assert nodes.directory.owners() == (None,) * SHARDS


async def test_with_only_draining_peers_there_is_nobody(autojump_clock: MockClock) -> None:
    async with cluster() as nodes:
        one, _ = await nodes.add("a"), await nodes.add("b")
        await nodes.until(lambda: nodes.placed(1, 2))
        await nodes.directory.drain("b")
        with trio.fail_after(HANG_S):
            await one.membership.drain()
        assert nodes.placed(1, 2)


async def test_what_a_node_leaves_behind_is_taken(autojump_clock: MockClock) -> None:
    async with cluster() as nodes:
        _, two = await nodes.add("a"), await nodes.add("b")
        await nodes.until(lambda: nodes.placed(1, 2))
        await two.membership.leave()
        await nodes.until(lambda: nodes.placed(1))


async def test_draining_ends_when_the_run_does(autojump_clock: MockClock) -> None:
    async with cluster() as nodes:
        await nodes.add("a")
        two = await nodes.add("b")
        await nodes.until(lambda: nodes.placed(1, 2))
        two.streams.gate = trio.Event()
        raised: list[bool] = []

        @nodes.nursery.start_soon
        async def _() -> None:
            with pytest.raises(FencedError):
                await two.membership.drain()
            raised.append(True)

        await nodes.until(lambda: bool(two.streams.releasing))
        nodes.directory.table.members.end(2, {})
        two.streams.gate.set()
        await nodes.until(lambda: bool(raised))
        assert two.fenced


async def test_it_acts_from_the_start_of_a_slow_renewal(autojump_clock: MockClock) -> None:
    """Another may have seen its lease as early as that, and declares it dead a lease later."""
    async with cluster() as nodes:
        node = await nodes.add("a")
        nodes.directory.round_trip_s = 0.6 * LEASE_S * ACTING_PART
        seen = len(nodes.directory.renewals)
        await nodes.until(lambda: len(nodes.directory.renewals) > seen + 1)
        begun = nodes.directory.renewals[-1][1]
        nodes.directory.parked.add(1)  # those after the one under way
        await trio.sleep_until(begun + LEASE_S * ACTING_PART - 0.01)
        assert node.ownership.acting
        await trio.sleep(0.02)
        assert not node.ownership.acting


async def test_what_passes_between_failures_counts_against_nobody(autojump_clock: MockClock) -> None:
    """Who gets through now and then can't tell the dead from those who never do."""
    async with cluster() as nodes:
        await nodes.add("a")
        await nodes.add("b")
        await nodes.until(lambda: nodes.placed(1, 2))
        nodes.directory.parked.add(2)
        seen = len(nodes.directory.renewals)
        for _ in range(8):
            nodes.directory.down = True
            await trio.sleep(0.45 * LEASE_S)
            nodes.directory.down = False
            await trio.sleep(0.1 * LEASE_S)
        assert len(nodes.directory.renewals) >= seen + 8
        assert set(nodes.directory.members) == {1, 2}
