"""Who takes part in a gathering: registered, checked in, withdrawn, removed; and what they play next."""

from __future__ import annotations

from typing import Any, Final

from gatherup.features.gatherings.answers import found, gathering_id, player_of, position_of
from gatherup.features.gatherings.gatherings import GATHERING
from gatherup.features.tournaments.next_matches import NextMatches
from gatherup.http.commands import Commands, fields_of
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.paging import Pages
from gatherup.http.problem import ProblemError
from protocol.codes import Code
from protocol.gathering.commands import (
    CheckInPlayer,
    ChooseCompetitions,
    RegisterPlayer,
    RemoveGatheringPlayer,
    WithdrawPlayer,
)
from protocol.http.base import CommandAccepted, CommandBody
from protocol.http.gatherings import (
    ChosenCompetitions,
    NextMatchesQuery,
    PlayerCheckIn,
    PlayerPage,
    PlayerRemoval,
    PlayersQuery,
    Registration,
)
from protocol.http.tournaments.matches import OwnMatchesQuery, OwnMatchPage
from storage.postgres.gatherings.gatherings import Gatherings
from storage.postgres.gatherings.players import PlayerKey, Players

GROUP: Final = "players"
PLAYERS: Final = GATHERING + "/players"
NUMBER: Final = "^[1-9][0-9]{0,3}$"
"""What the number of a player looks like in a path."""


class PlayersResource:
    """Players: by themselves, and by organisers."""

    def __init__(
        self, gatherings: Gatherings, players: Players, next_matches: NextMatches, commands: Commands
    ) -> None:
        self._gatherings = gatherings
        self._players = players
        self._next = next_matches
        self._commands = commands
        self._pages = Pages(PlayerKey)

    @endpoint("POST", GATHERING + "/register", body=Registration, answer=CommandAccepted, group=GROUP)
    async def register(self, caller: Caller, gathering: str, body: Registration) -> CommandAccepted:
        """Register with a gathering whose registration is open, for these of its competitions."""
        return await self._send(caller, RegisterPlayer, gathering, body)

    @endpoint("POST", GATHERING + "/choose", body=ChosenCompetitions, answer=CommandAccepted, group=GROUP)
    async def choose(self, caller: Caller, gathering: str, body: ChosenCompetitions) -> CommandAccepted:
        """Say which competitions one plays, while the registration is open: one leaves those that aren't named."""
        return await self._send(caller, ChooseCompetitions, gathering, body)

    @endpoint("POST", GATHERING + "/check-in", body=PlayerCheckIn, answer=CommandAccepted, group=GROUP)
    async def check_in(self, caller: Caller, gathering: str, body: PlayerCheckIn) -> CommandAccepted:
        """Check in to a gathering and all competitions that one has chosen; organisers may do so for somebody else."""
        return await self._send(caller, CheckInPlayer, gathering, body)

    @endpoint("POST", GATHERING + "/withdraw", body=CommandBody, answer=CommandAccepted, group=GROUP)
    async def withdraw(self, caller: Caller, gathering: str, body: CommandBody) -> CommandAccepted:
        """Withdraw from a gathering, and from all of its competitions that aren't over."""
        return await self._send(caller, WithdrawPlayer, gathering, body)

    @endpoint("GET", PLAYERS, query=PlayersQuery, answer=PlayerPage, polled=True, group=GROUP)
    async def page(self, caller: Caller, gathering: str, query: PlayersQuery) -> PlayerPage:
        """List the players of a gathering by number, and where in its log they were read."""
        edge = self._pages.edge(query.cursor)
        read = found(
            await self._players.page(
                caller.user,
                gathering_id(gathering),
                status=query.status,
                tournament=query.tournament,
                beside=edge.beside,
                back=edge.back,
                limit=query.limit + 1,
            )
        )
        page = self._pages.page(read.rows, edge, query.limit, lambda row: PlayerKey(row.number))
        return PlayerPage(
            players=list(map(player_of, page.rows)),
            position=position_of(gathering, read.head),
            next=page.next,
            previous=page.previous,
        )

    @endpoint("POST", PLAYERS + "/<player>/remove", body=PlayerRemoval, answer=CommandAccepted, group=GROUP)
    async def remove(
        self, caller: Caller, gathering: str, player: str, body: PlayerRemoval
    ) -> CommandAccepted:
        """Remove a player from a gathering and its competitions that aren't over, or bar them, as an organiser."""
        return await self._send(caller, RemoveGatheringPlayer, gathering, body, player=_number(player))

    @endpoint(
        "GET",
        GATHERING + "/next-matches",
        query=NextMatchesQuery,
        answer=OwnMatchPage,
        polled=True,
        group=GROUP,
    )
    async def next_matches(self, caller: Caller, gathering: str, query: NextMatchesQuery) -> OwnMatchPage:
        """List the match that somebody plays or waits for in each competition that runs, and which of them collide.

        One's own may also collide with matches outside of the gathering.
        """
        found(await self._gatherings.get(caller.user, gathering_id(gathering)))
        user = query.user or caller.user
        page = OwnMatchesQuery(cursor=query.cursor, limit=query.limit)
        return await self._next.page(user, page, gathering=gathering, within=user != caller.user)

    async def _send(
        self, caller: Caller, kind: Any, gathering: str, body: CommandBody, **fields: Any
    ) -> CommandAccepted:
        stream = gathering_id(gathering)
        return await self._commands.send(caller, kind, body, stream=stream, **fields, **fields_of(body))


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 4 and not text.startswith("0")):
        raise ProblemError(Code.NOT_FOUND, "There is no such player.", field="player")
    return int(text)
