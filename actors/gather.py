"""Questions of many tasks, asked in few calls: a thousand at once is the normal case after a fail-over."""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

import outcome
import trio

from actors.ports.log import LogDataError, LogUnavailableError
from actors.ports.time import Clock
from protocol.limits import COMMAND_TIMEOUT_S

_log = logging.getLogger(__name__)

Q = TypeVar("Q")
A = TypeVar("A")


class _Asker(Generic[Q, A]):
    """A task that waits for its answer, or for its turn to call."""

    __slots__ = ("_task", "answer", "calls", "gone", "question", "until", "weight")

    def __init__(self, question: Q, weight: int, until: float) -> None:
        self.question = question
        self.weight = weight
        self.until = until
        self.answer: outcome.Outcome[A] | None = None
        self.calls = False
        """It has its turn to call, for itself and others."""
        self.gone = False
        """It doesn't wait any more: nothing is asked for it, and the turn isn't given to it."""
        self._task: trio.lowlevel.Task | None = None

    def settle(self, answer: outcome.Outcome[A]) -> None:
        self.answer = answer
        self._wake()

    def let_call(self) -> None:
        self.calls = True
        self._wake()

    async def wait(self) -> None:
        """Return when it is answered, or has its turn."""
        self._task = trio.lowlevel.current_task()

        def abort(_: object) -> trio.lowlevel.Abort:
            self._task, self.gone = None, True
            return trio.lowlevel.Abort.SUCCEEDED

        await trio.lowlevel.wait_task_rescheduled(abort)

    def _wake(self) -> None:
        if self._task is not None:
            task, self._task = self._task, None
            trio.lowlevel.reschedule(task, outcome.Value(None))


class Gather(Generic[Q, A]):
    """At most ``lines`` calls are under way; whoever asks meanwhile shares one of the next, in the order they came.

    A question is in a call that began after it was asked, or in none. The questions of a call weigh ``weight_max`` at
    most, unless one alone does; no two of them have the same ``key``. It has no task of its own: the first of those
    who wait calls for all of its batch, and should it be cancelled, the others come first in the next call.

    ``call`` answers in the order asked. It may raise LogUnavailableError, which all of its batch get, or
    LogDataError: then it is halved until the guilty question stands alone.
    """

    def __init__(
        self,
        clock: Clock,
        call: Callable[[Sequence[Q]], Awaitable[Sequence[A]]],
        *,
        lines: int = 1,
        weight_max: int,
        weigh: Callable[[Q], int] = lambda _: 1,
        key: Callable[[Q], Hashable] | None = None,
    ) -> None:
        self._clock = clock
        self._call = call
        self._weight_max = weight_max
        self._weigh = weigh
        self._key = key
        # While a line is free nobody waits: who comes takes it, and who is done gives it to the first who waits.
        self._free = lines
        self._waiting: deque[_Asker[Q, A]] = deque()
        self.calls = 0
        self.questions = 0
        """How many the calls asked."""

    @property
    def waiting(self) -> int:
        """How many wait for the next calls."""
        return len(self._waiting)

    async def ask(self, question: Q, *, until: float = math.inf) -> A:
        """The answer, as it was at some moment after this call. Raises LogUnavailableError, also when it isn't there
        by ``until`` (monotonic seconds), or within the time that a command may take.
        """
        now = self._clock.monotonic()
        ends = min(until, now + COMMAND_TIMEOUT_S)
        asker: _Asker[Q, A] = _Asker(question, self._weigh(question), ends)
        if self._free:
            self._free -= 1
            asker.calls = True
        else:
            self._waiting.append(asker)
            with self._clock.deadline(ends - now):
                await asker.wait()
        # Not within that deadline: a call doesn't end with the time of the one who makes it for the others.
        if asker.calls:
            await self._take_turn(asker)
        if asker.answer is None:
            raise LogUnavailableError("there was no answer in time")
        return asker.answer.unwrap()

    async def _take_turn(self, caller: _Asker[Q, A]) -> None:
        """Call for the caller and for who waits, as long as any of them does, and give the turn to the next."""
        batch = [caller]
        try:
            # Whoever asks in this same pass of the scheduler shares the call.
            await trio.lowlevel.checkpoint()
            batch = self._cut(caller)
            left_s = max(asker.until for asker in batch) - self._clock.monotonic()
            with self._clock.deadline(left_s):
                await self._settle(batch)
        finally:
            # Cancelled: the others come first in the next call.
            self._waiting.extendleft(asker for asker in reversed(batch[1:]) if asker.answer is None)
            self._pass_on()

    def _cut(self, caller: _Asker[Q, A]) -> list[_Asker[Q, A]]:
        batch, weight, keys = [caller], caller.weight, {self._key_of(caller)}
        while self._waiting:
            following = self._waiting[0]
            if not following.gone:
                weight += following.weight
                key = self._key_of(following)
                if weight > self._weight_max or key in keys:
                    break
                keys.add(key)
                batch.append(following)
            self._waiting.popleft()
        return batch

    def _key_of(self, asker: _Asker[Q, A]) -> Hashable:
        return id(asker) if self._key is None else self._key(asker.question)

    def _pass_on(self) -> None:
        while self._waiting:
            following = self._waiting.popleft()
            if not following.gone:
                following.let_call()
                return
        self._free += 1

    async def _settle(self, batch: Sequence[_Asker[Q, A]]) -> None:
        """Get each its answer, or its error."""
        questions = [asker.question for asker in batch]
        self.calls += 1
        self.questions += len(questions)
        try:
            answers = await self._call(questions)
        except LogUnavailableError as error:
            for asker in batch:
                asker.settle(outcome.Error(LogUnavailableError(*error.args)))
        except LogDataError as error:
            if len(batch) == 1:
                _log.warning("what was asked of the log can't be", extra={"error": str(error)})
                batch[0].settle(outcome.Error(LogUnavailableError(*error.args)))
                return
            middle = len(batch) // 2
            await self._settle(batch[:middle])
            await self._settle(batch[middle:])
        else:
            for asker, answer in zip(batch, answers, strict=True):
                asker.settle(outcome.Value(answer))
