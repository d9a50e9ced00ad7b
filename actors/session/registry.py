"""How many sessions are open on this node, by user."""

from __future__ import annotations

from collections import Counter

from protocol import limits


class SessionRegistry:
    """Counts open sessions whose hello was good."""

    def __init__(self, *, per_user_max: int = limits.SESSIONS_PER_USER_MAX) -> None:
        self.count = 0
        """Open sessions of all users."""
        self._per_user_max = per_user_max
        self._by_user: Counter[str] = Counter()

    def admit(self, user: str) -> bool:
        """Count one more session; false when the user has as many as allowed."""
        if self._by_user[user] >= self._per_user_max:
            return False
        self._by_user[user] += 1
        self.count += 1
        return True

    def remove(self, user: str) -> None:
        """Count one less: a session that was admitted has ended."""
        self._by_user[user] -= 1
        if not self._by_user[user]:
            del self._by_user[user]
        self.count -= 1
