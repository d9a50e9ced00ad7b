"""Whether the login that a request's token came from has ended, without asking the database each time."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from actors.ports.logins import Login
from actors.ports.time import Clock
from actors.session.logins import LoginReader

TRUSTED_S: Final = 5.0
"""A login that was live is taken to be so for this long: requests of one that has ended are refused after it."""
LOGINS_MAX: Final = 100_000
"""Logins that one node remembers as live."""


class LiveLogins:
    """Asks whether logins are live, and remembers for a while those that are. One that has ended stays so."""

    def __init__(self, reader: LoginReader, clock: Clock, *, logins_max: int = LOGINS_MAX) -> None:
        self._reader = reader
        self._clock = clock
        self._logins_max = logins_max
        self._trusted: OrderedDict[str, float] = OrderedDict()
        """By login id, until when, in monotonic seconds; who was read last stands last."""

    async def live(self, login: Login) -> bool:
        """Whether the login, or its account, hasn't ended. Raises LogUnavailableError."""
        asked_at = self._clock.monotonic()
        if self._trusted.get(login.login, 0.0) > asked_at:
            return True
        self._trusted.pop(login.login, None)
        if not (await self._reader.status(login)).live:
            return False
        self._trusted[login.login] = asked_at + TRUSTED_S
        self._trusted.move_to_end(login.login)
        if len(self._trusted) > self._logins_max:
            self._trusted.popitem(last=False)
        return True

    def __len__(self) -> int:
        return len(self._trusted)
