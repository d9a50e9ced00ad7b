"""Results of matches as flat numbers: what another process is sent, since thousands of objects take long to pickle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from actors.tournament.engine.standings.table import Kind, Result
from protocol.tournament import ResultKind

_KINDS: Final[tuple[ResultKind, ...]] = ("played", "decided", "forfeit", "double_forfeit", "bye")


def flat_result(
    number: int, a: int, b: int, winner: int, kind: ResultKind, scores: Sequence[int]
) -> tuple[int, ...]:
    """The numbers of one match; its own number is that within the stage."""
    return (number, a, b, winner, _KINDS.index(kind), len(scores), *scores)


def results_of(flat: Sequence[int]) -> list[Result]:
    """The results of many, one after the other."""
    found: list[Result] = []
    at = 0
    while at < len(flat):
        number, a, b, winner, kind, count = flat[at : at + 6]
        at += 6 + count
        scores = tuple(flat[at - count : at])
        found.append(Result(0, a, b, winner, cast(Kind, _KINDS[kind]), scores, number))
    return found


def pairs_of(flat: Sequence[int]) -> dict[int, int]:
    """Two numbers each."""
    return dict(zip(flat[::2], flat[1::2], strict=True))
