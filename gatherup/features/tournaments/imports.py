"""Tournaments of other programs that go on here: made of a file, one command after the other.

Each command's id derives from the request's. So a request that is sent again goes on where the first one has stopped,
and what is done already isn't done twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeVar

import msgspec
from msgspec.structs import replace

from actors.tournament.trf.importing import Imported, ImportedRound, NotImported, imported
from gatherup.features.tournaments.foreign import told
from gatherup.http.commands import Commands
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.problem import ProblemError
from gatherup.offloop.pool import OffLoop
from protocol import limits
from protocol.codes import Code
from protocol.frames import Command
from protocol.http.base import CommandAccepted
from protocol.http.tournaments.trf16 import ImportedFile
from protocol.ids import SYSTEM, derive_client_id
from protocol.tournament import Name
from protocol.tournament.commands import AddEntrants, CreateTournament, NewEntrant, RemoveEntrant, SetSeeds
from protocol.tournament.importing import (
    BeginImport,
    EndImport,
    ImportedResult,
    ImportResults,
    ImportRound,
)
from protocol.tournament.stage import Stage

GROUP: Final = "tournaments"
T = TypeVar("T")


class ImportsResource:
    """Makes tournaments of files."""

    def __init__(self, commands: Commands, off_loop: OffLoop) -> None:
        self._commands = commands
        self._off_loop = off_loop

    @endpoint(
        "POST",
        "/v1/tournaments/import",
        body=ImportedFile,
        answer=CommandAccepted,
        status=201,
        refuses=(Code.OVERLOADED,),
        group=GROUP,
    )
    async def import_file(self, caller: Caller, body: ImportedFile) -> tuple[CommandAccepted, dict[str, str]]:
        """Make a tournament of a Swiss tournament in a TRF16 file, which one owns: with its players by name, its rounds
        and results so far. It goes on here with the next round. ``stream`` is its id.

        Who isn't paired in the file's next round has left, and can be reinstated.
        """
        match await self._off_loop.call(imported, body.file):
            case Imported() as read:
                made = await self._made(caller, body, read)
                return made, {"Location": f"/v1/tournaments/{made.stream}"}
            case NotImported(why):
                raise ProblemError(Code.INVALID, why, field="file")
            case faults:
                raise ProblemError(Code.INVALID, told(faults), field="file")

    async def _made(self, caller: Caller, body: ImportedFile, read: Imported) -> CommandAccepted:
        create, entrants = _creation(body, read), _entrants(read)
        client_id = self._commands.admitted(caller, body)
        made = await self._commands.accepted(caller, replace(create, client_id=client_id, resend=body.resend))
        stream = made.stream or ""  # what creates something names it
        own, system = _own(stream, read, entrants), _played(stream, read)
        for number, command in enumerate(own):
            await self._sent(caller, client_id, command, "own", number)
        itself = replace(caller, user=SYSTEM)
        for number, command in enumerate(system):
            await self._sent(itself, client_id, command, "played", number)
        for entrant in read.absent:
            command = RemoveEntrant(client_id="", stream=stream, entrant=entrant)
            await self._sent(caller, client_id, command, "absent", entrant)
        await self._sent(itself, client_id, EndImport(client_id="", stream=stream), "end", 0)
        return made

    async def _sent(self, caller: Caller, cause: str, command: Command, part: str, number: int) -> None:
        derived = derive_client_id(cause, part, str(number))
        await self._commands.accepted(caller, replace(command, client_id=derived))


def _creation(body: ImportedFile, read: Imported) -> CreateTournament:
    """The command that creates it. Raises ProblemError: it can't be held here."""
    rounds = body.rounds or read.rounds
    if rounds is None:
        raise ProblemError(
            Code.INVALID, "The file doesn't say how many rounds there are: give rounds.", field="rounds"
        )
    if rounds < len(read.played):
        raise ProblemError(Code.INVALID, f"{len(read.played)} rounds were played.", field="rounds")
    points = dict(zip(("win", "draw", "loss", "bye"), read.points, strict=True))
    stage = _valid(
        {"format": "swiss", "rounds": rounds, "draws": True, "points": points}, Stage, "The points"
    )
    name = _valid(body.name or read.name or "Imported tournament", Name, "The name")
    return CreateTournament(
        client_id="",
        name=name,
        stages=(stage,),
        entrants_max=max(len(read.names), limits.TOURNAMENT_ENTRANTS_MIN),
        entry="listed",
        visibility=body.visibility,
        ready_s=0,
    )


def _entrants(read: Imported) -> list[NewEntrant]:
    if len(read.names) < limits.TOURNAMENT_ENTRANTS_MIN:
        raise ProblemError(Code.INVALID, "There is only one player.", field="file")
    return [
        _valid({"name": name}, NewEntrant, f"The name of player {number}")
        for number, name in enumerate(read.names, 1)
    ]


def _valid(value: object, kind: Any, what: str) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise ProblemError(Code.INVALID, f"{what} can't be taken: {error}.", field="file") from None


def _own(stream: str, read: Imported, entrants: Sequence[NewEntrant]) -> Iterator[Command]:
    """What its owner does before it starts."""
    for some in _parts(entrants, limits.ENTRANTS_PER_COMMAND_MAX):
        yield AddEntrants(client_id="", stream=stream, entrants=tuple(some))
    yield SetSeeds(client_id="", stream=stream, entrants=tuple(range(1, len(read.names) + 1)))


def _played(stream: str, read: Imported) -> Iterator[Command]:
    """What has happened elsewhere."""
    yield BeginImport(client_id="", stream=stream)
    first = 1
    for round_ in read.played:
        yield ImportRound(client_id="", stream=stream, pairs=round_.pairs)
        for results in _parts(_results(round_, first), limits.IMPORTED_RESULTS_MAX):
            yield ImportResults(client_id="", stream=stream, results=tuple(results))
        first += len(round_.results)


def _results(round_: ImportedRound, first: int) -> list[ImportedResult]:
    return [
        ImportedResult(match=number, winner=winner, kind=kind)
        for number, (winner, kind) in enumerate(round_.results, first)
    ]


def _parts(all_: Sequence[T], most: int) -> Iterator[Sequence[T]]:
    return (all_[first : first + most] for first in range(0, len(all_), most))
