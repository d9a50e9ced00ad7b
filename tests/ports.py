"""Clock and Randomness for tests: on Trio's own clock (mostly a MockClock), and seeded."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractContextManager

import trio
from typing_extensions import override

from actors.kind import Instant
from actors.ports.streams import Streams, StreamView
from actors.ports.time import Clock, Randomness
from protocol.frames import Command, Refused, Reply, Signal

EPOCH_MS = 1_700_000_000_000


class TrioClock(Clock):
    """The Clock port on the clock of the Trio run: with a MockClock, time is the test's."""

    @override
    def now(self) -> Instant:
        return EPOCH_MS + int(trio.current_time() * 1000)

    @override
    def monotonic(self) -> float:
        return trio.current_time()

    @override
    async def sleep_until(self, monotonic: float) -> None:
        await trio.sleep_until(monotonic)

    @override
    def deadline(self, seconds: float) -> AbstractContextManager[trio.CancelScope]:
        return trio.move_on_after(max(0.0, seconds))


class SeededRandomness(Randomness):
    """The Randomness port from a seed."""

    def __init__(self, seed: int | str = 0) -> None:
        self._random = random.Random(seed)

    @override
    def token(self, size: int) -> bytes:
        return self._random.randbytes(size)

    @override
    def uniform(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)


class NoStreams(Streams):
    """Takes nothing: a double overrides what its test needs."""

    @override
    def send(self, command: Command, *, by: str, reply: Callable[[Reply], None]) -> None:
        raise NotImplementedError

    @override
    async def ask(self, command: Command, *, by: str) -> Reply:
        raise NotImplementedError

    @override
    def signal(self, signal: Signal, *, by: str) -> None:
        raise NotImplementedError

    @override
    async def view(self, stream: str, *, user: str) -> StreamView | Refused:
        raise NotImplementedError
