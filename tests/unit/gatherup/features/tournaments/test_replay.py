"""Replays: what they may cost is bounded, however long a log is and however many ask."""

from __future__ import annotations

import pytest
import trio
import trio.testing
from typing_extensions import override

from gatherup.features.tournaments.replay import WAITING_MAX, Replays
from gatherup.http.problem import ProblemError
from protocol import limits
from protocol.codes import Code
from storage.postgres.driver.pool import Pool
from storage.postgres.tournaments.history import HeaderRow, History
from storage.postgres.tournaments.reading import Read

CUP = "tournament:" + "0" * 32


class Stuck(History):
    """A log that is never read to its end."""

    def __init__(self, pool: Pool | None = None) -> None:
        self.asked = 0

    @override
    async def page(
        self, user: str, tournament: str, *, after: int, until: int, limit: int
    ) -> Read[HeaderRow] | None:
        self.asked += 1
        await trio.sleep_forever()
        return None


async def test_a_log_that_is_too_long_is_not_read() -> None:
    history = Stuck()
    with pytest.raises(ProblemError) as refused:
        await Replays(history).state("", CUP, limits.TOURNAMENT_REPLAY_EVENTS_MAX + 1)
    assert (refused.value.code, refused.value.field) == (Code.TOO_MANY, "at")
    assert not history.asked


async def test_only_so_many_wait_for_a_replay() -> None:
    history = Stuck()
    replays = Replays(history)
    async with trio.open_nursery() as nursery:
        for _ in range(1 + WAITING_MAX):
            nursery.start_soon(replays.state, "", CUP, 5)
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(ProblemError) as refused:
            await replays.state("", CUP, 5)
        assert refused.value.code is Code.OVERLOADED
        assert refused.value.retry_after_s
        assert history.asked == 1
        nursery.cancel_scope.cancel()
