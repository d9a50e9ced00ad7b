"""Results of matches as flat numbers: what another process is sent, since thousands of objects take long to pickle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from actors.tournament.engine.standings.table import NOBODY, Kind, Result
from protocol.tournament import ResultKind

_HALF_BYE: Final = "half_bye"
_KINDS: Final[tuple[Kind, ...]] = ("played", "decided", "forfeit", "double_forfeit", "bye", _HALF_BYE)


def flat_result(
    number: int, a: int, b: int, winner: int, kind: ResultKind, scores: Sequence[int]
) -> tuple[int, ...]:
    """The numbers of one match; its own number is that within the stage."""
    return (number, a, b, winner, _KINDS.index(kind), len(scores), *scores)


def flat_half_byes(entrant: int, rounds: int) -> list[int]:
    """The numbers of the first so many rounds, which this entrant has missed and which are worth a draw to them."""
    kind = _KINDS.index(_HALF_BYE)
    return [part for round_ in range(1, rounds + 1) for part in (0, entrant, NOBODY, NOBODY, kind, 1, round_)]


def results_of(flat: Sequence[int]) -> list[Result]:
    """The results of many, one after the other: matches, whose rounds aren't told, and byes by their rounds."""
    found: list[Result] = []
    at = 0
    while at < len(flat):
        number, a, b, winner, kind, count = flat[at : at + 6]
        at += 6 + count
        scores = tuple(flat[at - count : at])
        if _KINDS[kind] == _HALF_BYE:
            found.append(Result(scores[0], a, NOBODY, NOBODY, _HALF_BYE))
        else:
            found.append(Result(0, a, b, winner, _KINDS[kind], scores, number))
    return found


def pairs_of(flat: Sequence[int]) -> dict[int, int]:
    """Two numbers each."""
    return dict(zip(flat[::2], flat[1::2], strict=True))
