"""One tournament while it is watched: what its stream tells, and what is read over HTTP beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from msgspec import Struct

from gatherup.chat.account import Account, ChatError, Query
from gatherup.client import Ended, Event, Item, LiveBracket, LiveMatch, LiveScore, Snapshot
from gatherup.watch.drawing import drawn
from gatherup.watch.entrants import Entrants
from gatherup.watch.lines import named
from gatherup.watch.shows import Shows
from protocol.frames import Position
from protocol.http.tournaments.entrants import EntrantPage
from protocol.http.tournaments.tournaments import TournamentDetail

OVER: Final = frozenset({"finished", "cancelled"})


class Bracket(Struct, frozen=True, kw_only=True):
    """The bracket that HTTP answers, as far as it is shown."""

    matches: list[LiveMatch]
    scores: tuple[LiveScore, ...] = ()
    position: Position


class Watching:
    """Keeps the bracket and the names of a tournament, and has them shown."""

    def __init__(
        self, account: Account, tournament: str, live: LiveBracket, entrants: Entrants, shows: Shows
    ) -> None:
        self._account = account
        self._path = f"/v1/tournaments/{tournament}"
        self._live = live
        self._entrants = entrants
        self._shows = shows

    async def run(self, items: AsyncIterator[Item]) -> None:
        """Show it until it is over. Raises ChatError if it can't be read at first, and what ended the stream."""
        title = (await self._account.get(self._path, (), TournamentDetail)).name or "A tournament"
        async for item in items:
            self._live.take(item)
            match item:
                case Ended(error=error):
                    raise error
                case Snapshot():
                    await self._read(everybody=True)
                    await self._entrants.look_up(drawn(self._live))
                    self._shows.stands(title)
                case Event():
                    self._entrants.take(item)
                    await self._read(everybody=False)
                    await self._entrants.look_up(named(item.header, self._live) | drawn(self._live))
                    self._shows.event(item)
                case _:
                    continue
            if self._live.phase in OVER:
                return

    async def _read(self, *, everybody: bool) -> None:
        """What isn't known; what can't be read now is tried again when something happens."""
        try:
            if everybody:
                await self._read_entrants()
            if self._live.wanting:
                read = await self._account.get(f"{self._path}/bracket", (), Bracket)
                self._live.learn(read.position, read.matches, read.scores)
        except ChatError as error:
            self._shows.note(f"Not everything could be read: {error}")

    async def _read_entrants(self) -> None:
        cursor: Query = ()
        while True:
            page = await self._account.get(f"{self._path}/entrants", [("limit", "200"), *cursor], EntrantPage)
            self._entrants.learn(page.entrants)
            if page.next is None:
                return
            cursor = [("cursor", page.next)]
