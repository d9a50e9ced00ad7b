"""A file as it is written: in columns, each line ended by CR and LF."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from actors.tournament.trf.columns import NAME
from actors.tournament.trf.games import rounds_of, score_of
from actors.tournament.trf.model import WORTH, Entry, Player, Points, Report

NAME_CHARS: Final = NAME.last - NAME.first + 1
"""Of a longer name the beginning is written."""
POINTS_MAX: Final = 199
"""Half points that the columns have room for."""
_USUAL: Final = Points()


class NoRoomError(Exception):
    """Somebody has more points than the columns have room for."""


def write(report: Report) -> str:
    """The file. Raises NoRoomError."""
    return "".join(f"{line}\r\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    yield from report.other
    if report.rounds is not None:
        yield f"XXR {report.rounds}"
    if report.first_side is not None:
        yield f"XXC {'white1' if report.first_side else 'black1'}"
    if report.absent:
        yield f"XXZ {' '.join(map(str, report.absent))}"
    if report.points != _USUAL:
        for tag, name in WORTH.items():
            yield f"{tag} {getattr(report.points, name) / 2:4.1f}"
    rounds = rounds_of(report)
    for player in report.players:
        yield _player(player, score_of(player, rounds, report.points))


def _player(player: Player, score: int) -> str:
    if score > POINTS_MAX:
        raise NoRoomError
    rank = "" if player.rank is None else player.rank
    line = (
        f"001 {player.number:4} {player.sex:1}{player.title:>3} {player.name[:NAME_CHARS]:{NAME_CHARS}}"
        f" {player.rating:>4} {player.federation:3} {player.fide_number:>11} {player.birth:10}"
        f" {score / 2:4.1f} {rank:>4}"
    )
    return (line + "".join(map(_entry, player.entries))).rstrip()


def _entry(entry: Entry) -> str:
    if not entry.opponent and entry.result == " ":
        return " " * 10
    opponent = f"{entry.opponent:4}" if entry.opponent else "0000"
    return f"  {opponent} {entry.side} {entry.result}"
