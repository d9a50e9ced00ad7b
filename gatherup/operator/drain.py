"""``gatherup drain``: has a node hand over what it serves, and end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from actors.cluster.view import Member
from actors.ports import Clock, Directory, LogUnavailableError

POLL_S: Final = 0.25

Say = Callable[[str], object]


class NoSuchNodeError(Exception):
    """No member has this name; the message names those that there are."""


async def drain(directory: Directory, clock: Clock, name: str, say: Say, *, wait: bool) -> None:
    """Mark the member, and with ``wait`` tell how it goes until it is gone.

    Raises NoSuchNodeError, and LogUnavailableError if the database can't be reached to mark it.
    """
    view = await directory.read()
    member = next((member for member in view.members if member.name == name), None)
    if member is None or not await directory.drain(name):
        names = ", ".join(member.name for member in view.members) or "none"
        raise NoSuchNodeError(f"unknown_node: no member is named {name}. Members: {names}.")
    say(f"{name} was told to hand over its {len(view.owned_by(member.id))} shards and end.")
    if wait:
        await _await_end(directory, clock, member, say)


async def _await_end(directory: Directory, clock: Clock, member: Member, say: Say) -> None:
    left: int | None = None
    while True:
        await clock.sleep_until(clock.monotonic() + POLL_S)
        try:
            view = await directory.read()
        except LogUnavailableError as error:
            say(f"The database can't be read, trying again: {' '.join(str(error).split())}")
            continue
        present = view.member(member.id)
        if present is None or present.fence != member.fence:
            say(f"{member.name} has ended.")
            return
        owned = len(view.owned_by(member.id))
        if owned != left:
            say(f"{owned} shards to go." if owned else "All shards are handed over; its clients move.")
            left = owned
