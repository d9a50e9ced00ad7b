"""The committer sorts trouble: what ails one stream costs its neighbours nothing, in memory and on PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from actors.kind import Upsert
from actors.ports.log import Append
from actors.runtime.committer import Committer, Outcome
from actors.tables import Value
from tests import single
from tests.contract.rig import Owner, PostgresRig, Rig, append, new_stream, receipt
from tests.ports import SeededRandomness

HANG_GUARD_S = 60
POISON = Upsert("note", "1", {"text": "a\x00b"})


async def opened(rig: Rig, owner: Owner, count: int) -> list[tuple[str, int]]:
    made: list[tuple[str, int]] = []
    for _ in range(count):
        stream = new_stream()
        found = await single.activate(
            rig.log, owner.fence, stream, epoch=owner.epoch, create=True, state_version=1
        )
        assert found is not None
        made.append((stream, found.activation))
    return made


async def test_the_healthy_ones_among_all_kinds_of_trouble_commit(log_under_test: Rig) -> None:
    rig = log_under_test
    owner = await rig.owner()
    fence = owner.fence
    streams = await opened(rig, owner, 54)
    poison, locked, duplicate, fenced = (streams[n] for n in (7, 19, 31, 43))
    healthy = [s for s in streams if s not in (poison, locked, duplicate, fenced)]
    committer = Committer(rig.log, fence, rig.clock, SeededRandomness())

    used = receipt(1)
    assert await rig.log.append(fence, [append(*duplicate, 0, receipts=(used,))], wait_for_locks=True)
    await single.activate(rig.log, fence, fenced[0], epoch=owner.epoch, create=False, state_version=1)

    def one(stream: tuple[str, int]) -> Append:
        if stream == poison:
            return append(*stream, 0, changes=(POISON,))
        if stream == duplicate:
            return append(*stream, 1, receipts=(used,))
        return append(*stream, 0)

    results = {}
    with trio.fail_after(HANG_GUARD_S):
        async with trio.open_nursery() as nursery:
            async with rig.held(locked[0]):
                for stream in streams:
                    results[stream] = committer.submit(one(stream))
                await nursery.start(committer.run)
                for stream in healthy:
                    assert await results[stream].wait() is Outcome.COMMITTED
                assert await results[poison].wait() is Outcome.UNSTORABLE
                assert await results[duplicate].wait() is Outcome.DUPLICATE
                assert await results[fenced].wait() is Outcome.FENCED
                assert not results[locked].is_set
                # The lane isn't stalled by the held row either.
                again = committer.submit(append(*healthy[0], 1))
                assert await again.wait() is Outcome.COMMITTED
            assert await results[locked].wait() is Outcome.COMMITTED
            nursery.cancel_scope.cancel()
    for stream in (*healthy[1:], locked, duplicate):
        assert [e.seq for e in await single.read(rig.log, stream[0], 0, 10)] == [1]
    for stream in (poison, fenced):
        assert await single.read(rig.log, stream[0], 0, 10) == []


async def test_nobody_waits_for_a_committer_that_has_ended(log_under_test: Rig) -> None:
    rig = log_under_test
    owner = await rig.owner()
    fence = owner.fence
    held, free = await opened(rig, owner, 2)
    committer = Committer(rig.log, fence, rig.clock, SeededRandomness())
    with trio.fail_after(HANG_GUARD_S):
        async with rig.held(held[0]), trio.open_nursery() as nursery:
            await nursery.start(committer.run)
            stuck = committer.submit(append(*held, 0))
            assert await committer.submit(append(*free, 0)).wait() is Outcome.COMMITTED
            nursery.cancel_scope.cancel()
        # Never more than tried with locks skipped: it certainly isn't written.
        assert await stuck.wait() in (Outcome.UNAVAILABLE, Outcome.UNKNOWN)
        assert await committer.submit(append(*free, 1)).wait() is Outcome.UNAVAILABLE
    assert await single.read(rig.log, held[0], 0, 10) == []


_DAMAGED = """
create function damaged() returns trigger language plpgsql as $$
begin raise exception 'invalid page' using errcode = 'XX001'; end $$;
create trigger damaged before insert on event for each row
when (new.stream_id = '{stream}'::uuid) execute function damaged();
"""


async def test_a_damaged_stream_is_unavailable_alone(log_under_test: Rig) -> None:
    rig = log_under_test
    if not isinstance(rig, PostgresRig):
        return  # memory isn't damaged
    owner = await rig.owner()
    streams = await opened(rig, owner, 20)
    await rig.admin.execute(_DAMAGED.format(stream=streams[7][0][-32:]).encode())
    committer = Committer(rig.log, owner.fence, rig.clock, SeededRandomness())
    results = [committer.submit(append(*stream, 0)) for stream in streams]
    with trio.fail_after(HANG_GUARD_S):
        async with trio.open_nursery() as nursery:
            await nursery.start(committer.run)
            outcomes = [await result.wait() for result in results]
            nursery.cancel_scope.cancel()
    assert outcomes == [Outcome.UNAVAILABLE if n == 7 else Outcome.COMMITTED for n in range(20)]


class Endless(dict[str, Value]):
    """A row whose values can't be read to their end."""

    def get(self, key: str, default: Any = None) -> Any:
        return self.get(key, default)

    def items(self) -> Any:
        return self.items()

    def __iter__(self) -> Any:
        return iter(self)

    def keys(self) -> Any:
        return self.keys()


@pytest.mark.parametrize("table", ["note", "message"])
async def test_a_row_without_an_end_is_a_data_error(log_under_test: Rig, table: str) -> None:
    rig = log_under_test
    owner = await rig.owner()
    first, second = await opened(rig, owner, 2)
    committer = Committer(rig.log, owner.fence, rig.clock, SeededRandomness())
    endless = committer.submit(append(*first, 0, changes=(Upsert(table, "1", Endless(text="x")),)))
    healthy = committer.submit(append(*second, 0))
    with trio.fail_after(HANG_GUARD_S):
        async with trio.open_nursery() as nursery:
            await nursery.start(committer.run)
            assert await endless.wait() is Outcome.UNSTORABLE
            assert await healthy.wait() is Outcome.COMMITTED
            nursery.cancel_scope.cancel()
