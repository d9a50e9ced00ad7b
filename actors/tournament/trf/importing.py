"""A file as a tournament that goes on here: for a worker process, since reading takes its time.

What a tournament here can't hold is refused with a sentence, so that nothing is ranked or paired otherwise than the
file says: byes that were asked for and are worth points, two byes in a round, games that both have lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from actors.tournament.trf.games import asked_byes, entry_of, rounds_of, unfinished
from actors.tournament.trf.model import NOBODY, Entry, Fault, FaultyError, Player, Report
from actors.tournament.trf.reading import read
from protocol import limits
from protocol.tournament.importing import ImportedKind

_WON: Final = "1W"
_LOST: Final = "0L"
_DRAWN: Final = "=D"
Result = tuple[int, ImportedKind]
"""The winner, and how."""


class ImportedRound(Struct, frozen=True):
    """A round that was played."""

    pairs: tuple[int, ...]
    """White and black of each match, then who had the bye with 0."""
    results: tuple[Result, ...]
    """Of each match."""


class Imported(Struct, frozen=True, kw_only=True):
    """A tournament. Entrants are numbered from 1 in the order of their starting ranks."""

    name: str
    rounds: int | None
    """How many there are to be."""
    points: tuple[float, float, float, float]
    """Of a win, a draw, a loss and a bye."""
    names: tuple[str, ...]
    absent: tuple[int, ...]
    """Who isn't paired in the next round."""
    played: tuple[ImportedRound, ...]


class NotImported(Struct, frozen=True):
    """Why it can't be held here, for people."""

    why: str


class _UnfitError(Exception):
    """What the file says can't be held here."""


def imported(data: bytes) -> Imported | NotImported | tuple[Fault, ...]:
    """Read a file, and make a tournament of it."""
    try:
        report = read(data)
        return _imported(report)
    except FaultyError as error:
        return error.faults
    except _UnfitError as error:
        return NotImported(str(error))


def _imported(report: Report) -> Imported:
    rounds = rounds_of(report)
    if rounds > limits.SWISS_ROUNDS_MAX:
        raise _UnfitError(f"The file has more than {limits.SWISS_ROUNDS_MAX} rounds.")
    if unfinished(report):
        raise _UnfitError(f"Round {rounds} isn't over.")
    points = report.points
    if points.forfeit or points.absence:
        raise _UnfitError("Forfeits and absences are worth nothing here.")
    numbers = {player.number: entrant for entrant, player in enumerate(report.players, 1)}
    absent = {*report.absent}
    for number, entry in asked_byes(report).items():
        if entry.result in "HF":
            raise _UnfitError(_bye(number, rounds + 1))
        absent.add(number)
    name = next((line[4:].strip() for line in report.other if line.startswith("012")), "")
    return Imported(
        name=name,
        rounds=report.rounds,
        points=(points.win / 2, points.draw / 2, points.loss / 2, points.bye / 2),
        names=tuple(player.name or f"Player {player.number}" for player in report.players),
        absent=tuple(sorted(numbers[number] for number in absent)),
        played=tuple(_round(report.players, numbers, round_) for round_ in range(1, rounds + 1)),
    )


def _round(players: Sequence[Player], numbers: dict[int, int], round_: int) -> ImportedRound:
    entries = {player.number: entry_of(player, round_) for player in players}
    pairs: list[int] = []
    results: list[Result] = []
    byes: list[int] = []
    for number, entry in entries.items():
        if entry.opponent == NOBODY:
            if entry.result in "HF":
                raise _UnfitError(_bye(number, round_))
            if entry.result in "U+":
                byes.append(number)
        elif entry.side == "w" or (entry.side == "-" and number < entry.opponent):
            pairs += (numbers[number], numbers[entry.opponent])
            results.append(_result((pairs[-2], pairs[-1]), entry, entries[entry.opponent], round_))
    if len(byes) > 1:
        raise _UnfitError(f"Players {byes[0]} and {byes[1]} have a bye in round {round_}, and only one can.")
    if not results:
        raise _UnfitError(f"In round {round_} nobody has met anybody.")
    pairs += [part for number in byes for part in (numbers[number], NOBODY)]
    return ImportedRound(tuple(pairs), tuple(results))


def _result(sides: tuple[int, int], white: Entry, black: Entry, round_: int) -> Result:
    match white.result, black.result:
        case won, lost if won in _WON and lost in _LOST:
            return sides[0], "decided"
        case lost, won if won in _WON and lost in _LOST:
            return sides[1], "decided"
        case one, other if one in _DRAWN and other in _DRAWN:
            return NOBODY, "decided"
        case "+", "-":
            return sides[0], "forfeit"
        case "-", "+":
            return sides[1], "forfeit"
        case "-", "-":
            return NOBODY, "double_forfeit"
        case _:
            two = f"Players {black.opponent} and {white.opponent}"
            raise _UnfitError(f"{two} have a result in round {round_} that isn't known here.")


def _bye(number: int, round_: int) -> str:
    return f"Player {number} has a bye in round {round_} that they asked for, and which is worth points."
