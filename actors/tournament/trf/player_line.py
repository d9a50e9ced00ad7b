"""A line 001: a player, and what it did in each round."""

from __future__ import annotations

from typing import Final

from actors.tournament.trf import columns
from actors.tournament.trf.columns import Columns
from actors.tournament.trf.faults import Faults
from actors.tournament.trf.model import NOBODY, NOT_PAIRED, RESULTS, Entry, Player, Side
from protocol import limits

_DIGITS_MAX: Final = 9
_SIDES: Final[dict[str, Side]] = {"w": "w", "b": "b", "-": "-", "": "-"}


def player_of(faults: Faults, at: int, line: str) -> Player | None:
    """The player; None, with a fault, if the line isn't in columns or has no number."""
    for column in columns.gaps_in(len(line)):
        if line[column - 1 : column].strip():
            faults.add(at, column, "This column is blank in a line 001.")
            return None
    number = whole(faults, at, line, columns.NUMBER, limits.TRF_NUMBER_MAX)
    if number is None:
        return None
    points, rank = columns.POINTS.of(line), columns.RANK.of(line)
    return Player(
        number=number,
        sex=columns.SEX.of(line),
        title=columns.TITLE.of(line),
        name=columns.NAME.of(line),
        rating=columns.RATING.of(line),
        federation=columns.FEDERATION.of(line),
        fide_number=columns.FIDE_NUMBER.of(line),
        birth=columns.BIRTH.of(line),
        points=half_points(faults, at, line, columns.POINTS) if points else None,
        rank=whole(faults, at, line, columns.RANK, limits.TRF_NUMBER_MAX) if rank else None,
        entries=_entries(faults, at, line, number),
    )


def whole(faults: Faults, at: int, line: str, where: Columns, most: int) -> int | None:
    """The number that stands there; None, with a fault, if it is none from 1 to ``most``."""
    text = where.of(line)
    if _digits(text) and 1 <= int(text) <= most:
        return int(text)
    faults.add(at, where.first, f"This is a number from 1 to {most}.")
    return None


def half_points(faults: Faults, at: int, line: str, where: Columns) -> int | None:
    """The points that stand there, in half points; None, with a fault, if there are none."""
    points, _, half = where.of(line).replace(",", ".").partition(".")
    if _digits(points) and half in {"", "0", "5"}:
        return 2 * int(points) + (half == "5")
    faults.add(at, where.first, "These are points, such as 3.5.")
    return None


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX


def _entries(faults: Faults, at: int, line: str, number: int) -> tuple[Entry, ...]:
    rounds = -(-max(0, len(line) - columns.GAMES_FROM + 1) // columns.GAME)
    if rounds > limits.TRF_ROUNDS_MAX:
        where = columns.game_columns(limits.TRF_ROUNDS_MAX + 1)[0].first
        faults.add(at, where, f"There are more than {limits.TRF_ROUNDS_MAX} rounds.")
        return ()
    entries = [_entry(faults, at, line, number, round_) for round_ in range(1, rounds + 1)]
    while entries and entries[-1] == NOT_PAIRED:
        entries.pop()
    return tuple(entries)


def _entry(faults: Faults, at: int, line: str, number: int, round_: int) -> Entry:
    opponent_at, side_at, result_at = columns.game_columns(round_)
    opponent: int | None = NOBODY
    if opponent_at.of(line).strip("0"):
        opponent = whole(faults, at, line, opponent_at, limits.TRF_NUMBER_MAX)
    if opponent is None:
        return NOT_PAIRED
    side = _SIDES.get(side_at.of(line).lower())
    result = result_at.of(line).upper() or " "
    if opponent == number:
        faults.add(at, opponent_at.first, "This is the player itself.")
    elif side is None:
        faults.add(at, side_at.first, "This is w, b or -.")
    elif why := _odd_side(opponent, side, result):
        faults.add(at, side_at.first, why)
    elif why := _odd_result(opponent, result):
        faults.add(at, result_at.first, why)
    else:
        return Entry(opponent, side, result)
    return NOT_PAIRED


def _odd_side(opponent: int, side: Side, result: str) -> str | None:
    if not opponent and side != "-":
        return "Who has no opponent has no colour."
    if opponent and side == "-" and result not in "+-":
        return "Who plays has a colour: w or b."
    return None


def _odd_result(opponent: int, result: str) -> str | None:
    if result not in RESULTS:
        return "This is no result."
    if opponent and result in "HFUZ":
        return "Who has an opponent has no bye."
    if not opponent and result in "10WDL":
        return "Who has no opponent has no such result."
    return None
