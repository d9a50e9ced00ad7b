"""The committer where an attempt was lost: nobody is told more than is certain."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import trio

from actors.ports.log import (
    Append,
    Fence,
    LogOutcomeUnknownError,
    LogUnavailableError,
    Receipt,
    Verdict,
)
from actors.runtime.committer import Committer, Outcome
from tests.ports import SeededRandomness, TrioClock
from tests.unit.actors.runtime.conftest import TALLY, cid

RECEIPTS = tuple(Receipt("user:" + "1" * 32, cid(str(n)), n, n, b"d" * 16, None) for n in (1, 2))
LOST = LogOutcomeUnknownError("lost")
AWAY = LogUnavailableError("away")


class Scripted:
    """A log that answers appends in turn, and then never again. A number is for how long it takes to accept."""

    def __init__(self, *answers: Verdict | Exception | float, receipts: Sequence[Receipt] = ()) -> None:
        self._answers = iter(answers)
        self._receipts = list(receipts)
        self.waited: list[bool] = []
        """Whether each attempt waited for locks."""
        self.together: list[list[str]] = []
        """Which streams shared it."""

    async def append(self, fence: Fence, appends: Sequence[Append], *, wait_for_locks: bool) -> list[Verdict]:
        await trio.lowlevel.checkpoint()
        self.waited.append(wait_for_locks)
        self.together.append([append.stream for append in appends])
        answer = next(self._answers, None)
        if answer is None:
            await trio.sleep_forever()
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, float):
            await trio.sleep(answer)
            answer = Verdict.ACCEPTED
        return [cast(Verdict, answer)] * len(appends)

    async def receipts(
        self, questions: Sequence[tuple[str, Sequence[tuple[str, str]]]]
    ) -> list[list[Receipt]]:
        await trio.lowlevel.checkpoint()
        return [self._receipts for _ in questions]


@asynccontextmanager
async def committing(log: Scripted) -> AsyncIterator[Committer]:
    committer = Committer(cast(Any, log), Fence(1, 1), TrioClock(), SeededRandomness(1), commit_connections=1)
    async with trio.open_nursery() as nursery:
        await nursery.start(committer.run)
        yield committer
        nursery.cancel_scope.cancel()


def append(stream: str = TALLY.format(1)) -> Append:
    return Append(stream=stream, activation=1, head=0, at=1, receipts=RECEIPTS, effects_seq=0)


async def outcome_of(log: Scripted) -> Outcome:
    async with committing(log) as committer:
        return await committer.submit(append()).wait()


async def test_an_outage_after_a_lost_attempt_says_nothing_of_it(autojump_clock: object) -> None:
    log = Scripted(LOST, AWAY, AWAY, Verdict.ACCEPTED)
    assert await outcome_of(log) is Outcome.COMMITTED
    assert log.waited[:2] == [False, True]


async def test_who_waits_for_locks_holds_up_nobody_who_does_not(autojump_clock: object) -> None:
    a, b, c = (TALLY.format(n) for n in "abc")
    log = Scripted(LOST, 10.0, 0.0, 0.0)
    async with committing(log) as committer:
        results = [committer.submit(append(a))]
        await trio.sleep(0.001)
        results.append(committer.submit(append(c)))
        await trio.sleep(5)  # a is to go again, and to wait for locks, while c takes its time
        results.append(committer.submit(append(b)))
        assert [await result.wait() for result in results] == 3 * [Outcome.COMMITTED]
    assert log.together == [[a], [c], [a], [b]]


async def test_without_a_lost_attempt_an_outage_is_certain(autojump_clock: object) -> None:
    assert await outcome_of(Scripted(AWAY)) is Outcome.UNAVAILABLE


async def test_a_lost_attempt_committed_if_all_of_its_receipts_are_there(autojump_clock: object) -> None:
    for verdict in (Verdict.DUPLICATE, Verdict.BEHIND, Verdict.FENCED):
        assert await outcome_of(Scripted(LOST, verdict, receipts=RECEIPTS)) is Outcome.COMMITTED


async def test_some_of_its_receipts_are_of_earlier_commands(autojump_clock: object) -> None:
    assert await outcome_of(Scripted(LOST, Verdict.DUPLICATE, receipts=RECEIPTS[:1])) is Outcome.DUPLICATE
    assert await outcome_of(Scripted(LOST, Verdict.BEHIND)) is Outcome.FENCED


async def test_whoever_waits_at_its_end_is_told_what_is_certain(autojump_clock: object) -> None:
    """Of what was never sent it is certain that nothing was written; of a lost attempt and one under way it isn't."""
    told: list[Outcome] = []
    for log, until_s in ((Scripted(LOST), 0.001), (Scripted(), 1.0)):
        async with committing(log) as committer:
            result = committer.submit(append())
            await trio.sleep(until_s)
        told.append(await result.wait())
    assert told == [Outcome.UNKNOWN, Outcome.UNKNOWN]
    assert await committer.submit(append()).wait() is Outcome.UNAVAILABLE
