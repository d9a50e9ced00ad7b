"""A value that one task waits for and another sets."""

from __future__ import annotations

from typing import Generic, TypeVar

import outcome
import trio

T = TypeVar("T")


class Oneshot(Generic[T]):
    """One value, one setter, at most one waiter. Cheaper than a trio.Event, which is why the hot path has it."""

    __slots__ = ("_task", "_value")

    def __init__(self) -> None:
        self._value: list[T] | None = None
        self._task: trio.lowlevel.Task | None = None

    @property
    def is_set(self) -> bool:
        """Whether the value is there."""
        return self._value is not None

    def set(self, value: T) -> None:
        """Hand the value over. Setting twice is a bug and raises."""
        if self._value is not None:
            raise RuntimeError("a oneshot was set twice")
        self._value = [value]
        if self._task is not None:
            task, self._task = self._task, None
            trio.lowlevel.reschedule(task, outcome.Value(None))

    async def wait(self, *, shielded: bool = False) -> T:
        """The value; a cancelled wait leaves it for nobody. A shielded one is cancelled once the value is there."""
        if self._value is None:
            self._task = trio.lowlevel.current_task()

            def abort(_: object) -> trio.lowlevel.Abort:
                if shielded:
                    return trio.lowlevel.Abort.FAILED
                self._task = None
                return trio.lowlevel.Abort.SUCCEEDED

            await trio.lowlevel.wait_task_rescheduled(abort)
        assert self._value is not None
        return self._value[0]
