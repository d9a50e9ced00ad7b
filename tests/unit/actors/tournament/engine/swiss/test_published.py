"""A paired round is the same when it has been flat numbers, and the largest one fits an event."""

from __future__ import annotations

import random

import msgspec
import pytest

from actors.tournament.engine.swiss.model import Impossible, Options, Round, Why
from actors.tournament.engine.swiss.published import (
    bye_in,
    matches_in,
    pairs_in,
    published,
    reason_in,
)
from protocol import limits
from tests.unit.actors.tournament.engine.swiss.swisses import Rates, played


@pytest.mark.parametrize("count", [2, 3, 8, 9, 33])
def test_a_round_comes_back_from_its_numbers_with_its_reasons(count: int) -> None:
    lot = random.Random(count)
    given = Rates(forfeit=0.1, withdraws=0.05, bye_asked=0.1)
    seen: set[str | None] = set()
    for one in played(lot, range(1, count + 1), Options(rounds=count - 1, rematch=True), given):
        assert not isinstance(one.result, Impossible)
        pairs, reasons = published(one.result)
        assert (tuple(pairs_in(pairs)), bye_in(pairs)) == one.result[:2]
        assert matches_in(pairs) == len(one.result.pairs)
        back = tuple(reason_in(pairs, reasons, index) for index in range(len(one.result.reasons)))
        assert back == one.result.reasons
        seen |= {why.because for why in back}
    assert count < 33 or len(seen) > 4


def test_a_round_of_nobody_is_empty() -> None:
    pairs, reasons = published(Round((), 0, ()))
    assert (pairs, reasons, matches_in(pairs), bye_in(pairs), list(pairs_in(pairs))) == ((), (), 0, 0, [])


def test_the_largest_round_with_its_reasons_is_smaller_than_an_event_may_be() -> None:
    last = limits.TOURNAMENT_ENTRIES_MAX
    pairs = tuple((number, number - 1) for number in range(last, last - limits.TOURNAMENT_ENTRANTS_MAX, -2))
    why = Why(200, last, exchanged=True, expected=last, because="others", rematch=True)
    reasons = tuple(why._replace(floats=a) for a, _ in pairs)
    flat = published(Round(pairs, 0, reasons))
    assert matches_in(flat.pairs) == 2048
    assert reason_in(flat.pairs, flat.reasons, 2047) == reasons[-1]
    assert len(msgspec.msgpack.encode(flat)) < limits.PAYLOAD_BYTES_MAX
