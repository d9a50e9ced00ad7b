"""The connection dies between COMMIT and its answer: the committer learns the truth, whichever way it went."""

from __future__ import annotations

import random

import pytest
import trio

from actors.runtime.committer import Committer, Outcome
from tests import single
from tests.contract.rig import append
from tests.integration.storage.postgres.streams.cutting import HANG_GUARD_S, Cut, Setting
from tests.ports import SeededRandomness

pytestmark = pytest.mark.real


@pytest.mark.parametrize("cut", [Cut.BEFORE_THE_SERVER, Cut.AT_ONCE, Cut.BEFORE_THE_ANSWER])
async def test_a_cut_commit_is_settled(setting: Setting, cut: Cut) -> None:
    committer = Committer(setting.log, setting.fence, setting.rig.clock, SeededRandomness())
    streams = [await setting.opened() for _ in range(20)]
    with trio.fail_after(HANG_GUARD_S):
        async with trio.open_nursery() as nursery:
            setting.proxy.cut = cut
            results = [committer.submit(append(*stream, 0, 2)) for stream in streams]
            await nursery.start(committer.run)
            assert [await result.wait() for result in results] == [Outcome.COMMITTED] * 20
            nursery.cancel_scope.cancel()
    assert committer.settlements >= (20 if cut is Cut.BEFORE_THE_ANSWER else 0)
    for stream, _ in streams:
        assert [e.seq for e in await single.read(setting.rig.log, stream, 0, 10)] == [1, 2]


async def test_connections_that_keep_dying_lose_and_double_nothing(setting: Setting) -> None:
    """Streams append one after the other while connections are cut at random places."""
    committer = Committer(setting.log, setting.fence, setting.rig.clock, SeededRandomness())
    chance = random.Random(7)
    streams = [await setting.opened() for _ in range(8)]
    rounds = 25

    async def write(stream: str, activation: int) -> None:
        for head in range(rounds):
            if chance.random() < 0.2:
                setting.proxy.cut = chance.choice([Cut.BEFORE_THE_SERVER, Cut.AT_ONCE, Cut.BEFORE_THE_ANSWER])
            one = append(stream, activation, head)
            while (outcome := await committer.submit(one).wait()) is Outcome.UNAVAILABLE:
                await trio.lowlevel.checkpoint()
            assert outcome is Outcome.COMMITTED

    with trio.fail_after(HANG_GUARD_S):
        async with trio.open_nursery() as nursery:
            await nursery.start(committer.run)
            async with trio.open_nursery() as writers:
                for stream, activation in streams:
                    writers.start_soon(write, stream, activation)
            nursery.cancel_scope.cancel()
    assert committer.settlements > 0
    for stream, _ in streams:
        assert [e.seq for e in await single.read(setting.rig.log, stream, 0, 100)] == list(
            range(1, rounds + 1)
        )
