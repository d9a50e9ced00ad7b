"""The open sessions of this node, by user."""

from __future__ import annotations

from typing import Protocol

from protocol import limits


class Replaceable(Protocol):
    """An open session, as the registry knows it."""

    def silent_s(self) -> float:
        """How long nothing came from its client, answers to pings included."""
        ...

    def replaced(self) -> None:
        """Another session of the user takes its place: end now, and have it removed."""
        ...


class SessionRegistry:
    """Knows the open sessions whose hello was good, and how many a user may have.

    A client whose network vanished comes back long before its old session is found dead. So when a user has as many as
    allowed, the one that was silent longest makes room, if it missed a ping.
    """

    def __init__(self, *, per_user_max: int = limits.SESSIONS_PER_USER_MAX) -> None:
        self.count = 0
        """Open sessions of all users."""
        self._per_user_max = per_user_max
        self._by_user: dict[str, dict[Replaceable, None]] = {}
        """In the order in which they came: of two that were silent equally long the older one makes room."""

    def admit(self, user: str, session: Replaceable) -> bool:
        """Take one more session; false when the user has as many as allowed, and all are alive."""
        mine = self._by_user.get(user, {})
        if len(mine) >= self._per_user_max:
            longest = max(mine, key=lambda open_: open_.silent_s())
            if longest.silent_s() < limits.REPLACEABLE_AFTER_S:
                return False
            longest.replaced()
        self._by_user.setdefault(user, {})[session] = None
        self.count += 1
        return True

    def remove(self, user: str, session: Replaceable) -> None:
        """A session that was admitted has ended."""
        mine = self._by_user[user]
        del mine[session]
        if not mine:
            del self._by_user[user]
        self.count -= 1
