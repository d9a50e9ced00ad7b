"""How the worker hears of jobs that streams' commits write: for kinds, and for webhooks, of which only SQL knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from typing_extensions import override

from actors.ports.log import LogRow
from actors.ports.time import Clock
from actors.runtime.publisher import Publisher
from gatherup.wakeup import Wakeup
from protocol.frames import Signalled

PACE_S: Final = 0.05
"""Shortest distance of two looks for jobs because of commits or other nodes' messages, and of two such messages of a
node: what comes meanwhile goes together."""


class CommitNotice(Publisher):
    """A Publisher that passes everything on, and notes that something was committed."""

    def __init__(self, publisher: Publisher, committed: Wakeup) -> None:
        self._publisher = publisher
        self._committed = committed

    @override
    def publish(self, stream: str, rows: Sequence[LogRow]) -> None:
        self._publisher.publish(stream, rows)
        self._committed.wake()

    @override
    def traced(self, stream: str, seq: int, parent: str) -> None:
        self._publisher.traced(stream, seq, parent)

    @override
    def signalled(self, frame: Signalled) -> None:
        self._publisher.signalled(frame)

    @override
    def stands(self, stream: str, head: int) -> None:
        self._publisher.stands(stream, head)


async def wake_paced(something: Wakeup, wake: Callable[[], None], clock: Clock) -> None:
    """Wake a worker when something happens, at once but no more often than once in PACE_S, until cancelled."""
    while True:
        await something.wait()
        something.clear()
        wake()
        await clock.sleep_until(clock.monotonic() + PACE_S)
