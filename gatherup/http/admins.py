"""What only admins may."""

from __future__ import annotations

from typing import Protocol

from gatherup.http.endpoint import Caller
from gatherup.http.problem import ProblemError
from protocol.codes import Code


class Admins(Protocol):
    """Who is an admin; implemented by ``storage.postgres.admin.admins.Admins``."""

    async def is_admin(self, user: str) -> bool:
        """Whether this user has the rights of an admin now."""
        ...


async def require_admin(admins: Admins, caller: Caller) -> None:
    """Raises ProblemError if the caller isn't an admin."""
    if not await admins.is_admin(caller.user):
        raise ProblemError(Code.FORBIDDEN)
