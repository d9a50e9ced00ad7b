"""Which sessions are open on this node, by user."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from protocol import limits

if TYPE_CHECKING:
    from actors.session.session import Session


class SessionRegistry:
    """Open sessions whose hello was good."""

    def __init__(self, *, per_user_max: int = limits.SESSIONS_PER_USER_MAX) -> None:
        self.count = 0
        """Open sessions of all users."""
        self._per_user_max = per_user_max
        self._by_user: dict[str, dict[Session, None]] = {}

    def admit(self, user: str, session: Session) -> bool:
        """Add a session; false when the user has as many as allowed."""
        mine = self._by_user.setdefault(user, {})
        if len(mine) >= self._per_user_max:
            return False
        mine[session] = None
        self.count += 1
        return True

    def remove(self, user: str, session: Session) -> None:
        """Forget a session that was admitted."""
        mine = self._by_user[user]
        del mine[session]
        if not mine:
            del self._by_user[user]
        self.count -= 1

    def of(self, user: str) -> Sequence[Session]:
        """This user's open sessions."""
        return tuple(self._by_user.get(user, ()))
