"""Access tokens, and how the logins behind them stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from actors.kind import Instant


class Login(Struct, frozen=True, kw_only=True):
    """What a good token says."""

    user: str
    login: str
    """The login it came from, 32 hexadecimal digits."""
    expires_at: Instant


class InvalidTokenError(Exception):
    """The token isn't valid; ``expired`` tells the one case in which a newer one helps."""

    def __init__(self, *, expired: bool = False) -> None:
        super().__init__("expired" if expired else "invalid")
        self.expired = expired


class Tokens(Protocol):
    """Reads access tokens."""

    def verify(self, token: str, now: Instant) -> Login:
        """Who the token speaks for. Raises InvalidTokenError. Does no I/O."""
        ...


class LoginStatus(Struct, frozen=True):
    """How a login stands."""

    live: bool
    """Neither the login nor its account was ended."""
    inbox_head: int
    """The last seq of the user's inbox at that moment; 0 before its first event."""
    began_at: Instant = 0
    """When the login began; 0 for one that isn't known."""


class Logins(Protocol):
    """Which logins have ended, as the database knows it."""

    async def statuses(self, logins: Sequence[Login]) -> list[LoginStatus]:
        """How these logins stand, all from one snapshot, in the order asked. Raises LogUnavailableError.

        Whatever ends one is told the user's inbox afterwards (``inbox.end_logins``): one that is live here has ended
        only if the inbox says so after ``inbox_head``.
        """
        ...
