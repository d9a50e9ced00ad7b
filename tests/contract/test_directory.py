"""The Directory port's promises, in memory and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import trio
import trio.testing

from actors.ports import AnotherNodeIsRunningError, Directory, FencedError
from tests.contract.rig import Rig, append, new_stream


@pytest.fixture
async def directories(log_under_test: Rig) -> AsyncIterator[list[Directory]]:
    """Three nodes' directories."""
    made = [log_under_test.directory() for _ in range(3)]
    yield made
    for directory in made:
        await log_under_test.aclose_directory(directory)


async def test_one_node_at_a_time(log_under_test: Rig, directories: list[Directory]) -> None:
    first, second, _ = directories
    fence = await first.claim("a")
    with pytest.raises(AnotherNodeIsRunningError):
        await second.claim("b")
    # The one that failed changed nothing.
    made = await log_under_test.log.activate(fence, new_stream(), create=True, state_version=1)
    assert made is not None


async def test_a_claim_waits_a_moment_for_a_dying_predecessor(
    log_under_test: Rig, directories: list[Directory]
) -> None:
    first, second, _ = directories
    await first.claim("a")
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(second.claim, "b")
            await trio.testing.wait_all_tasks_blocked()
            await log_under_test.aclose_directory(first)


async def test_a_claim_fences_every_earlier_node(log_under_test: Rig, directories: list[Directory]) -> None:
    stream = new_stream()
    fences = []
    for directory in directories:
        fences.append(await directory.claim(f"node {len(fences) % 2}"))
        await log_under_test.aclose_directory(directory)
    assert len(set(fences)) == 3
    assert fences[0].node == fences[2].node  # one row a name
    for old in fences[:2]:
        with pytest.raises(FencedError):
            await log_under_test.log.activate(old, stream, create=True, state_version=1)
    assert await log_under_test.log.activate(fences[2], stream, create=True, state_version=1)


async def test_a_claim_waits_for_what_a_predecessor_is_writing(
    log_under_test: Rig, directories: list[Directory]
) -> None:
    """The predecessor's append waits for a row; the claim returns only after it ended, and sees it."""
    first, second, _ = directories
    log, stream = log_under_test.log, new_stream()
    old = await first.claim("a")
    made = await log.activate(old, stream, create=True, state_version=1)
    assert made is not None
    order: list[str] = []

    async def write() -> None:
        verdicts = await log.append(old, [append(stream, made.activation, 0)], wait_for_locks=True)
        order.append(verdicts[0].name)

    async def claim() -> None:
        await second.claim("b")
        order.append("claimed")

    await log_under_test.aclose_directory(first)
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery, log_under_test.held(stream):
            nursery.start_soon(write)
            await log_under_test.waiting(1)
            nursery.start_soon(claim)
            await log_under_test.waiting(2)
            assert order == []
    # The append had its answer under way before the claim could go on, but the two tasks may run in any order.
    assert sorted(order) == ["ACCEPTED", "claimed"]
    assert len(await log.read(stream, 0, 10)) == 1


async def test_holding_ends_when_another_node_took_the_lock(
    log_under_test: Rig, directories: list[Directory]
) -> None:
    first, second, _ = directories
    await first.claim("a")
    await log_under_test.cut(first)
    await second.claim("b")
    with trio.fail_after(30), pytest.raises(FencedError):
        await first.hold()


async def test_holding_ends_when_the_fence_was_raised(
    log_under_test: Rig, directories: list[Directory]
) -> None:
    first, second, _ = directories
    await first.claim("a")
    await log_under_test.cut(first)
    await second.claim("b")
    await log_under_test.aclose_directory(second)
    with trio.fail_after(30), pytest.raises(FencedError):
        await first.hold()


async def test_a_lock_of_nobody_who_claimed_ends_no_holding(
    log_under_test: Rig, directories: list[Directory]
) -> None:
    """The server may not know yet that our own old connection is gone."""
    first, second, _ = directories
    fence = await first.claim("a")
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            await log_under_test.cut(first)
            async with log_under_test.claim_lock():
                nursery.start_soon(first.hold)
                with pytest.raises(AnotherNodeIsRunningError):
                    await second.claim("b")
            await _relocked(log_under_test)
            made = await log_under_test.log.activate(fence, new_stream(), create=True, state_version=1)
            assert made is not None
            nursery.cancel_scope.cancel()


async def test_a_lost_connection_is_made_again(log_under_test: Rig, directories: list[Directory]) -> None:
    first, second, third = directories
    fence = await first.claim("a")
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(first.hold)
            await trio.testing.wait_all_tasks_blocked()
            for _ in range(2):
                await log_under_test.cut(first)
                await trio.testing.wait_all_tasks_blocked()
                await _relocked(log_under_test)
            with pytest.raises(AnotherNodeIsRunningError):
                await second.claim("b")
            made = await log_under_test.log.activate(fence, new_stream(), create=True, state_version=1)
            assert made is not None
            nursery.cancel_scope.cancel()
    # hold() has given it up.
    assert await third.claim("c") != fence


async def _relocked(rig: Rig) -> None:
    """Return once somebody holds the lock again."""
    from tests.contract.rig import PostgresRig

    if not isinstance(rig, PostgresRig):
        return
    found: object = None
    while not found:
        cursor = await rig.admin.execute("select pid from pg_locks where locktype = 'advisory' and granted")
        found = await cursor.fetchone()
