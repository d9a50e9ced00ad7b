"""``gatherup drain``: has a node hand over what it serves, and end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from actors.cluster.lease import FailureDetector
from actors.ports.cluster_view import Member
from actors.ports.directory import Directory
from actors.ports.log import LogUnavailableError
from actors.ports.time import Clock
from gatherup.operator.plain import plain

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
        names = ", ".join(plain(member.name) for member in view.members) or "none"
        raise NoSuchNodeError(f"unknown_node: no member is named {name}. Members: {names}.")
    say(f"{name} was told to hand over its {len(view.owned_by(member.id))} shards and end.")
    if wait:
        await _await_end(directory, clock, member, say)


async def _await_end(directory: Directory, clock: Clock, member: Member, say: Say) -> None:
    told = ""
    detector = FailureDetector(None, lease_s=member.lease_s)
    while True:
        await clock.sleep_until(clock.monotonic() + POLL_S)
        begun = clock.monotonic()
        try:
            view = await directory.read()
        except LogUnavailableError as error:
            detector.failed()
            now = f"The database can't be read, trying again: {plain(' '.join(str(error).split()))}"
        else:
            dead = {seen.run for seen in detector.succeeded(begun, clock.monotonic(), view)}
            if (seen := view.member(member.id)) is None or seen.run != member.run:
                say(f"{member.name} has ended.")
                return
            now = _how_it_goes(len(view.owned_by(member.id)), silent=member.run in dead)
        if now != told:
            say(now)
            told = now


def _how_it_goes(owned: int, *, silent: bool) -> str:
    if silent:
        return (
            "Its lease doesn't move: it is dead or frozen, and no other node has taken its shards over yet."
        )
    return f"{owned} shards to go." if owned else "All shards are handed over; its clients move."
