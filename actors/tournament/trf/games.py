"""What the results of a file say: its rounds as the Swiss engine takes them, points, who has no result yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from actors.tournament.engine.swiss.model import Game
from actors.tournament.trf.model import NOBODY, NOT_PAIRED, Entry, Player, Points, Report

_PLAYED: Final = "10=WDL"
_GIVEN: Final = "U+"
"""What somebody without an opponent only has from a pairing."""


def worth(entry: Entry, points: Points) -> int:
    """The half points of a result; none as long as there is none."""
    match entry.result:
        case "1" | "W" | "+" | "F":
            return points.win
        case "=" | "D" | "H":
            return points.draw
        case "0" | "L":
            return points.loss
        case "U":
            return points.bye
        case "-":
            return points.forfeit
        case _:
            return 0 if entry.opponent else points.absence


def entry_of(player: Player, round_: int) -> Entry:
    """What a player did in a round, which counts from 1."""
    return player.entries[round_ - 1] if round_ <= len(player.entries) else NOT_PAIRED


def rounds_of(report: Report) -> int:
    """How many rounds were paired. Byes that stand after them are of the next one."""
    return max(
        (
            round_
            for player in report.players
            for round_, entry in enumerate(player.entries, 1)
            if entry.opponent or entry.result in _GIVEN
        ),
        default=0,
    )


def score_of(player: Player, rounds: int, points: Points) -> int:
    """The half points of a player after so many rounds."""
    return sum(worth(entry_of(player, round_), points) for round_ in range(1, rounds + 1))


def unfinished(report: Report) -> tuple[int, ...]:
    """Who still plays."""
    return tuple(
        player.number
        for player in report.players
        if any(entry.opponent and entry.result == " " for entry in player.entries)
    )


def asked_byes(report: Report) -> dict[int, Entry]:
    """Who has a bye in the next round already, and which one."""
    following = rounds_of(report) + 1
    found = ((player.number, entry_of(player, following)) for player in report.players)
    return {number: entry for number, entry in found if entry != NOT_PAIRED}


def games_of(report: Report) -> list[list[Game]]:
    """The games and byes of each round that was paired."""
    return [_round(report, round_) for round_ in range(1, rounds_of(report) + 1)]


def _round(report: Report, round_: int) -> list[Game]:
    entries = {player.number: entry_of(player, round_) for player in report.players}
    points = report.points
    games: list[Game] = []
    for number, entry in entries.items():
        own = worth(entry, points)
        if entry.opponent == NOBODY:
            games.append(Game(number, NOBODY, own, 0, played=False))
        elif entry.side == "w" or (entry.side == "-" and number < entry.opponent):
            other = worth(entries[entry.opponent], points)
            games.append(Game(number, entry.opponent, own, other, played=entry.result in _PLAYED))
    return games


def first_side(report: Report) -> bool:
    """Whether the first seed gets White in the first round: as the file says, or as that round was paired."""
    if report.first_side is not None:
        return report.first_side
    for round_ in range(1, rounds_of(report) + 1):
        for seed, player in enumerate(report.players, 1):
            if (side := entry_of(player, round_).side) != "-":
                return (side == "w") == bool(seed % 2)
    return True


def ranked(players: Sequence[Player], rounds: int, points: Points) -> dict[int, int]:
    """The rank of each player: by points, then by number."""
    order = sorted(players, key=lambda player: (-score_of(player, rounds, points), player.number))
    return {player.number: rank for rank, player in enumerate(order, 1)}
