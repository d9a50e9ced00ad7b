"""Who the admins are: given and taken by whoever operates the database."""

from __future__ import annotations

from collections.abc import Callable

from protocol.handles import folded
from storage.postgres.admin.admins import Admins


class NoSuchPersonError(Exception):
    """Nobody has this handle; the message says so."""

    def __init__(self, handle: str) -> None:
        super().__init__(f"Nobody has the handle {handle}.")


async def appoint(admins: Admins, handle: str, say: Callable[[str], None], *, admin: bool) -> None:
    """Give the rights of an admin, or take them. Raises NoSuchPersonError, PostgresError."""
    if await admins.set_admin(folded(handle), admin=admin) is None:
        raise NoSuchPersonError(handle)
    say(f"{handle} is an admin now." if admin else f"{handle} is no admin now.")


async def show(admins: Admins, say: Callable[[str], None]) -> None:
    """Say who the admins are, a line each. Raises PostgresError."""
    for handle in await admins.handles():
        say(handle)
