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


def node_presence(
    ownership: Ownership, clock: Clock, relay: Relay, left: Callable[[str], None]
) -> tuple[Presence, LocalPresence]:
    """A node's presence, and the way its sessions enter and leave it, joined up with its relay.

    ``left`` is told of a user whose session ended in which they were to be seen; it must not block.
    """
    people = People(relay)
    presence = Presence(ownership, clock, here=people.here, tell=relay.signalled)
    relay.on_audience(presence.changed)
    relay.on_interest(presence.interest)
    return presence, LocalPresence(people, relay, presence.changed, left)


class LocalPresence:
    """Sessions enter, change how they are seen, and leave; whoever needs to know is told.

    ``changed`` is told of every roster in which somebody of this node changed; it must not block.
    """

    def __init__(
        self, people: People, relay: Relay, changed: Callable[[str], None], left: Callable[[str], None]
    ) -> None:
        self._people = people
        self._relay = relay
        self._changed = changed
        self._left = left

    @property
    def users(self) -> int:
        """Users with open sessions here, however they want to be seen."""
        return len(self._people)

    def enter(self, user: str, status: str) -> None:
        """A session opened, with this status."""
        self._people.add(user, status)
        self._tell(user)

    def leave(self, user: str, status: str) -> None:
        """A session with this status ended."""
        self._people.remove(user, status)
        self._tell(user)
        if status != INVISIBLE:
            self._left(user)

    def change(self, user: str, before: str, after: str) -> None:
        """A session wants to be seen otherwise."""
        self._people.remove(user, before)
        self._people.add(user, after)
        self._tell(user)

    def _tell(self, user: str) -> None:
        self._changed(person_of(user))
        for stream in self._relay.listened_by(user):
            self._changed(stream)


class People:
    """Who has sessions on this node, and how they want to be seen; rooms' rosters are made of whom the relay
    delivers to.
    """

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._statuses: dict[str, Counter[str]] = {}
        """Of each user with open sessions, how many have which status."""

    def __len__(self) -> int:
        return len(self._statuses)

    def add(self, user: str, status: str) -> None:
        """One more session of this user has this status."""
        self._statuses.setdefault(user, Counter())[status] += 1

    def remove(self, user: str, status: str) -> None:
        """One session of this user less has this status."""
        mine = self._statuses[user]
        mine[status] -= 1
        if not mine[status]:
            del mine[status]
        if not mine:
            del self._statuses[user]

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
