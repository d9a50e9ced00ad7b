"""How logins stand, read for many sessions at once: thousands say hello together when a node comes back."""

from __future__ import annotations

from typing import Final

from actors.gather import Gather
from actors.ports.logins import Login, Logins, LoginStatus
from actors.ports.time import Clock

LOGINS_PER_READ_MAX: Final = 500


class LoginReader:
    """Reads the Logins port, one read at a time; whoever asks meanwhile shares the next one."""

    def __init__(self, logins: Logins, clock: Clock) -> None:
        self.gather: Final = Gather[Login, LoginStatus](
            clock, logins.statuses, weight_max=LOGINS_PER_READ_MAX
        )

    async def status(self, login: Login) -> LoginStatus:
        """How this login stands at some moment after the call. Raises LogUnavailableError."""
        return await self.gather.ask(login)
