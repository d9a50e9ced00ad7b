"""Whose presence a session watches."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from actors.presence import Presence
from actors.presence.roster import NOBODY, difference
from actors.relay import Relay, Watch
from actors.relay.ring import RelayedEvent
from actors.session.outbox import Outbox
from protocol.frames import Signalled
from protocol.ids import SYSTEM
from protocol.presence import PRESENCE, person_of


class Sight(Protocol):
    """Who may see whom. Implemented where people are stored."""

    async def visible(self, user: str, people: Collection[str]) -> set[str]:
        """Those of these people who let this user see them. Raises LogUnavailableError."""
        ...


class Watching:
    """One session's watched people. What it tells is dropped when the client doesn't keep up."""

    __slots__ = ("_outbox", "_presence", "_relay", "_watches")

    def __init__(self, relay: Relay, presence: Presence, outbox: Outbox) -> None:
        self._relay = relay
        self._presence = presence
        self._outbox = outbox
        self._watches: dict[str, Watch] = {}

    def watch(self, people: Collection[str]) -> None:
        """Watch these, and nobody else; of those who are new and there it tells at once."""
        rosters = {person_of(user) for user in people}
        for roster in [roster for roster in self._watches if roster not in rosters]:
            self._relay.unwatch(self._watches.pop(roster))
        for roster in sorted(rosters - self._watches.keys()):
            self._watches[roster] = self._relay.watch(roster, self)
            told = difference(NOBODY, self._presence.standing(roster))
            if told is not None:
                self.signalled(Signalled(stream=roster, author=SYSTEM, type=PRESENCE, data={**told}))

    def end(self) -> None:
        """Watch nobody any more. Idempotent."""
        self.watch(())

    # --- what the relay calls ---

    def relayed(self, stream: str, event: RelayedEvent) -> None:
        """See Watcher. Nothing is logged of people."""

    def signalled(self, frame: Signalled) -> None:
        """See Watcher."""
        self._outbox.write_droppable(self._outbox.lane.frame(frame))
