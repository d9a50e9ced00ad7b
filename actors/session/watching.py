"""Whose presence a session watches, and who may see whom."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from typing import Protocol

from typing_extensions import override

from actors.ports.log import LogUnavailableError
from actors.ports.time import Clock
from actors.presence import Presence
from actors.presence.roster import NOBODY, RosterState, difference
from actors.relay import Relay, Watch, Watcher
from actors.relay.ring import RelayedEvent
from actors.session.connection_writer import ConnectionWriter
from protocol.frames import Signalled
from protocol.ids import SYSTEM
from protocol.limits import SIGHT_INTERVAL_S
from protocol.presence import PRESENCE, person_of

_log = logging.getLogger(__name__)


class Visibility(Protocol):
    """Who may see whom. Implemented where people are stored."""

    async def visible(self, user: str, people: Collection[str]) -> set[str]:
        """Those of these people who let this user see them. Raises LogUnavailableError."""
        ...


class VisibilityChecks:
    """Who may see whom, for all sessions of a node: read when one watches, and again once in SIGHT_INTERVAL_S.

    So who blocks somebody, or changes who may see them, is told of to the old watchers for that long at most, and for
    as long as reading for all sessions of the node takes, one after the other.
    """

    def __init__(self, visibility: Visibility, clock: Clock) -> None:
        self._visibility = visibility
        self._clock = clock
        self._watching: dict[Watching, None] = {}

    def __len__(self) -> int:
        """The sessions that watch anybody."""
        return len(self._watching)

    async def run(self) -> None:
        """Read the rights of all watching sessions again and again, until cancelled."""
        while True:
            await self._clock.sleep_until(self._clock.monotonic() + SIGHT_INTERVAL_S)
            try:
                for watching in tuple(self._watching):
                    await self._look(watching)
            except LogUnavailableError as error:
                _log.warning("who may see whom isn't read again now", extra={"error": str(error)})

    async def visible(self, user: str, people: Collection[str]) -> set[str]:
        """Those of these people who let this user see them. Raises LogUnavailableError."""
        return await self._visibility.visible(user, people) if people else set()

    def keep(self, watching: Watching) -> None:
        """Read again for this one, as long as it watches anybody."""
        if watching.people:
            self._watching[watching] = None
        else:
            self._watching.pop(watching, None)

    async def _look(self, watching: Watching) -> None:
        people = watching.people
        visible = await self.visible(watching.user, people)
        if watching.people is people:  # else it asked for others meanwhile, or has ended
            watching.watch(people, visible)


class Watching(Watcher):
    """One session's watched people. What it tells is dropped when the client doesn't keep up."""

    __slots__ = ("_presence", "_relay", "_user", "_visibility", "_watches", "_writer", "people")

    def __init__(
        self,
        relay: Relay,
        presence: Presence,
        visibility: VisibilityChecks,
        writer: ConnectionWriter,
        user: str,
    ) -> None:
        self._user = user
        self.people: Sequence[str] = ()
        """Those the client asked for, visible or not."""
        self._relay = relay
        self._presence = presence
        self._visibility = visibility
        self._writer = writer
        self._watches: dict[str, Watch] = {}

    def watch(self, people: Sequence[str], visible: Collection[str]) -> None:
        """Watch the visible of these people, and nobody else.

        Of those who are new and there it tells at once, and of those the client still asks for who aren't visible any
        more, as if they had gone.
        """
        self.people = people
        self._visibility.keep(self)
        asked, rosters = ({person_of(user) for user in those} for those in (people, visible))
        for roster in [roster for roster in self._watches if roster not in rosters]:
            if roster in asked:
                self._tell(roster, self._presence.roster_state(roster), NOBODY)
            self._relay.unwatch(self._watches.pop(roster))
        for roster in sorted(rosters - self._watches.keys()):
            self._watches[roster] = self._relay.watch(roster, self)
            self._tell(roster, NOBODY, self._presence.roster_state(roster))

    def end(self) -> None:
        """Watch nobody any more. Idempotent."""
        self.watch((), ())

    def _tell(self, roster: str, before: RosterState, after: RosterState) -> None:
        told = difference(before, after)
        if told is not None:
            self.signalled(Signalled(stream=roster, author=SYSTEM, type=PRESENCE, data={**told}))

    # --- what the relay calls ---

    @property
    @override
    def user(self) -> str:
        return self._user

    @override
    def relayed(self, stream: str, event: RelayedEvent) -> None:
        """Nothing is logged of people."""

    @override
    def signalled(self, frame: Signalled) -> None:
        self._writer.write_droppable(self._writer.lane.frame(frame))
