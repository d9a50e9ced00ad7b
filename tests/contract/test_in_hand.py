"""What the Log port promises of commands that an owner was lost with, in memory and on PostgreSQL."""

from __future__ import annotations

import pytest

from actors.ports.log import POISONED, Fence, FencedError, Receipt, Verdict
from tests import single
from tests.contract.rig import Rig, append, new_client_id, new_stream
from tests.contract.test_log import Node

USER, SYSTEM = "user:" + "1" * 32, "system"


class Owners:
    """A stream, and one owner of it after the other: each is lost when the next one comes."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.stream = new_stream()
        self.names = iter(("node", "other", "node", "other", "node"))
        self.fence: Fence
        self.activation = 0

    async def next(self) -> Owners:
        """Whoever owned it is over."""
        node = await Node.owning(self.rig, next(self.names))
        self.fence = node.fence
        self.activation = (await node.activated(self.stream)).activation
        return self

    async def take(self, key: tuple[str, str], lost_before: int = 0) -> bool:
        return await self.rig.log.take_in_hand(self.fence, self.stream, key, lost_before=lost_before)

    async def receipts(self, *keys: tuple[str, str]) -> list[Receipt]:
        return await single.receipts(self.rig.log, self.stream, keys)


@pytest.fixture
async def owners(log_under_test: Rig) -> Owners:
    return await Owners(log_under_test).next()


async def test_a_command_that_two_owners_were_lost_with_is_refused_for_good(owners: Owners) -> None:
    mine, other = (SYSTEM, new_client_id()), (SYSTEM, new_client_id())
    assert await owners.take(mine)
    await owners.next()
    assert await owners.take(mine)
    assert await owners.take(other)
    assert await owners.receipts(mine, other) == []
    await owners.next()
    assert not await owners.take(mine)
    assert await owners.take(other)
    assert await owners.receipts(mine, other) == [Receipt(*mine, 1, 0, POISONED)]
    await owners.rig.log.let_go(owners.stream, mine)
    assert await owners.receipts(mine) == [Receipt(*mine, 1, 0, POISONED)]


async def test_an_owner_that_noted_nothing_counts_where_it_is_known(owners: Owners) -> None:
    key = (USER, new_client_id())
    assert await owners.take(key, lost_before=1)
    await owners.next()
    assert not await owners.take(key, lost_before=1)


async def test_a_poisoned_command_can_not_be_written(owners: Owners) -> None:
    key = (USER, new_client_id())
    await owners.take(key, lost_before=1)
    await owners.next()
    await owners.take(key, lost_before=1)
    one = append(owners.stream, owners.activation, 0, receipts=(Receipt(*key, 1, 1, b"d" * 16),))
    assert await owners.rig.log.append(owners.fence, [one], wait_for_locks=True) == [Verdict.DUPLICATE]


async def test_an_owner_that_let_go_counts_nothing(owners: Owners) -> None:
    key = (USER, new_client_id())
    for _ in range(3):
        assert await owners.take(key, lost_before=1)
        await owners.rig.log.let_go(owners.stream, key)
        await owners.next()
    assert await owners.receipts(key) == []


async def test_an_owner_that_lives_counts_nothing(owners: Owners) -> None:
    key = (USER, new_client_id())
    for _ in range(3):
        assert await owners.take(key, lost_before=1)


async def test_commands_are_told_apart_by_stream_author_and_client_id(owners: Owners) -> None:
    key, again = (USER, new_client_id()), new_client_id()
    await owners.take(key, lost_before=1)
    await owners.next()
    assert await owners.take((USER, again), lost_before=1)
    assert await owners.take((SYSTEM, key[1]), lost_before=1)
    owners.stream = new_stream()
    assert await owners.take(key, lost_before=1)


async def test_a_run_that_is_over_takes_nothing_in_hand(owners: Owners) -> None:
    key, over = (USER, new_client_id()), owners.fence
    await owners.next()
    with pytest.raises(FencedError):
        await owners.rig.log.take_in_hand(over, owners.stream, key, lost_before=1)
    assert await owners.take(key, lost_before=1)
