"""Timers and effects: once each, whatever dies in between."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import trio
import trio.testing
from msgspec.structs import replace

from actors.cluster.ownership import Ownership
from actors.ports.cluster_view import SHARDS, Shard
from actors.ports.log import Append, Fence, LogUnavailableError
from actors.runtime import limits
from actors.runtime.due import DueWork
from protocol.codes import Code
from protocol.event import decode_header
from protocol.frames import Accepted, Refused
from storage.memory.faults import Faults, Outcome
from tests.ownership import owning_everything
from tests.ports import SeededRandomness, TrioClock
from tests.unit.actors.runtime.conftest import TALLY, Add, World, ask_all, cid

ME = "user:" + "1" * 32


def types(world: World, stream: str) -> list[str]:
    return [decode_header(r.header).type for r in world.row(stream).events]


async def test_a_timer_fires_once_while_active(autojump_clock: object, world: World) -> None:
    (a,) = world.make("0")
    async with world.runtime() as runtime:
        due = world.clock.now() + 5000
        await ask_all(runtime, [Add(client_id=cid("0"), stream=a, due=due)])
        await trio.sleep(4.5)
        assert types(world, a) == ["tally.added"]
        await trio.sleep(100)
    assert types(world, a) == ["tally.added", "tally.expired"]
    assert decode_header(world.row(a).events[1].header).at >= due


async def test_a_timer_fires_after_a_restart_without_anybody_asking(
    autojump_clock: object, world: World
) -> None:
    (a,) = world.make("0")
    async with world.runtime() as runtime:
        await ask_all(runtime, [Add(client_id=cid("0"), stream=a, due=world.clock.now() + 5000)])
    await trio.sleep(60)
    async with world.runtime():
        await trio.sleep(1)
    assert types(world, a) == ["tally.added", "tally.expired"]
    assert world.row(a).wake_at is None


async def test_effects_and_jobs_happen_once(autojump_clock: object, world: World) -> None:
    a, b = world.make("1", "2")
    async with world.runtime() as runtime:
        await ask_all(
            runtime,
            [Add(client_id=cid(str(i)), stream=a, forward=b if i % 2 else None) for i in range(10)],
        )
        await trio.sleep(5)
    assert len(world.row(b).events) == 5
    assert len(world.row(a).jobs) == 5
    assert world.row(a).effects_seq == 10
    assert world.row(a).wake_at is None
    assert decode_header(world.row(b).events[0].header).author == a


async def test_effects_survive_a_crash_at_any_point(autojump_clock: object, world: World) -> None:
    """Cut the node off after each of its appends in turn; the next life finishes what is owed, once."""
    for crash_after in range(1, 8):
        other = World()
        a, b = other.make("1", "2")
        dead = trio.Event()

        class Crash(Faults):
            def __init__(self, left: int, dead: trio.Event) -> None:
                self.left = left
                self.dead = dead

            def outcome(self, appends: Sequence[Append]) -> Outcome:
                self.left -= 1
                if self.left == 0:
                    self.dead.set()
                return Outcome.ANSWERED

        other.faults = Crash(crash_after, dead)
        async with other.runtime() as runtime:
            for i in range(3):
                runtime.router.send(
                    Add(client_id=cid(str(i)), stream=a, forward=b), by=ME, reply=lambda _: None
                )
            with trio.move_on_after(20):
                await dead.wait()
        other.faults = Faults()
        async with other.runtime() as runtime:
            for i in range(3):
                reply = await runtime.router.ask(
                    Add(client_id=cid(str(i)), stream=a, forward=b, resend=True), by=ME
                )
                assert isinstance(reply, Accepted)
            await trio.sleep(60)
        assert len(other.row(a).events) == 3
        assert len(other.row(b).events) == 3
        assert other.row(a).effects_seq == 3


async def test_an_effect_waits_for_a_target_that_is_away(autojump_clock: object, world: World) -> None:
    a, b = world.make("1", "2")

    class Away(Faults):
        until = 0.0

        async def before(self, call: str) -> None:
            await trio.lowlevel.checkpoint()
            if call == "activate" and self.until and trio.current_time() < self.until:
                raise LogUnavailableError("away")

    world.faults = faults = Away()
    async with world.runtime() as runtime:
        await ask_all(runtime, [Add(client_id=cid("w"), stream=a)])
        faults.until = trio.current_time() + 20
        await ask_all(runtime, [Add(client_id=cid("0"), stream=a, forward=b)])
        await trio.sleep(60)
    assert len(world.row(b).events) == 1


async def test_who_owes_to_a_target_that_is_away_is_woken_later_and_each_at_its_own_time(
    autojump_clock: object, world: World
) -> None:
    """The log says when: another owner keeps to it, and all debtors of one target don't come at once."""
    target, *debtors = world.make(*"123456789")

    class Away(Faults):
        async def before(self, call: str) -> None:
            await trio.lowlevel.checkpoint()
            if call == "activate" and away:
                raise LogUnavailableError("away")

    away, world.faults = False, Away()
    async with world.runtime() as runtime:
        await ask_all(runtime, [Add(client_id=cid("w" + d[-1]), stream=d) for d in debtors])
        away = True
        await ask_all(runtime, [Add(client_id=cid("x" + d[-1]), stream=d, forward=target) for d in debtors])
        await trio.sleep(20)
        now, times = world.clock.now(), [world.row(debtor).wake_at for debtor in debtors]
        waits_s = [(time - now) / 1000 for time in times if time is not None]
        assert len(waits_s) == len(debtors)
        assert max(waits_s) <= limits.EFFECT_BACKOFF_MAX_S
        assert max(waits_s) - min(waits_s) > 1, (
            "doubled since, what was a jitter of parts of a second is seconds"
        )
        away = False
        await trio.sleep(2 * limits.EFFECT_BACKOFF_MAX_S)
    assert [world.row(debtor).wake_at for debtor in debtors] == [None] * len(debtors)
    assert len(world.row(target).events) == len(debtors)


