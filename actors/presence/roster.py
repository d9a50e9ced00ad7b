"""What several nodes say of one roster, put together. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from msgspec import Struct

from actors.ports.log import Fence
from protocol.limits import PRESENT_USERS_MAX

_RANK: Final = {"away": 0, "online": 1, "busy": 2}


class Here(Struct, frozen=True):
    """Who of a roster is on one node."""

    users: Mapping[str, str] = {}
    """The status of each, at most PRESENT_USERS_MAX."""
    more: int = 0
    """How many others."""

    def __bool__(self) -> bool:
        return bool(self.users) or self.more > 0


class RosterState(Struct, frozen=True):
    """Who is there, on all nodes together."""

    users: Mapping[str, str] = {}
    """The status of each; empty while there are more than PRESENT_USERS_MAX."""
    count: int = 0


NOBODY: Final = RosterState()


def more_present(one: str, other: str) -> str:
    """Which of two statuses of one user others see."""
    return max(one, other, key=lambda status: _RANK.get(status, -1))


def together(parts: Iterable[Here]) -> RosterState:
    """The roster that these parts make."""
    users: dict[str, str] = {}
    more = 0
    for part in parts:
        more += part.more
        for user, status in part.users.items():
            known = users.get(user)
            users[user] = status if known is None else more_present(known, status)
    count = len(users) + more
    return RosterState({} if count > PRESENT_USERS_MAX else users, count)


def difference(before: RosterState, after: RosterState) -> dict[str, int | list[str]] | None:
    """What a presence signal says of a change; None if there is nothing to say."""
    if before == after:
        return None
    told: dict[str, int | list[str]] = {"count": after.count}
    if after.count > PRESENT_USERS_MAX:
        return told
    for status in _RANK:
        if changed := [
            u for u, now in after.users.items() if now == status and before.users.get(u) != status
        ]:
            told[status] = changed
    if gone := [user for user in before.users if user not in after.users]:
        told["offline"] = gone
    return told


class Said(Struct, frozen=True):
    """What a run says of a roster."""

    here: Here
    version: int
    """Of the view by which it said so."""
    at: float
    """Monotonic seconds."""


class Rosters:
    """The rosters that this node owns, as the members' runs say who is on them."""

    def __init__(self) -> None:
        self._parts: dict[str, dict[Fence, Said]] = {}
        self._changed: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._parts)

    def put(self, run: Fence, stream: str, said: Said) -> None:
        """What a run says, in place of what it said before."""
        parts = self._parts.setdefault(stream, {})
        if said.here:
            parts[run] = said
        else:
            parts.pop(run, None)
        if not parts:
            del self._parts[stream]
        self._changed[stream] = None

    def forget(self, run: Fence, *, before: float = math.inf) -> None:
        """Discard what a run said before this moment."""
        for stream, parts in tuple(self._parts.items()):
            if run in parts and parts[run].at < before:
                self._drop(run, stream)

    def lose(self, lost: Callable[[str], bool], version: int) -> None:
        """These are another node's, by this version of the view. Who said something by a newer one knew better."""
        for stream in [stream for stream in self._parts if lost(stream)]:
            for run, said in tuple(self._parts[stream].items()):
                if said.version <= version:
                    self._drop(run, stream)
            if stream not in self._parts:
                self._changed.pop(stream, None)

    def _drop(self, run: Fence, stream: str) -> None:
        del self._parts[stream][run]
        if not self._parts[stream]:
            del self._parts[stream]
        self._changed[stream] = None

    def roster_state(self, stream: str) -> RosterState:
        """Who is there."""
        return together(said.here for said in self._parts.get(stream, {}).values())

    def touch(self, streams: Iterable[str]) -> None:
        """Count these as changed."""
        self._changed.update((stream, None) for stream in streams)

    def take_changed(self, wanted: Callable[[str], bool] = lambda _: True) -> list[str]:
        """The rosters that changed since they were taken last, of those wanted now."""
        taken = [stream for stream in self._changed if wanted(stream)]
        for stream in taken:
            del self._changed[stream]
        return taken
