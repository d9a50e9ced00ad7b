"""A file as it is read: in UTF-8 or Windows' Latin-1, with whatever ends its lines."""

from __future__ import annotations

from typing import Final

from actors.tournament.trf.columns import NUMBER, Columns, words_of
from actors.tournament.trf.consistency import check
from actors.tournament.trf.faults import Faults
from actors.tournament.trf.model import WORTH, Player, Points, Report
from actors.tournament.trf.player_line import half_points, player_of, whole
from protocol import limits

_BOM: Final = b"\xef\xbb\xbf"
_POINTS_AT: Final = Columns(4, 11)
_REFUSED: Final = {
    "XXA": "accelerated pairings",
    "250": "accelerated pairings",
    "XXP": "forbidden pairings",
    "260": "forbidden pairings",
    "240": "byes of a line of their own",
    "XXS": "points in this form",
    "162": "points in this form",
}
"""What would be paired otherwise than the file says if it were passed over."""


def read(data: bytes) -> Report:
    """The file. Raises FaultyError: of each line that is wrong it tells where, and why."""
    faults = Faults()
    if len(data) > limits.TRF_BYTES_MAX:
        faults.stop(1, 1, f"The file has more than {limits.TRF_BYTES_MAX} bytes.")
    return _Reader(faults).report(_lines_of(_text(data, faults)))


def _text(data: bytes, faults: Faults) -> str:
    data = data.removeprefix(_BOM)
    try:
        return data.decode()
    except UnicodeDecodeError:
        pass  # then it is older
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError as error:
        before = _lines_of(data[: error.start].decode("cp1252"))
        faults.stop(len(before), len(before[-1]) + 1, "This is no character of UTF-8 or Latin-1.")


def _lines_of(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


class _Reader:
    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._players: dict[int, Player] = {}
        self._lines: dict[int, int] = {}
        """Where each player stands."""
        self._other: list[str] = []
        self._rounds: int | None = None
        self._first_side: bool | None = None
        self._absent: dict[int, tuple[int, int]] = {}
        self._worth: dict[str, int] = {}

    def report(self, lines: list[str]) -> Report:
        for at, line in enumerate(lines, 1):
            if line.strip():
                self._line(at, line.rstrip())
        if not self._players:
            self._faults.add(1, 1, "There is no player: no line begins with 001.")
        for number, (at, column) in self._absent.items():
            if number not in self._players:
                self._faults.add(at, column, f"There is no player {number}.")
        self._faults.end()
        report = Report(
            players=tuple(self._players[number] for number in sorted(self._players)),
            other=tuple(self._other),
            rounds=self._rounds,
            first_side=self._first_side,
            absent=tuple(sorted(self._absent)),
            points=self._points(),
        )
        check(report, self._lines, self._faults)
        self._faults.end()
        return report

    def _points(self) -> Points:
        """A bye is worth a win, and a forfeit a loss, unless the file says otherwise."""
        worth = self._worth
        also = {"bye": worth.get("win", Points().win), "forfeit": 0, "absence": 0}
        return Points(**(also | worth))

    def _line(self, at: int, line: str) -> None:
        odd = next((place for place, char in enumerate(line) if not char.isprintable()), None)
        if odd is not None:
            self._faults.add(at, odd + 1, "This is a character that can't be printed.")
            return
        tag = line[:3]
        if tag == "001":
            self._player(at, line)
        elif tag in _REFUSED:
            self._faults.add(at, 1, f"{tag} asks for {_REFUSED[tag]}, which aren't known here.")
        elif tag in {"XXR", "142"}:
            self._rounds = whole(self._faults, at, line, Columns(4, len(line)), limits.TRF_ROUNDS_MAX)
        elif tag in {"XXC", "152"}:
            self._colour(at, line)
        elif tag == "XXZ":
            self._absence(at, line)
        elif tag in WORTH:
            points = half_points(self._faults, at, line, _POINTS_AT)
            if points is not None:
                self._worth[WORTH[tag]] = points
        else:
            self._other.append(line)

    def _colour(self, at: int, line: str) -> None:
        for where in words_of(line, 4):
            word = where.of(line).lower()
            if word in {"white1", "w"}:
                self._first_side = True
            elif word in {"black1", "b"}:
                self._first_side = False
            else:
                self._faults.add(at, where.first, "This is white1, black1, w or b.")

    def _absence(self, at: int, line: str) -> None:
        for where in words_of(line, 4):
            if number := whole(self._faults, at, line, where, limits.TRF_NUMBER_MAX):
                self._absent[number] = (at, where.first)

    def _player(self, at: int, line: str) -> None:
        player = player_of(self._faults, at, line)
        if player is None:
            return
        if player.number in self._players:
            self._faults.add(at, NUMBER.first, f"Player {player.number} has a line already.")
            return
        if len(self._players) >= limits.TRF_PLAYERS_MAX:
            self._faults.stop(at, 1, f"There are more than {limits.TRF_PLAYERS_MAX} players.")
        self._lines[player.number] = at
        self._players[player.number] = player
