"""Whose presence the client watches, and how its own user wants to be seen. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from gatherup.client.actions import Action, DeliverPresence, EndPresence, WatchedPresence
from gatherup.client.errors import ClientError
from gatherup.client.items import PersonPresence, Seen
from gatherup.client.policy import Policy
from gatherup.client.watched import Watched
from protocol import limits
from protocol.frames import ONLINE, Signalled, Status
from protocol.presence import PRESENCE, SetStatus, WatchPresence

OFFLINE: Final = "offline"
_SEEN: Final[tuple[Seen, ...]] = (OFFLINE, "away", "online", "busy")


class WatchedPeople(Watched):
    """The people whose presence is watched. WatchedPresence and EndPresence answer ``watch``.

    A session tells of those who are there. So whoever was there when the session before was lost counts as offline
    until the next one tells otherwise.
    """

    def __init__(self, policy: Policy, new_client_id: Callable[[], str]) -> None:
        super().__init__(policy, new_client_id)
        self._there: dict[str, None] = {}

    def _question(self, client_id: str, names: tuple[str, ...]) -> WatchPresence:
        return WatchPresence(client_id=client_id, users=names)

    def _agreed(self) -> Action:
        return WatchedPresence()

    def _over(self, error: ClientError) -> Action:
        return EndPresence(error)

    def opened(self, now: float) -> list[Action]:
        """Note that a session began."""
        gone = tuple(
            PersonPresence(user=user, status=OFFLINE) for user in self._there if user in self._wanted
        )
        self._there.clear()
        return [*([DeliverPresence(gone)] if gone else []), *super().opened(now)]

    def signalled(self, frame: Signalled) -> list[Action]:
        """How somebody is seen now, if that is still wanted."""
        people = [
            PersonPresence(user=user, status=status)
            for status in _SEEN
            if frame.type == PRESENCE and isinstance(users := frame.data.get(status), list)
            for user in users
            if user in self._wanted
        ]
        for person in people:
            if person.status == OFFLINE:
                self._there.pop(person.user, None)
            else:
                self._there[person.user] = None
        return [DeliverPresence(tuple(people))] if people else []


class OwnStatus:
    """How the user wants to be seen, told to every session, at most STATUSES_PER_S; the newest counts."""

    def __init__(self) -> None:
        self._wanted: Status = ONLINE
        self._told: Status = ONLINE
        """By the hello, or since."""
        self._ready = False
        self._next_at = -math.inf

    def set(self, status: Status) -> None:
        """The user wants to be seen so."""
        self._wanted = status

    def greeting(self) -> Status:
        """What the hello says."""
        self._told = self._wanted
        return self._told

    def opened(self) -> None:
        """A session began, as its hello said."""
        self._ready, self._next_at = True, -math.inf

    def lost(self) -> None:
        """The session is gone."""
        self._ready = False

    def sendable(self, now: float) -> list[SetStatus]:
        """Take the status to send now. It counts as sent from here on."""
        if not self._ready or now < self._next_at or self._wanted == self._told:
            return []
        self._told, self._next_at = self._wanted, now + 1 / limits.STATUSES_PER_S
        return [SetStatus(status=self._wanted)]

    def deadline(self) -> float:
        """When ``sendable`` has something."""
        return self._next_at if self._ready and self._wanted != self._told else math.inf
