"""Who takes part in a tournament: entered, checked in, seeded, removed."""

from __future__ import annotations

from typing import Final

from gatherup.features.tournaments.answers import entrant_of, position_of
from gatherup.features.tournaments.entering_file import EnteringFile
from gatherup.features.tournaments.tournament_access import entrant_in, found, tournament_id
from gatherup.features.tournaments.tournaments import TOURNAMENT
from gatherup.http.commands import Commands, fields_of
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.paging import Pages
from protocol.http.base import CommandAccepted, CommandBody
from protocol.http.tournaments.entrants import (
    CheckedIn,
    EntrantPage,
    EntrantsQuery,
    NewEntrants,
    NewSeeds,
    NewTags,
    Removal,
)
from protocol.http.tournaments.teams import Entering
from protocol.tournament.commands import (
    AcceptEntrant,
    AddEntrants,
    CheckIn,
    EnterTournament,
    LeaveTournament,
    RemoveEntrant,
    SetSeeds,
    SetTags,
)
from storage.postgres.tournaments.entrants import EntrantKey, Entrants

GROUP: Final = "entrants"
ENTRANTS: Final = TOURNAMENT + "/entrants"
ENTRANT: Final = ENTRANTS + "/<entrant>"
CSV: Final = "text/csv"


class EntrantsResource:
    """Entrants: by themselves, and by staff."""

    def __init__(self, entrants: Entrants, files: EnteringFile, commands: Commands) -> None:
        self._entrants = entrants
        self._files = files
        self._commands = commands
        self._pages = Pages(EntrantKey)

    @endpoint("POST", TOURNAMENT + "/enter", body=Entering, answer=CommandAccepted, group=GROUP)
    async def enter(self, caller: Caller, tournament: str, body: Entering) -> CommandAccepted:
        """Enter a tournament whose registration is open, oneself or with a team. Who has left has their old number."""
        return await self._commands.send(
            caller, EnterTournament, body, stream=tournament_id(tournament), **fields_of(body)
        )

    @endpoint("POST", TOURNAMENT + "/leave", body=CommandBody, answer=CommandAccepted, group=GROUP)
    async def leave(self, caller: Caller, tournament: str, body: CommandBody) -> CommandAccepted:
        """Leave a tournament. After the start one forfeits the current match, and each later one."""
        return await self._commands.send(caller, LeaveTournament, body, stream=tournament_id(tournament))

    @endpoint("POST", TOURNAMENT + "/check-in", body=CheckedIn, answer=CommandAccepted, group=GROUP)
    async def check_in(self, caller: Caller, tournament: str, body: CheckedIn) -> CommandAccepted:
        """Check in to a tournament; organisers may do so for another entrant."""
        return await self._commands.send(
            caller, CheckIn, body, stream=tournament_id(tournament), **fields_of(body)
        )

    @endpoint("GET", ENTRANTS, query=EntrantsQuery, answer=EntrantPage, polled=True, group=GROUP)
    async def page(self, caller: Caller, tournament: str, query: EntrantsQuery) -> EntrantPage:
        """List the entrants of a tournament by number, and where in its log they were read."""
        edge = self._pages.edge(query.cursor)
        read = found(
            await self._entrants.page(
                caller.user,
                tournament_id(tournament),
                status=query.status,
                beside=edge.beside,
                back=edge.back,
                limit=query.limit + 1,
            )
        )
        page = self._pages.page(read.rows, edge, query.limit, lambda row: EntrantKey(row.number))
        return EntrantPage(
            entrants=list(map(entrant_of, page.rows)),
            position=position_of(tournament, read.head),
            next=page.next,
            previous=page.previous,
        )

    @endpoint("POST", ENTRANTS, body=NewEntrants, file=CSV, answer=CommandAccepted, group=GROUP)
    async def add(self, caller: Caller, tournament: str, body: NewEntrants | bytes) -> CommandAccepted:
        """Enter users, or names of people without an account, as an organiser: all of them, or none. They may stand in
        a file in CSV, whose first line names its columns: name, user, team, seed, rating.
        """
        if isinstance(body, bytes):
            return await self._files.take(caller, tournament_id(tournament), body)
        return await self._commands.send(
            caller, AddEntrants, body, stream=tournament_id(tournament), **fields_of(body)
        )

    @endpoint("POST", ENTRANT + "/accept", body=CommandBody, answer=CommandAccepted, group=GROUP)
    async def accept(
        self, caller: Caller, tournament: str, entrant: str, body: CommandBody
    ) -> CommandAccepted:
        """Accept an entrant who is pending, as an organiser."""
        return await self._commands.send(
            caller,
            AcceptEntrant,
            body,
            **entrant_in(tournament, entrant),
        )

    @endpoint("POST", ENTRANT + "/remove", body=Removal, answer=CommandAccepted, group=GROUP)
    async def remove(self, caller: Caller, tournament: str, entrant: str, body: Removal) -> CommandAccepted:
        """Remove or disqualify an entrant, or refuse a pending one, as an organiser. After the start they forfeit."""
        return await self._commands.send(
            caller,
            RemoveEntrant,
            body,
            **entrant_in(tournament, entrant),
            **fields_of(body),
        )

    @endpoint("PUT", ENTRANT + "/tags", body=NewTags, answer=CommandAccepted, group=GROUP)
    async def set_tags(self, caller: Caller, tournament: str, entrant: str, body: NewTags) -> CommandAccepted:
        """Set the tags of an entrant before the start, as an organiser: who has one in common is kept apart."""
        return await self._commands.send(
            caller, SetTags, body, **entrant_in(tournament, entrant), **fields_of(body)
        )

    @endpoint("PUT", TOURNAMENT + "/seeds", body=NewSeeds, answer=CommandAccepted, group=GROUP)
    async def set_seeds(self, caller: Caller, tournament: str, body: NewSeeds) -> CommandAccepted:
        """Set the order in which entrants are seeded, as an organiser. All others come after them, by lot."""
        return await self._commands.send(
            caller, SetSeeds, body, stream=tournament_id(tournament), **fields_of(body)
        )
