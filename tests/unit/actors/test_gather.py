"""Many ask, few calls are made: who shares a call, who waits for whom, and what a cancelled caller leaves behind."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from actors.gather import Gather
from actors.ports.log import LogDataError, LogUnavailableError
from protocol.limits import COMMAND_TIMEOUT_S
from tests.ports import TrioClock


class Server:
    """Answers ten times the number; holds calls up while ``gate`` is there."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.gate: trio.Event | None = None
        self.under_way = 0
        self.under_way_most = 0
        self.guilty: set[int] = set()
        self.failing = False

    async def call(self, questions: Sequence[int]) -> list[int]:
        self.asked.append(list(questions))
        self.under_way += 1
        self.under_way_most = max(self.under_way_most, self.under_way)
        try:
            await trio.lowlevel.checkpoint()
            if self.gate is not None:
                await self.gate.wait()
        finally:
            self.under_way -= 1
        if self.failing:
            raise LogUnavailableError("away")
        if self.guilty.intersection(questions):
            raise LogDataError("not to be asked")
        return [10 * question for question in questions]


class Crowd:
    """Tasks that ask, and what they got."""

    def __init__(self, nursery: trio.Nursery, gather: Gather[int, int]) -> None:
        self.got: dict[int, Any] = {}
        self.scopes: dict[int, trio.CancelScope] = {}
        self._nursery = nursery
        self._gather = gather

    def ask(self, *questions: int, until: float = math.inf) -> None:
        for question in questions:
            self.scopes[question] = trio.CancelScope()
            self._nursery.start_soon(self._ask, question, until)

    async def _ask(self, question: int, until: float) -> None:
        with self.scopes[question]:
            try:
                self.got[question] = await self._gather.ask(question, until=until)
            except LogUnavailableError as error:
                self.got[question] = str(error)


def gather_of(server: Server, **options: Any) -> Gather[int, int]:
    return Gather[int, int](TrioClock(), server.call, **{"weight_max": 3, **options})


async def settled() -> None:
    await trio.testing.wait_all_tasks_blocked()


async def test_one_alone_is_asked_at_once() -> None:
    server = Server()
    gather = gather_of(server)
    assert await gather.ask(7) == 70
    assert (gather.calls, gather.questions, gather.waiting) == (1, 1, 0)


async def test_those_of_one_moment_share_a_call_and_a_call_holds_no_more_than_its_weight() -> None:
    server = Server()
    async with trio.open_nursery() as nursery:
        crowd = Crowd(nursery, gather_of(server))
        crowd.ask(*range(7))
    assert server.asked == [[0, 1, 2], [3, 4, 5], [6]] or sorted(map(len, server.asked)) == [1, 3, 3]
    assert crowd.got == {n: 10 * n for n in range(7)}
    assert server.under_way_most == 1


async def test_no_more_calls_are_under_way_than_there_are_lines() -> None:
    server = Server()
    server.gate = trio.Event()
    async with trio.open_nursery() as nursery:
        gather = gather_of(server, lines=2)
        crowd = Crowd(nursery, gather)
        for number in range(20):
            crowd.ask(number)
            await settled()
        assert [len(asked) for asked in server.asked] == [1, 1]
        assert gather.waiting == 18
        server.gate.set()
    assert crowd.got == {n: 10 * n for n in range(20)}
    assert server.under_way_most == 2
    assert [len(asked) for asked in server.asked[2:]] == [3] * 6


async def test_a_question_is_in_no_call_that_began_before_it() -> None:
    server = Server()
    server.gate = trio.Event()
    async with trio.open_nursery() as nursery:
        crowd = Crowd(nursery, gather_of(server))
        crowd.ask(1)
        await settled()
        crowd.ask(2)
        await settled()
        assert server.asked == [[1]]
        server.gate.set()
    assert server.asked == [[1], [2]]


async def test_heavy_questions_fill_a_call_and_one_too_heavy_is_asked_alone() -> None:
    server = Server()
    server.gate = trio.Event()
    async with trio.open_nursery() as nursery:
        crowd = Crowd(nursery, gather_of(server, weigh=lambda question: question))
        for question in (1, 2, 9, 1):
            crowd.ask(question)
            await settled()
        server.gate.set()
    assert server.asked == [[1], [2], [9], [1]]


async def test_questions_of_one_key_share_no_call() -> None:
    server = Server()
    server.gate = trio.Event()
    async with trio.open_nursery() as nursery:
        crowd = Crowd(nursery, gather_of(server, key=lambda question: question % 10))
        for question in (1, 2, 12, 3):
            crowd.ask(question)
            await settled()
        server.gate.set()
    assert server.asked == [[1], [2], [12, 3]]


