"""Who has blocked whom: alike in memory and on PostgreSQL."""

from __future__ import annotations

import pytest

from actors.ports import blocks as port
from actors.ports.blocks import Blocks
from actors.ports.log import LogUnavailableError
from storage.memory import blocks as memory
from storage.memory.blocks import MemoryBlocks
from storage.postgres.driver.pool import Pool
from storage.postgres.people import blocks as postgres
from storage.postgres.people.blocks import PostgresBlocks
from tests.contract.rig import MemoryRig, PostgresRig, Rig
from tests.ports import TrioClock

ANN, BEN, CID, DAN = (f"user:{digit * 32}" for digit in "abcd")


async def blocked(rig: Rig, *pairs: tuple[str, str]) -> Blocks:
    if isinstance(rig, MemoryRig):
        for who, whom in pairs:
            rig.database.people.block(who, whom)
        return MemoryBlocks(rig.database)
    assert isinstance(rig, PostgresRig)
    for user in (ANN, BEN, CID):
        await rig.admin.execute(
            b"insert into account (id, display_name, created_at) values (%s, 'x', 1)", (user[-32:],)
        )
    for who, whom in pairs:
        await rig.admin.execute(b"insert into person_block values (%s, %s, 1)", (who[-32:], whom[-32:]))
    return PostgresBlocks(rig.pool, TrioClock())


async def test_each_with_those_who_blocked_them(log_under_test: Rig) -> None:
    blocks = await blocked(log_under_test, (ANN, BEN), (CID, BEN), (BEN, ANN))
    found = await blocks.blockers([DAN, BEN, ANN, BEN, CID])
    assert [set(users or ()) for users in found] == [set(), {ANN, CID}, {BEN}, {ANN, CID}, set()]
    assert await blocks.blockers([]) == []


async def test_too_many_are_not_told_apart(log_under_test: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (port, memory, postgres):
        monkeypatch.setattr(module, "BLOCKERS_MAX", 1)
    blocks = await blocked(log_under_test, (ANN, BEN), (CID, BEN), (BEN, ANN))
    one, two = await blocks.blockers([ANN, BEN])
    assert (set(one or ()), two) == ({BEN}, None)


@pytest.mark.real
async def test_without_the_server_it_is_unavailable() -> None:
    async with Pool("host=127.0.0.1 port=1 connect_timeout=2", autocommit=True) as pool:
        with pytest.raises(LogUnavailableError):
            await PostgresBlocks(pool, TrioClock()).blockers([ANN])
