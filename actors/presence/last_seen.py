"""When people were here last: gathered as sessions end, kept in batches."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from itertools import islice
from typing import Final, Protocol

import trio

from actors.kind import Instant
from actors.ports.log import LogUnavailableError
from actors.ports.time import Clock

FLUSH_S: Final = 5.0
"""What a node that dies forgets, at most."""
WAITING_MAX: Final = 100_000
"""Users that wait for that; further ones are dropped."""
KEPT_AT_ONCE: Final = 1000

_log = logging.getLogger(__name__)


class Keeps(Protocol):
    """Where it is kept."""

    async def keep(self, seen: Mapping[str, Instant]) -> None:
        """Keep when these users were here; never goes back. Raises LogUnavailableError."""
        ...


class LastSeen:
    """Of the users who left this node. Asks for nothing while nobody leaves."""

    def __init__(self, rows: Keeps, clock: Clock) -> None:
        self._rows = rows
        self._clock = clock
        self._left: dict[str, Instant] = {}
        self._some = trio.Event()

    def left(self, user: str) -> None:
        """A session of this user ended, in which they were to be seen. Never blocks."""
        if user in self._left or len(self._left) < WAITING_MAX:
            self._left[user] = self._clock.now()
            self._some.set()

    async def run(self) -> None:
        """Keep it, FLUSH_S after the first one left, until cancelled."""
        while True:
            await self._some.wait()
            await self._clock.sleep_until(self._clock.monotonic() + FLUSH_S)
            while self._left:
                batch = dict(islice(self._left.items(), KEPT_AT_ONCE))
                try:
                    await self._rows.keep(batch)
                except LogUnavailableError as error:
                    _log.warning("when people were here last wasn't kept: %s", error)
                    break
                for user, at in batch.items():
                    if self._left[user] == at:  # else they came back and left again
                        del self._left[user]
            if not self._left:
                self._some = trio.Event()
