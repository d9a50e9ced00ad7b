"""How the workers of other nodes hear that jobs were written: over the bus, which may lose anything at any time."""

from __future__ import annotations

from typing import Final

import structlog
import trio

from actors.ports.bus import Bus, BusUnavailableError
from actors.ports.time import Clock, Randomness
from gatherup.jobs.pacing import PACE_S, wake_paced
from gatherup.wakeup import Wakeup

RETRY_S: Final = 1.0
"""After a failure to send."""
PROBE_S: Final = 10.0
"""Between two messages that a listening node sends to hear itself. One that doesn't come within this time either shows
that the path is dead."""
_JOBS: Final = b"jobs"
_PROBE: Final = b"probe:"
_log = structlog.stdlib.get_logger("gatherup.jobs")


def channel_of(cluster: str) -> str:
    """The channel that the workers of a cluster listen to."""
    return f"gatherup:{cluster}:jobs"


class ClusterWakeup:
    """Tells other nodes of new jobs, and wakes this node's worker when others tell.

    Messages hold nothing and aren't sealed: a forged or repeated one costs a look at the database, and the worker looks
    no more often than once in PACE_S. What is lost is found by the sweep.

    A subscription can be dead while its connection is well. So a listening node sends itself a probe, and subscribes
    anew when it doesn't come.
    """

    def __init__(
        self,
        bus: Bus,
        cluster: str,
        clock: Clock,
        randomness: Randomness,
        worker: Wakeup | None,
    ) -> None:
        """``worker`` is this node's; without one the node only tells."""
        self._bus, self._channel, self._clock, self._randomness = bus, channel_of(cluster), clock, randomness
        self._worker = worker
        self._me = _PROBE + randomness.token(8)
        self._due = Wakeup()
        self._owed: set[bytes] = set()
        self._heard_me = False
        self._sent_probe = False
        self._listening = trio.CancelScope()
        self.told: int = 0
        """Messages sent to others."""
        self.heard: int = 0
        """Messages of others, or of this node, that woke the worker."""
        self.failed: int = 0
        """Messages that couldn't be sent at once."""
        self.healed: int = 0
        """Subscriptions that were dead and made anew."""

    def tell(self) -> None:
        """Jobs were written. Never blocks."""
        self._owe(_JOBS)

    async def run(self) -> None:
        """Tell and listen until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._speak)
            if self._worker is not None:
                heard = Wakeup()
                nursery.start_soon(self._listen, heard)
                nursery.start_soon(wake_paced, heard, self._worker.wake, self._clock)
                nursery.start_soon(self._probe)

    def _owe(self, message: bytes) -> None:
        self._owed.add(message)
        self._due.wake()

    async def _speak(self) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            messages, pause_s = sorted(self._owed), PACE_S
            self._owed.clear()
            try:
                await self._bus.publish([(self._channel, message) for message in messages])
            except BusUnavailableError:
                self.failed += len(messages)
                if _JOBS in messages:
                    self._owe(_JOBS)
                pause_s = RETRY_S
            else:
                self.told += _JOBS in messages
                self._sent_probe |= self._me in messages
            await self._clock.sleep_until(self._clock.monotonic() + pause_s)

    async def _listen(self, something: Wakeup) -> None:
        def heard(message: bytes) -> None:
            if message == _JOBS:
                self.heard += 1
                something.wake()
            elif message == self._me:
                self._heard_me = True

        def connected(is_connected: bool) -> None:
            if is_connected:
                something.wake()  # whatever was told before may be lost

        while True:
            with trio.CancelScope() as self._listening:
                await self._bus.listen(self._channel, heard, connected)

    async def _probe(self) -> None:
        while True:
            self._heard_me = self._sent_probe = False
            self._owe(self._me)
            await self._clock.sleep_until(
                self._clock.monotonic() + self._randomness.uniform(PROBE_S, PROBE_S * 1.25)
            )
            if self._sent_probe and not self._heard_me:
                self.healed += 1
                _log.warning("the wake-up path for jobs was dead: subscribing anew")
                self._listening.cancel()
