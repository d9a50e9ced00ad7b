"""What the entrants of a tournament are called."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

from gatherup.chat.names import Names
from gatherup.chat.screen import printable
from gatherup.client import Event
from protocol import limits
from protocol.http.tournaments.entrants import TournamentEntrant
from protocol.tournament import NOBODY
from protocol.tournament.events import EntrantEntered


class Entrants:
    """Names of entrants by number, without control characters; who has none is called by the number."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._users: dict[int, str] = {}
        self._named: dict[int, str] = {}
        """Those who have no account."""

    def learn(self, entrants: Iterable[TournamentEntrant]) -> None:
        """Those of a page."""
        for entrant in entrants:
            self._note(entrant.entrant, entrant.user, entrant.name)

    def take(self, event: Event) -> None:
        """Somebody may have entered, or names may have been erased."""
        if isinstance(entered := event.payload, EntrantEntered):
            self._note(entered.entrant, entered.user, entered.name)
        if event.header.type == "tournament.person_erased":
            for entrant in cast("Sequence[int]", event.header.marks.get("names", ())):
                self._named.pop(entrant, None)

    async def look_up(self, entrants: Iterable[int | None]) -> None:
        """Ask what these are called, as far as it isn't known."""
        users = [self._users[entrant] for entrant in entrants if entrant and entrant in self._users]
        for first in range(0, len(users), limits.PROFILES_MAX):
            await self._names.learn(users[first : first + limits.PROFILES_MAX])

    def of(self, entrant: int | None) -> str:
        """What to call whoever is on a side of a match."""
        if entrant is None:
            return "..."
        if entrant == NOBODY:
            return "-"
        user = self._users.get(entrant)
        name = self._named.get(entrant) if user is None else self._names.of(user)
        return printable(name) if name else f"entrant {entrant}"

    def _note(self, entrant: int, user: str | None, name: str | None) -> None:
        if user is not None:
            self._users[entrant] = user
        elif name is not None:
            self._named[entrant] = name
