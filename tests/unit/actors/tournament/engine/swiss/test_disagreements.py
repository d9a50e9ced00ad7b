"""Rounds that caissify-pairings 0.5.0 pairs otherwise, all of them late in their tournaments: see docs/adr/0037.

In each, the first bracket that differs shows which pairing the rules prefer: fewer players float down from ours (C6),
of lower scores (C7), or it leaves the following bracket more pairs (C8).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

import msgspec
import pytest
from msgspec import Struct

from actors.tournament.engine.swiss.history import players
from actors.tournament.engine.swiss.model import Game, Options, Round
from actors.tournament.engine.swiss.pairing import pair

Pair = tuple[int, int]


class Case(Struct):
    """A round, with our pairs and theirs."""

    entrants: int
    rounds_in_all: int
    absent: list[int]
    ours: list[Pair]
    theirs: list[Pair]
    rounds: list[list[tuple[int, int, int, int, bool]]]

    @property
    def games(self) -> list[list[Game]]:
        """The rounds before."""
        return [[Game(*game) for game in games] for games in self.rounds]


CASES = msgspec.json.decode(
    Path(__file__).with_name("disagreements.json").read_bytes(), type=list[Case], strict=False
)


def floats(case: Case, pairs: Iterable[Pair]) -> Iterator[list[int]]:
    """For each bracket from the top, the scores of those who aren't paired in it, the highest first."""
    known = players(range(1, case.entrants + 1), case.games, Options())
    here = sorted((n for n in known if n not in case.absent), key=lambda n: -known[n].score)
    partner = {a: b for pair in pairs for a, b in (pair, pair[::-1])}
    left: list[int] = []
    for _, group in groupby(here, key=lambda n: known[n].score):
        left += group
        left = [number for number in left if partner.get(number) not in left]
        yield [known[number].score for number in left]


def better(mine: list[list[int]], others: list[list[int]]) -> bool:
    """Whether the first bracket that differs is better: by its own floats, or else by those of the next one."""
    at = next(at for at, (one, other) in enumerate(zip(mine, others, strict=True)) if one != other)
    return (len(mine[at]), mine[at]) < (len(others[at]), others[at])


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_the_rules_prefer_our_pairing(case: Case) -> None:
    options = Options(rounds=case.rounds_in_all)
    result = pair(range(1, case.entrants + 1), case.games, options, case.absent)
    assert isinstance(result, Round)
    assert result.pairs == tuple(case.ours)
    assert better(list(floats(case, case.ours)), list(floats(case, case.theirs)))
