"""The brackets are the published ones, and who met is kept apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from actors.tournament.engine.beginning import first_slot
from actors.tournament.engine.elimination import Bracket, Slot, double, single
from tests.unit.actors.tournament.engine.playing import all_of

ALL_SIZES = [2**power for power in range(1, 13)]


def every_bracket() -> Iterator[Bracket]:
    for size in ALL_SIZES:
        for option in (False, True):
            yield single(size, third_place=option)
            yield double(size, reset=option)


def onward(bracket: Bracket, slot: Slot | None) -> list[int]:
    """The matches that one who wins from there on plays."""
    found: list[int] = []
    while slot is not None:
        found.append(slot.match)
        slot = bracket[slot.match].winner_to
    return found


def losers_of(bracket: Bracket, round_: int) -> list[int]:
    """Where the losers of a round of the winners' bracket go, from the top down."""
    return [
        match.loser_to.match
        for match in all_of(bracket)
        if match.part == "winners" and match.round == round_ and match.loser_to
    ]


def first_rematch(bracket: Bracket) -> int:
    """The first round of the losers' bracket in which two can be who met in the winners' bracket: one lost there, the
    other in any match after it; then they win until they meet."""
    found: list[int] = []
    for match in all_of(bracket):
        if match.part != "winners":
            continue
        earlier = onward(bracket, match.loser_to)
        for number in onward(bracket, match.winner_to):
            if bracket[number].part == "winners":
                later = onward(bracket, bracket[number].loser_to)
                meeting = bracket[next(number for number in later if number in earlier)]
                found += [meeting.round] if meeting.part == "losers" else []
    return min(found)


@pytest.mark.parametrize(("size", "round_"), [(8, 3), (16, 4), (32, 5), (64, 7), (128, 8)])
def test_nobody_who_met_can_meet_again_before(size: int, round_: int) -> None:
    assert first_rematch(double(size)) == round_


def test_each_side_is_led_to_once_by_a_match_before_it() -> None:
    for bracket in every_bracket():
        led = Counter(first_slot(bracket, bracket.size, seed) for seed in range(1, bracket.size + 1))
        for number, match in enumerate(all_of(bracket), 1):
            slots = [slot for slot in (match.winner_to, match.loser_to) if slot]
            assert all(slot.match > number for slot in slots)
            led.update(slots)
        assert led == Counter(Slot(number, side) for number in range(1, len(bracket) + 1) for side in (0, 1))


@pytest.mark.parametrize("size", ALL_SIZES)
def test_there_are_as_many_matches_as_entrants_must_lose(size: int) -> None:
    assert len(single(size)) == size - 1
    assert len(single(size, third_place=True)) == (size if size > 2 else 1)
    assert len(double(size, reset=False)) == 2 * size - 2
    assert len(double(size)) == 2 * size - 1


def test_the_drops_of_eight() -> None:
    # Natural, reverse, natural: the default of brackets-manager.js for 8 (src/ordering.ts).
    bracket = double(8)
    assert losers_of(bracket, 1) == [7, 7, 8, 8]
    assert losers_of(bracket, 2) == [10, 9]
    assert losers_of(bracket, 3) == [13]


def test_the_drops_of_sixteen() -> None:
    # Losers of the second round cross to the other half, those of the third stay in theirs: "Double Elim Guide"
    # (https://pastebin.com/k8zziqHD), from its round of 16 on.
    bracket = double(16)
    assert losers_of(bracket, 1) == [13, 13, 14, 14, 15, 15, 16, 16]
    assert losers_of(bracket, 2) == [19, 20, 17, 18]
    assert losers_of(bracket, 3) == [25, 26]
    assert losers_of(bracket, 4) == [29]


def test_rounds_come_in_the_order_of_play() -> None:
    rounds = [(match.part, match.round) for match in all_of(double(8))]
    assert list(Counter(rounds).items()) == [
        (("winners", 1), 4),
        (("winners", 2), 2),
        (("losers", 1), 2),
        (("losers", 2), 2),
        (("winners", 3), 1),
        (("losers", 3), 1),
        (("losers", 4), 1),
        (("final", 1), 1),
        (("reset", 1), 1),
    ]


def test_counts_up_to_a_power_of_two_have_one_bracket() -> None:
    assert double(5) == double(8)
    assert single(3, third_place=True) == single(4, third_place=True)
    assert single(2, third_place=True) == single(2)


def test_the_round_of_a_match_is_told_without_the_rest() -> None:
    for bracket in every_bracket():
        for number, match in enumerate(all_of(bracket), 1):
            assert bracket.round_of(number) == (match.part, match.round)
        told = {number: of for of, numbers in bracket.rounds().items() for number in numbers}
        assert [*told] == [*range(1, len(bracket) + 1)]
        assert [*told.values()] == [(match.part, match.round) for match in all_of(bracket)]


def test_there_is_no_match_beyond_the_last() -> None:
    for bracket in every_bracket():
        for number in (-1, 0, len(bracket) + 1):
            with pytest.raises(IndexError):
                bracket[number]


@pytest.mark.parametrize("entrants", [1, 0, -5])
def test_one_alone_has_no_bracket(entrants: int) -> None:
    with pytest.raises(ValueError, match="two entrants"):
        single(entrants)
    with pytest.raises(ValueError, match="two entrants"):
        double(entrants)
