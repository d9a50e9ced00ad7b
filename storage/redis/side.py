"""One side of the bus, publishing or listening: whether it works, what is logged about it, and when to try again."""

from __future__ import annotations

import logging
from typing import Final

from actors.ports.time import Clock, Randomness
from actors.runtime.backoff import backoff
from storage.redis.connection import BROKEN
from storage.redis.resp import RespError
from storage.redis.topology import NoServerError

BACKOFF_LOW_S: Final = 0.05
BACKOFF_HIGH_S: Final = 1.0
REASON_CHARS_MAX: Final = 300
"""How many characters of a server's error are logged."""
STEADY_S: Final = 2.0
"""What worked for less than this goes on waiting longer each time."""

_log = logging.getLogger(__name__)


class Cut(Exception):
    """The connection can't be used any more; says why."""


TROUBLE: Final = (*BROKEN, RespError, NoServerError, Cut)


class Side:
    """Whether one side works. Logs each outage once, again when its reason changes, and its end."""

    def __init__(self, name: str, clock: Clock, randomness: Randomness) -> None:
        self.trouble = ""
        """Why it doesn't work; empty when it does, or was never tried."""
        self._name = name
        self._clock = clock
        self._randomness = randomness
        self._failures = 0
        self._works_since: float | None = None
        self._not_before = clock.monotonic()

    @property
    def may_try(self) -> bool:
        """Whether the wait after the last failure is over."""
        return self._clock.monotonic() >= self._not_before

    async def wait_to_try(self) -> None:
        """Return when the wait is over."""
        await self._clock.sleep_until(self._not_before)

    def works(self) -> None:
        """It was just seen working."""
        if self._works_since is None:
            self._works_since = self._clock.monotonic()
        if self.trouble:
            self.trouble = ""
            _log.info("bus: %s works again", self._name)

    def fails(self, trouble: str) -> str:
        """It was just seen failing; hands the reason through."""
        now = self._clock.monotonic()
        if self._works_since is not None and now - self._works_since >= STEADY_S:
            self._failures = 0
        self._works_since = None
        self._failures += 1
        self._not_before = now + backoff(self._randomness, self._failures, BACKOFF_LOW_S, BACKOFF_HIGH_S)
        if trouble != self.trouble:
            self.trouble = trouble
            _log.warning("bus: %s doesn't work: %s", self._name, trouble)
        return trouble


def reason(error: BaseException) -> str:
    """What to say of an error of a connection: its text, or that of what lies behind it. One line, for a terminal."""
    text = str(error) or (reason(error.__cause__) if error.__cause__ else type(error).__name__)
    return "".join(char if char.isprintable() else " " for char in text[:REASON_CHARS_MAX])
