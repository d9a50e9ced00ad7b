"""The memory log's faults: what each ordered outcome leaves behind, and how late transactions land."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import pytest
import trio
import trio.testing

from actors.ports.cluster_view import Move, Shard
from actors.ports.log import (
    Append,
    Fence,
    FencedError,
    LogConflictError,
    LogOutcomeUnknownError,
    LogUnavailableError,
    Verdict,
)
from storage.memory.database import MemoryDatabase
from storage.memory.directory import MemoryDirectory
from storage.memory.faults import Faults, Outcome, Point
from storage.memory.log import MemoryLog
from tests import single
from tests.contract.rig import Owner, append, joining, new_stream, own_everything
from tests.ports import TrioClock

Transaction = Callable[[], Awaitable[None]]


class ScriptedFaults(Faults):
    """Each append gets the next outcome; late transactions stop at a gate."""

    def __init__(self, nursery: trio.Nursery) -> None:
        self._nursery = nursery
        self.outcomes: list[Outcome] = []
        self.stops: dict[Point, trio.Event] = {}
        self.unavailable = False
        self.held: set[str] = set()

    async def before(self, call: str) -> None:
        await super().before(call)
        if self.unavailable:
            raise LogUnavailableError

    async def pause(self, point: Point) -> None:
        if (stop := self.stops.get(point)) is not None:
            await stop.wait()

    def outcome(self, appends: Sequence[Append]) -> Outcome:
        return self.outcomes.pop(0) if self.outcomes else Outcome.ANSWERED

    def busy(self, stream: str) -> bool:
        return stream in self.held

    def detach(self, transaction: Transaction) -> None:
        self._nursery.start_soon(transaction)


class Node:
    def __init__(self, database: MemoryDatabase, faults: Faults) -> None:
        self.log = MemoryLog(database, TrioClock(), faults)
        self.directory = MemoryDirectory(database, TrioClock())
        self.stream = new_stream()
        self.activation = 0
        self.owner = Owner(Fence(0, 0), 0)

    @property
    def fence(self) -> Fence:
        return self.owner.fence

    async def start(self) -> None:
        self.owner = await own_everything(self.directory)
        self.activation = await self.activated()

    async def activated(self) -> int:
        made = await single.activate(
            self.log, self.fence, self.stream, epoch=self.owner.epoch, create=True, state_version=1
        )
        assert made is not None
        return made.activation

    async def write(self, one: Append, *, wait: bool = False) -> Verdict:
        return (await self.log.append(self.fence, [one], wait_for_locks=wait))[0]

    async def head(self) -> int:
        return len(await single.read(self.log, self.stream, 0, 100))


@pytest.fixture
def faults(nursery: trio.Nursery) -> ScriptedFaults:
    return ScriptedFaults(nursery)


@pytest.fixture
async def node(faults: ScriptedFaults) -> Node:
    node = Node(MemoryDatabase(), faults)
    await node.start()
    return node


@pytest.mark.parametrize(
    ("outcome", "error", "head"),
    [
        (Outcome.CONFLICT, LogConflictError, 0),
        (Outcome.LOST_BEFORE_COMMIT, LogOutcomeUnknownError, 0),
        (Outcome.LOST_AFTER_COMMIT, LogOutcomeUnknownError, 1),
    ],
)
async def test_what_an_outcome_leaves_behind(
    node: Node, faults: ScriptedFaults, outcome: Outcome, error: type[Exception], head: int
) -> None:
    one = append(node.stream, node.activation, 0)
    faults.outcomes = [outcome]
    with pytest.raises(error):
        await node.write(one)
    assert await node.head() == head
    assert await node.write(one, wait=True) is (Verdict.DUPLICATE if head else Verdict.ACCEPTED)
    assert await node.head() == 1


async def test_an_unavailable_log_changed_nothing(node: Node, faults: ScriptedFaults) -> None:
    faults.unavailable = True
    with pytest.raises(LogUnavailableError):
        await node.write(append(node.stream, node.activation, 0))
    faults.unavailable = False
    assert await node.head() == 0


async def test_a_row_can_be_busy_for_no_known_reason(node: Node, faults: ScriptedFaults) -> None:
    faults.held = {node.stream}
    one = append(node.stream, node.activation, 0)
    assert await node.write(one) is Verdict.BUSY
    assert await node.write(one, wait=True) is Verdict.ACCEPTED


async def lose(node: Node, faults: ScriptedFaults, one: Append, at: Point) -> trio.Event:
    """An append whose transaction goes on by itself and stops at this point until the event."""
    faults.stops[at] = trio.Event()
    faults.outcomes = [Outcome.LOST_AND_LATE]
    with pytest.raises(LogOutcomeUnknownError):
        await node.write(one)
    await trio.testing.wait_all_tasks_blocked()
    return faults.stops.pop(at)


async def test_a_late_transaction_that_lands_first(node: Node, faults: ScriptedFaults) -> None:
    one = append(node.stream, node.activation, 0)
    (await lose(node, faults, one, Point.ON_ITS_WAY)).set()
    await trio.testing.wait_all_tasks_blocked()
    assert await node.head() == 1
    assert await node.write(one, wait=True) is Verdict.DUPLICATE


async def test_a_late_transaction_loses_to_its_repeat(node: Node, faults: ScriptedFaults) -> None:
    one = append(node.stream, node.activation, 0)
    late = await lose(node, faults, one, Point.ON_ITS_WAY)
    assert await node.write(one, wait=True) is Verdict.ACCEPTED
    late.set()
    await trio.testing.wait_all_tasks_blocked()
    assert await node.head() == 1


async def test_a_repeat_waits_for_a_late_transaction_with_locks(node: Node, faults: ScriptedFaults) -> None:
    one = append(node.stream, node.activation, 0)
    late = await lose(node, faults, one, Point.LOCKED)
    assert await node.write(one) is Verdict.BUSY
    verdicts: list[Verdict] = []

    async def repeat() -> None:
        verdicts.append(await node.write(one, wait=True))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(repeat)
        await trio.testing.wait_all_tasks_blocked()
        assert verdicts == []
        late.set()
    assert verdicts == [Verdict.DUPLICATE]
    assert await node.head() == 1


@pytest.mark.parametrize("at", [Point.ON_ITS_WAY, Point.LOCKED])
async def test_an_activation_defeats_or_waits_for_a_late_transaction(
    node: Node, faults: ScriptedFaults, at: Point
) -> None:
    one = append(node.stream, node.activation, 0)
    late = await lose(node, faults, one, at)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(node.activated)
        await trio.testing.wait_all_tasks_blocked()
        late.set()
    await trio.testing.wait_all_tasks_blocked()
    # Without locks it came after the activation and was fenced; with them the activation waited for it.
    assert await node.head() == (0 if at is Point.ON_ITS_WAY else 1)


async def test_who_ends_a_run_waits_for_a_late_transaction_and_defeats_later_ones(
    node: Node, faults: ScriptedFaults
) -> None:
    one = append(node.stream, node.activation, 0)
    locked = await lose(node, faults, one, Point.LOCKED)
    later = append(node.stream, node.activation, 1)
    on_its_way = await lose(node, faults, later, Point.ON_ITS_WAY)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(own_everything, node.directory, "other")
        await trio.testing.wait_all_tasks_blocked()
        locked.set()
    on_its_way.set()
    await trio.testing.wait_all_tasks_blocked()
    assert await node.head() == 1
    with pytest.raises(FencedError):
        await node.activated()


async def test_who_crashes_between_commit_and_answer_has_committed(
    node: Node, faults: ScriptedFaults
) -> None:
    faults.stops[Point.COMMITTED] = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(node.write, append(node.stream, node.activation, 0))
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert await node.head() == 1


async def test_who_crashes_while_holding_locks_rolls_back_and_releases(
    node: Node, faults: ScriptedFaults
) -> None:
    faults.stops[Point.LOCKED] = trio.Event()
    one = append(node.stream, node.activation, 0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(node.write, one)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    faults.stops.clear()
    assert await node.write(one) is Verdict.ACCEPTED


# --- the cluster's half ------------------------------------------------------------------------------------------


class LosingFaults(Faults):
    """Loses the answer of these calls."""

    def __init__(self, *calls: str) -> None:
        self._calls = calls

    async def after(self, call: str) -> None:
        if call in self._calls:
            raise LogUnavailableError


async def test_a_change_whose_answer_was_lost_was_made() -> None:
    database = MemoryDatabase()
    sure = MemoryDirectory(database, TrioClock())
    unsure = MemoryDirectory(database, TrioClock(), LosingFaults("join", "move", "renew", "drain", "leave"))
    with pytest.raises(LogUnavailableError):
        await unsure.join(joining())
    (member,) = (await sure.read()).members
    fence = member.run
    for call in (
        unsure.move(fence, [Move(1, 0, fence.node)]),
        unsure.renew(fence, hears=(), report="{}", known=None),
        unsure.drain("node"),
    ):
        with pytest.raises(LogUnavailableError):
            await call
    view = await sure.read()
    assert view.owned_by(fence.node) == [1]
    assert view.members[0].lease > member.lease
    assert view.members[0].draining
    with pytest.raises(LogUnavailableError):
        await unsure.leave(fence)
    assert (await sure.read()).members == ()


async def test_the_databases_time_is_its_own() -> None:
    for database, now in (
        (MemoryDatabase(now=lambda: 42), 42),
        (MemoryDatabase(), TrioClock().now()),
    ):
        directory = MemoryDirectory(database, TrioClock())
        fence = await directory.join(joining())
        renewal = await directory.renew(fence, hears=(), report="{}", known=None)
        assert abs(renewal.now - now) < 10_000


async def test_each_activation_that_commits_is_told_with_the_shard_as_it_stood() -> None:
    told: list[tuple[str, int, Fence, int, Shard]] = []

    class Watched(MemoryDatabase):
        def activated(self, stream: str, activation: int, *, run: Fence, epoch: int, shard: Shard) -> None:
            told.append((stream, activation, run, epoch, shard))

    database = Watched()
    log, directory = MemoryLog(database, TrioClock()), MemoryDirectory(database, TrioClock())
    owner = await own_everything(directory)
    stream = new_stream()
    assert await single.activate(log, owner.fence, stream, epoch=1, create=False, state_version=1) is None
    for _ in range(2):
        await single.activate(log, owner.fence, stream, epoch=1, create=True, state_version=1)
    with pytest.raises(FencedError):
        await single.activate(log, owner.fence, stream, epoch=2, create=True, state_version=1)
    mine = Shard(owner.fence.node, 1)
    first = told[0][1]
    assert told == [(stream, first, owner.fence, 1, mine), (stream, first + 1, owner.fence, 1, mine)]
