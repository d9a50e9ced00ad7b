"""Where one is signed in."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from protocol.http.base import Answer
from protocol.inbox import LoginId


class LoginInfo(Answer, frozen=True, kw_only=True):
    """A login that is still good."""

    login: LoginId
    device: str
    """What the client called itself."""
    place: str
    """The remote address it began at."""
    last_place: str
    """The remote address it was last refreshed at."""
    created_at: int
    """Unix time in milliseconds."""
    last_used_at: int
    """Unix time in milliseconds of the last refresh."""
    current: bool
    """Whether it is the one that asks."""


class LoginList(Answer, frozen=True, kw_only=True):
    """The logins of an account, the one used last first."""

    logins: list[LoginInfo]


class EndLoginsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which logins to end."""

    scope: Literal["all", "others"] = "all"
    """``others``: all but the one that asks."""
