"""Entrants from a file: looked at as a whole, and taken only if all is right; then by as many commands as it takes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, cast

from gatherup.features.tournaments.entrants_file import Fault, Listed, read, seeded
from gatherup.features.tournaments.tournament_access import found
from gatherup.features.tournaments.turns import turn
from gatherup.http.commands import Commands
from gatherup.http.endpoint import Caller
from gatherup.http.problem import ProblemError
from gatherup.offloop.pool import OffLoop
from protocol import limits
from protocol.codes import Code
from protocol.event import decode_header
from protocol.handles import folded
from protocol.http.base import CommandAccepted, CommandBody
from protocol.ids import derive_client_id
from protocol.tournament.commands import AddEntrants, NewEntrant, SetSeeds
from storage.postgres.tournaments.history import History
from storage.postgres.tournaments.newcomers import NewcomerRow, Newcomers
from storage.postgres.tournaments.tournaments import TournamentRow, Tournaments

_ID: Final = re.compile(r"user:[0-9a-f]{32}(?!\n)$")
AT_ONCE_BYTES: Final = 4096
"""Larger files are read in a worker process."""
_CHUNK: Final = limits.ENTRANTS_PER_COMMAND_MAX
_STAFF: Final = frozenset({"owner", "organiser"})


class EnteringFile:
    """Takes files."""

    def __init__(
        self,
        tournaments: Tournaments,
        newcomers: Newcomers,
        history: History,
        commands: Commands,
        off_loop: OffLoop,
    ) -> None:
        self._tournaments = tournaments
        self._newcomers = newcomers
        self._history = history
        self._commands = commands
        self._off_loop = off_loop

    async def take(self, caller: Caller, tournament: str, data: bytes) -> CommandAccepted:
        """Enter all who stand in it, and seed them if it says how. Raises ProblemError."""
        client_id = self._commands.admitted(caller, CommandBody())
        known = found(await self._tournaments.get(caller.user, tournament))
        if known.role not in _STAFF:
            raise ProblemError(Code.FORBIDDEN)
        listed, faults = await self._read(data, bool(known.row.team_max))
        users = await self._users(caller, tournament, listed, faults)
        faults += await self._too_many(tournament, known.row, listed)
        if faults:
            raise ProblemError(Code.INVALID, _told(faults), field="body", client_id=client_id)
        new = [_new(one, users) for one in listed]
        return await self._entered(caller, tournament, client_id, listed, new)

    async def _read(self, data: bytes, teams: bool) -> tuple[list[Listed], list[Fault]]:
        if len(data) <= AT_ONCE_BYTES:
            return read(data, teams)
        return await self._off_loop.call(read, data, teams)

    async def _users(
        self, caller: Caller, tournament: str, listed: Sequence[Listed], faults: list[Fault]
    ) -> Mapping[str, str]:
        """The ids of the users, by what the file calls them; faults are told of who can't be entered."""
        named = [player for one in listed for player in one.players]
        ids = {player.user for player in named if _ID.match(player.user)}
        handles = {_handle(player.user) for player in named} - ids
        rows = await self._newcomers.found(caller.user, tournament, ids, handles) if named else []
        known = {row.user: row for row in rows} | {row.handle: row for row in rows if row.handle}
        users: dict[str, str] = {}
        seen = set[str]()
        for count, player in enumerate(named, 1):
            await turn(count)
            row = known.get(player.user if player.user in ids else _handle(player.user))
            if why := _unfit(row, seen):
                faults.append(Fault(player.line, why))
            elif row is not None:
                users[player.user] = row.user
                seen.add(row.user)
        return users

    async def _too_many(self, tournament: str, row: TournamentRow, listed: Sequence[Listed]) -> list[Fault]:
        faults = [
            Fault(one.line, f"A team has at most {row.team_max} players.")
            for one in listed
            if len(one.players) > row.team_max > 0
        ]
        if row.phase == "running" and len(listed) > _CHUNK:
            faults.append(Fault(listed[_CHUNK].line, f"After the start a file enters at most {_CHUNK}."))
        room = limits.TOURNAMENT_ENTRIES_MAX - await self._newcomers.count(tournament)
        if len(listed) > room:
            most = limits.TOURNAMENT_ENTRIES_MAX
            faults.append(Fault(listed[room].line, f"A tournament has at most {most} entrants in all."))
        return faults

    async def _entered(
        self,
        caller: Caller,
        tournament: str,
        client_id: str,
        listed: Sequence[Listed],
        new: Sequence[NewEntrant],
    ) -> CommandAccepted:
        numbers: list[int] = []
        events = seq = 0
        order = seeded(listed)
        for at in range(0, len(new), _CHUNK):
            command = AddEntrants(
                client_id=derive_client_id("entrants", client_id, str(at)),
                stream=tournament,
                entrants=tuple(new[at : at + _CHUNK]),
            )
            try:
                accepted = await self._commands.accepted(caller, command)
            except ProblemError as error:
                if at:
                    error.detail += f" Those up to line {listed[at - 1].line} were entered before."
                raise
            events, seq = events + accepted.events, accepted.seq or 0
            if order:
                numbers += [*await self._numbers(caller, tournament, seq - accepted.events, seq)]
        if order:
            seeds = SetSeeds(
                client_id=derive_client_id("seeds", client_id),
                stream=tournament,
                entrants=tuple(numbers[at] for at in order),
            )
            accepted = await self._commands.accepted(caller, seeds)
            events, seq = events + accepted.events, accepted.seq or 0
        return CommandAccepted(client_id=client_id, stream=tournament, seq=seq, events=events)

    async def _numbers(self, caller: Caller, tournament: str, after: int, until: int) -> Iterator[int]:
        """The numbers of those who were entered by these events, in their order."""
        page = found(
            await self._history.page(caller.user, tournament, after=after, until=until, limit=until - after)
        )
        headers = (decode_header(row.header) for row in page.rows)
        return (
            cast(int, header.marks["entrant"]) for header in headers if header.type == "tournament.entered"
        )


def _handle(text: str) -> str:
    return folded(text.removeprefix("@"))


def _unfit(row: NewcomerRow | None, seen: set[str]) -> str | None:
    """Why this user can't be entered."""
    if row is None:
        return "There is no such user."
    if row.user in seen:
        return "This user stands there twice."
    if row.entered:
        return "This user is an entrant already."
    return "This user has blocked you." if row.blocks else None


def _new(one: Listed, users: Mapping[str, str]) -> NewEntrant:
    captain, *roster = [users[player.user] for player in one.players] or [None]
    return NewEntrant(
        user=captain, name=one.name, roster=tuple(user for user in roster if user), tags=one.tags
    )


def _told(faults: Iterable[Fault]) -> str:
    """Each with its line; of many the first ones."""
    every = sorted(faults)
    told = [f"Line {line}: {why}" for line, why in every[: limits.ENTRANTS_FILE_FAULTS_MAX]]
    more = len(every) - len(told)
    return " ".join([*told, *([f"And {more} more."] if more else [])])
