"""How logins stand, read for many sessions at once: thousands say hello together when a node comes back."""

from __future__ import annotations

from typing import Final

import trio

from actors.ports.log import LogUnavailableError
from actors.ports.logins import Login, Logins, LoginStatus

LOGINS_PER_READ_MAX: Final = 500


class _Batch:
    """Those who are answered by one read."""

    __slots__ = ("error", "found", "logins")

    def __init__(self) -> None:
        self.logins: dict[Login, None] = {}
        self.found: dict[Login, LoginStatus] | None = None
        """None until it was read."""
        self.error: LogUnavailableError | None = None


class LoginReader:
    """Reads the Logins port, one read at a time; whoever asks meanwhile shares the next one. No task of its own."""

    def __init__(self, logins: Logins) -> None:
        self._logins = logins
        self._reading = trio.Lock()
        self._gathering = _Batch()

    async def status(self, login: Login) -> LoginStatus:
        """How this login stands at some moment after the call. Raises LogUnavailableError."""
        if len(self._gathering.logins) >= LOGINS_PER_READ_MAX:
            self._gathering = _Batch()
        batch = self._gathering
        batch.logins[login] = None
        async with self._reading:
            # The first of a batch reads for all; should it be cancelled meanwhile, the next one does.
            if batch.found is None and batch.error is None:
                await self._read(batch)
        if batch.error is not None:
            raise LogUnavailableError(*batch.error.args)
        assert batch.found is not None
        return batch.found[login]

    async def _read(self, batch: _Batch) -> None:
        if self._gathering is batch:
            self._gathering = _Batch()
        asked = tuple(batch.logins)
        try:
            statuses = await self._logins.statuses(asked)
        except LogUnavailableError as error:
            batch.error = error
        else:
            batch.found = dict(zip(asked, statuses, strict=True))
