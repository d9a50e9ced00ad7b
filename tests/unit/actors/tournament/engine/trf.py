"""Results as chess programs write them down, for worked examples that others have published."""

from __future__ import annotations

from typing import Final

from actors.tournament.engine.standings.table import Kind, Result, Rules, Table

_BYES: Final[dict[str, Kind]] = {"U": "bye", "F": "bye", "H": "half_bye", "Z": "zero_bye"}


def table_of(text: str, rules: Rules) -> Table:
    """Lines of a number and its rounds, each an opponent, a side and a result as in the TRF of FIDE: ``7 w 1``.

    The order of lines isn't that of seeds: numbers are.
    """
    cards = {int(line.split(":")[0]): line.split(":")[1].split(",") for line in text.strip().splitlines()}
    results: list[Result] = []
    for entrant, rounds in cards.items():
        for number, turn in enumerate(rounds, 1):
            opponent, side, mark = turn.split()
            if mark in _BYES:
                results.append(Result(number, entrant, 0, 0, _BYES[mark]))
            elif side == "w":
                other = cards[int(opponent)][number - 1].split()[2]
                results.append(_match(number, entrant, int(opponent), mark, other))
    return Table(
        rules=rules,
        entrants=sorted(cards),
        results=results,
        rounds_done=max(map(len, cards.values())),
    )


def _match(number: int, a: int, b: int, mark: str, other: str) -> Result:
    winner = {"1": a, "0": b, "=": 0, "+": a, "-": b}[mark]
    if mark in "+-":
        both = mark == other == "-"
        return Result(number, a, b, 0 if both else winner, "double_forfeit" if both else "forfeit")
    return Result(number, a, b, winner, "played")
