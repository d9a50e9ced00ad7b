"""What the client wants to be told of beside its streams, and what the server was asked of it. Pure.

A session knows one set of names at a time and forgets it when it ends, so the set that is wanted is asked for again in
each.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable

from gatherup.client.actions import Action, Send
from gatherup.client.errors import ClientError, ClosedError, RefusedError
from gatherup.client.policy import Policy
from protocol.codes import CODES
from protocol.frames import Accepted, Refused, Unknown, WatchHeads
from protocol.presence import WatchPresence

Question = WatchHeads | WatchPresence


class Watched(ABC):
    """The names that are wanted, those this session knows of, and the question that is open."""

    def __init__(self, policy: Policy, new_client_id: Callable[[], str]) -> None:
        self._policy = policy
        self._new_client_id = new_client_id
        self._wanted: tuple[str, ...] = ()
        self._known: tuple[str, ...] = ()
        self._watching = False
        self._asked: tuple[Question, tuple[str, ...]] | None = None
        self._ready = False
        self._retry_at = 0.0

    @abstractmethod
    def _question(self, client_id: str, names: tuple[str, ...]) -> Question:
        """The frame that asks for these names instead of those before."""

    @abstractmethod
    def _agreed(self) -> Action:
        """The server tells of the names that are wanted."""

    @abstractmethod
    def _over(self, error: ClientError) -> Action:
        """Nothing follows."""

    def watch(self, names: tuple[str, ...], now: float) -> list[Action]:
        """Watch these instead of those before; none ends it. ``_agreed`` follows unless there are none."""
        self._wanted, self._watching, self._retry_at = names, bool(names), now
        if names and names == self._known and self._asked is None:
            return [self._agreed()]
        return self.elapsed(now)

    def opened(self, now: float) -> list[Action]:
        """Note that a session began."""
        self._ready, self._retry_at = True, now
        return self.elapsed(now)

    def lost(self) -> None:
        """The session is gone, with what it knew and what it was asked."""
        self._ready, self._known, self._asked = False, (), None

    def closed(self, error: ClosedError) -> list[Action]:
        """The client is closed."""
        watching, self._wanted, self._watching = self._watching, (), False
        return [self._over(error)] if watching else []

    def replied(self, reply: Accepted | Refused | Unknown, now: float) -> list[Action] | None:
        """A reply to our question; None if it is none."""
        if self._asked is None or reply.client_id != self._asked[0].client_id:
            return None
        _, names = self._asked
        self._asked = None
        actions: list[Action] = []
        match reply:
            case Accepted():
                self._known = names
                if names and names == self._wanted:
                    actions.append(self._agreed())
            case Refused() if not (reply.retry or CODES[reply.code].retry):
                if names == self._wanted:
                    self._wanted, self._watching = (), False
                    actions.append(self._over(RefusedError.of(reply)))
            case Refused() | Unknown():
                self._retry_at = now + max(reply.retry_after_s or 0.0, self._policy.backoff_min_s)
        return actions + self.elapsed(now)

    def elapsed(self, now: float) -> list[Action]:
        """Ask for what is wanted, if this session doesn't know of it and it is due."""
        if not self._due or self._retry_at > now:
            return []
        question = self._question(self._new_client_id(), self._wanted)
        self._asked = question, self._wanted
        return [Send(question)]

    def deadline(self) -> float:
        """When ``elapsed`` has something to do."""
        return self._retry_at if self._due else math.inf

    @property
    def _due(self) -> bool:
        return self._ready and self._asked is None and self._wanted != self._known
