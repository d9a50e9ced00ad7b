"""Who is on this node, and how they want to be seen: what its presence says of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from actors.cluster.ownership import Ownership
from actors.ports.time import Clock
from actors.presence import Presence
from actors.presence.roster import Here, more_present
from actors.relay import Relay
from protocol import limits
from protocol.frames import INVISIBLE
from protocol.ids import kind_of
from protocol.presence import KIND, person_of


def attended(ownership: Ownership, clock: Clock, relay: Relay) -> tuple[Presence, Attendance]:
    """A node's presence, and what it knows of the node's own sessions, joined up with its relay."""
    attendance = Attendance(relay)
    presence = Presence(ownership, clock, here=attendance.here, tell=relay.signalled)
    attendance.changed = presence.changed
    relay.on_audience(presence.changed)
    relay.on_interest(presence.interest)
    return presence, attendance


class Attendance:
    """Sessions enter, change how they are seen, and leave; rooms' rosters are made of whom the relay delivers to."""

    def __init__(self, relay: Relay) -> None:
        self.changed: Callable[[str], None] = lambda roster: None
        """Told of every roster in which somebody of this node changed; it must not block."""
        self.left: Callable[[str], None] = lambda user: None
        """Told of a user whose session ended in which they were to be seen; it must not block."""
        self._relay = relay
        self._statuses: dict[str, Counter[str]] = {}
        """Of each user with open sessions, how many have which status."""

    @property
    def users(self) -> int:
        """Users with open sessions here, however they want to be seen."""
        return len(self._statuses)

    def enter(self, user: str, status: str) -> None:
        """A session opened, with this status."""
        self._statuses.setdefault(user, Counter())[status] += 1
        self._tell(user)

    def leave(self, user: str, status: str) -> None:
        """A session with this status ended."""
        self._take(user, status)
        self._tell(user)
        if status != INVISIBLE:
            self.left(user)

    def change(self, user: str, before: str, after: str) -> None:
        """A session wants to be seen otherwise."""
        self._take(user, before)
        self._statuses.setdefault(user, Counter())[after] += 1
        self._tell(user)

    def status(self, user: str) -> str | None:
        """How this user is seen here; None if they aren't."""
        seen: str | None = None
        for status in self._statuses.get(user, ()):
            if status == INVISIBLE:
                return None
            seen = status if seen is None else more_present(seen, status)
        return seen

    def here(self, roster: str) -> Here:
        """Who of a roster is on this node, as they want to be seen."""
        if kind_of(roster) == KIND:
            user = f"user:{roster[-32:]}"
            status = self.status(user)
            return Here({} if status is None else {user: status})
        users: dict[str, str] = {}
        more = 0
        for user in self._relay.audience(roster):
            if (status := self.status(user)) is None:
                continue
            if len(users) < limits.PRESENT_USERS_MAX:
                users[user] = status
            else:
                more += 1
        return Here(users, more)

    def _take(self, user: str, status: str) -> None:
        mine = self._statuses[user]
        mine[status] -= 1
        if not mine[status]:
            del mine[status]
        if not mine:
            del self._statuses[user]

    def _tell(self, user: str) -> None:
        self.changed(person_of(user))
        for stream in self._relay.listened_by(user):
            self.changed(stream)