async def test_a_failed_call_fails_for_all_who_shared_it_and_no_others() -> None:
    server = Server()
    server.gate = trio.Event()
    server.failing = True
    async with trio.open_nursery() as nursery:
        crowd = Crowd(nursery, gather_of(server))
        for number in range(5):
            crowd.ask(number)
            await settled()
        server.gate.set()
        await settled()
        assert crowd.got == dict.fromkeys(range(5), "away")
        server.failing = False
        crowd.ask(9)
    assert crowd.got[9] == 90


async def test_what_cant_be_asked_fails_for_who_asked_it_alone() -> None:
    server = Server()
    server.gate = trio.Event()
    server.guilty = {4}
    async with trio.open_nursery() as nursery:
        crowd = Crowd(nursery, gather_of(server, weight_max=8))
        for number in range(8):
            crowd.ask(number)
            await settled()
        server.gate.set()
    assert crowd.got == {n: "not to be asked" if n == 4 else 10 * n for n in range(8)}


async def test_a_cancelled_caller_leaves_its_call_to_the_next_and_who_left_isnt_asked_for() -> None:
    server = Server()
    server.gate = trio.Event()
    async with trio.open_nursery() as nursery:
        crowd = Crowd(nursery, gather_of(server))
        for number in range(6):
            crowd.ask(number)
            await settled()
        crowd.scopes[3].cancel()  # it waits
        crowd.scopes[0].cancel()  # it calls
        await settled()
        assert server.asked == [[0], [1, 2, 4]]
        crowd.scopes[1].cancel()  # it calls for itself and two more
        await settled()
        server.gate.set()
    assert server.asked == [[0], [1, 2, 4], [2, 4, 5]]
    assert crowd.got == {n: 10 * n for n in (2, 4, 5)}


async def test_who_waits_too_long_is_told_and_isnt_asked_for(autojump_clock: object) -> None:
    server = Server()
    server.gate = trio.Event()
    async with trio.open_nursery() as nursery:
        crowd = Crowd(nursery, gather_of(server))
        crowd.ask(1)
        await settled()
        crowd.ask(2, until=trio.current_time() + 1)
        crowd.ask(3)
        await trio.sleep(2)
        assert crowd.got == {2: "there was no answer in time"}
        server.gate.set()
    assert server.asked == [[1], [3]]


async def test_a_call_lasts_as_long_as_somebody_waits_for_it_and_no_longer(autojump_clock: object) -> None:
    """Not as long as the one who makes it does: the others would be asked for again and again."""
    server = Server()
    server.gate = trio.Event()
    async with trio.open_nursery() as nursery:
        crowd = Crowd(nursery, gather_of(server))
        crowd.ask(1)
        await settled()
        crowd.ask(2, until=trio.current_time() + 5)
        await settled()
        crowd.ask(3, until=trio.current_time() + 8)
        await settled()
        crowd.scopes[1].cancel()
        await trio.sleep(6)
        assert server.asked == [[1], [2, 3]]
        assert server.under_way == 1
        await trio.sleep(3)
        assert server.under_way == 0
        assert crowd.got == dict.fromkeys((2, 3), "there was no answer in time")


async def test_nobody_waits_longer_than_a_command_may_take(autojump_clock: object) -> None:
    server = Server()
    server.gate = trio.Event()
    began = trio.current_time()
    with pytest.raises(LogUnavailableError):
        await gather_of(server).ask(1)
    assert trio.current_time() - began == COMMAND_TIMEOUT_S


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["ask", "cancel", "run", "hold"]), st.integers(0, 40)), max_size=60
    ),
    lines=st.integers(1, 3),
)
def test_whatever_is_cancelled_everybody_else_is_answered(steps: list[tuple[str, int]], lines: int) -> None:
    async def run() -> None:
        server = Server()
        cancelled: set[int] = set()
        async with trio.open_nursery() as nursery:
            gather = gather_of(server, lines=lines)
            crowd, number = Crowd(nursery, gather), 0
            for step, value in steps:
                match step:
                    case "ask":
                        crowd.ask(number := number + 1)
                    case "cancel" if value in crowd.scopes and value not in crowd.got:
                        crowd.scopes[value].cancel()
                        cancelled.add(value)
                    case "run":
                        if server.gate is not None:
                            server.gate.set()
                        await settled()
                    case _:
                        server.gate = trio.Event()
            if server.gate is not None:
                server.gate.set()
                server.gate = None
        assert crowd.got.items() >= {(n, 10 * n) for n in range(1, number + 1) if n not in cancelled}
        assert server.under_way_most <= lines
        assert gather.waiting == 0
        assert await gather.ask(5) == 50

    trio.run(run, clock=trio.testing.MockClock(autojump_threshold=0))
