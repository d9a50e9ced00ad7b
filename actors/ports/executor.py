"""The port for what would hold the loop: pure functions that are called elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Executor(Protocol):
    """Calls functions of modules, whose arguments and results can be pickled."""

    async def call(self, function: Callable[[*Ts], T], *arguments: *Ts) -> T:
        """What ``function(*arguments)`` returns or raises. Raises as well if it couldn't be called, or not to its end.

        It may be called twice. Cancelled, it may run to its end all the same.
        """
        ...
