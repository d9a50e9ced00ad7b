"""When people were here last, on its way to the storage."""

from __future__ import annotations

from collections.abc import Mapping

import trio

from actors.ports.log import LogUnavailableError
from actors.presence.last_seen import FLUSH_S, KEPT_AT_ONCE, LastSeen
from tests.ports import TrioClock


class Rows:
    def __init__(self) -> None:
        self.away = False
        self.calls: list[int] = []
        self.kept: dict[str, int] = {}

    async def keep(self, seen: Mapping[str, int]) -> None:
        await trio.lowlevel.checkpoint()
        self.calls.append(len(seen))
        if self.away:
            raise LogUnavailableError
        self.kept.update(seen)


async def test_who_leaves_is_kept_in_batches_also_after_an_outage(autojump_clock: object):
    rows, clock = Rows(), TrioClock()
    last_seen = LastSeen(rows, clock)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(last_seen.run)
        await trio.sleep(10 * FLUSH_S)
        assert rows.calls == []
        rows.away = True
        for n in range(KEPT_AT_ONCE + 5):
            last_seen.left(str(n))
        await trio.sleep(2.5 * FLUSH_S)
        assert rows.kept == {}
        rows.away = False
        at = clock.now()
        last_seen.left("7")
        await trio.sleep(2.5 * FLUSH_S)
        assert len(rows.kept) == KEPT_AT_ONCE + 5
        assert rows.kept["7"] == at
        calls = len(rows.calls)
        await trio.sleep(10 * FLUSH_S)
        assert len(rows.calls) == calls
        nursery.cancel_scope.cancel()