async def test_an_effect_on_no_stream_is_settled_by_its_refusal(autojump_clock: object, world: World) -> None:
    (a,) = world.make("1")
    async with world.runtime() as runtime:
        await ask_all(runtime, [Add(client_id=cid("0"), stream=a, forward=TALLY.format(7))])
        await trio.sleep(5)
    assert world.row(a).effects_seq == 1


async def test_an_effect_with_a_malformed_address_costs_its_command_alone(
    autojump_clock: object, world: World
) -> None:
    (a,) = world.make("1")
    async with world.runtime() as runtime:
        bad, good = await ask_all(
            runtime,
            [Add(client_id=cid("0"), stream=a, forward="tally:nowhere"), Add(client_id=cid("1"), stream=a)],
        )
    assert isinstance(bad, Refused)
    assert bad.code is Code.INTERNAL
    assert isinstance(good, Accepted)


async def test_a_shard_that_is_taken_again_during_a_read_is_read_again(autojump_clock: object) -> None:
    """Who had it meanwhile may have left something due, which the read under way doesn't show."""
    clock = TrioClock()
    reads: list[list[int]] = []
    gate = trio.Event()

    class SlowLog:
        async def due(
            self, shards: Sequence[int], before: int, limit: int, *, after: object
        ) -> list[tuple[str, int]]:
            reads.append(list(shards))
            if len(reads) == 1:
                await gate.wait()
            return []

    ownership = owning_everything(clock)
    due = DueWork(SlowLog(), ownership, clock, SeededRandomness(1), lambda *_: None)  # type: ignore[arg-type]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(due.run)
        await trio.testing.wait_all_tasks_blocked()
        shards = (Shard(1, 3), *ownership.view.shards[1:])
        ownership.renewed(math.inf, replace(ownership.view, version=2, shards=shards))
        gate.set()
        await trio.sleep(1)
        assert [len(read) for read in reads] == [SHARDS, 1] and reads[1] == [0]
        nursery.cancel_scope.cancel()


async def test_what_came_due_while_the_node_could_not_act_is_not_woken_at_once(
    autojump_clock: object,
) -> None:
    """As after a standstill, in which its lease ran out: all that came due is seen at one moment."""
    clock, woken = TrioClock(), list[float]()

    class NothingDue:
        async def due(self, *_: object, **__: object) -> list[tuple[str, int]]:
            return []

    ownership = Ownership(Fence(1, 1), clock)
    ownership.renewed(-math.inf, owning_everything(clock).view)
    due = DueWork(
        NothingDue(),  # type: ignore[arg-type]
        ownership,
        clock,
        SeededRandomness(1),
        lambda *_: woken.append(clock.monotonic()),
    )
    count = limits.DUE_WAKES_PER_S
    for number in range(count):
        due.schedule(f"tally:{number:032x}", clock.now() - 1)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(due.run)
        await trio.testing.wait_all_tasks_blocked()
        ownership.renewed(math.inf, ownership.view)
        await trio.sleep(limits.TIMER_RETRY_MS / 1000 + 2.0)
        nursery.cancel_scope.cancel()
    per_tenth = Counter(int(at * 10) for at in woken)
    assert len(woken) == count
    assert max(per_tenth.values()) <= 2 * count / 10
