"""Entrants with a tag in common are kept apart in the first round, by exchanging those who were drawn."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.tournament.engine.draw import draw
from actors.tournament.engine.tags import COMPARED_MAX, keep_apart
from actors.tournament.plays import FORMATS, groups_of, play_for
from actors.tournament.stage_seeds import start_exchanges
from protocol.codes import Code
from protocol.tournament.commands import (
    AddEntrants,
    NewEntrant,
    SetSeeds,
    SetTags,
    StartTournament,
)
from protocol.tournament.stage import Stage
from tests.unit.actors.tournament.cup import OWNER, REFEREE, Cup, P, draft, playing, refused
from tests.unit.actors.tournament.test_swiss import rounds, swiss

STAGES = {
    "single": Stage(),
    "double": Stage(format="double_elimination"),
    "groups": Stage(format="round_robin", groups=4),
    "swiss": Stage(format="swiss"),
}


def started(tags: list[tuple[str, ...]], stage: Stage | None = None, seeded: tuple[int, ...] = ()) -> Cup:
    """Entrants by name with these tags play it, these seeded by staff and the others drawn."""
    cup = draft(stages=(stage or Stage(),), entrants_max=max(40, len(tags)))
    new = [NewEntrant(name=f"N{n}", tags=some) for n, some in enumerate(tags, 1)]
    for at in range(0, len(new), 50):
        cup.done(AddEntrants, entrants=tuple(new[at : at + 50]))
    cup.done(SetSeeds, entrants=seeded)
    cup.done(StartTournament)
    cup.settle()
    return cup


def meet(cup: Cup) -> list[tuple[int, int]]:
    """Who meets whom in the first round; of a group, all who do."""
    stage = cup.cup.stages[0]
    if stage.settings.format == "swiss":
        return [two for two in rounds(cup)[0] if 0 not in two]
    play = play_for(stage.settings, stage.seeds)
    numbers = play.numbers() if play.groups > 1 else play.numbers(round_=1)
    sides = [play.first_sides(number) for number in numbers if play.spot(number).part != "losers"]
    return [(a, b) for a, b in sides if a and b]


def common(cup: Cup) -> int:
    entrants = cup.cup.entrants
    return sum(len({*entrants[a].tags} & {*entrants[b].tags}) for a, b in meet(cup))


@pytest.mark.parametrize("name", STAGES)
def test_those_with_a_tag_in_common_do_not_meet_in_the_first_round(name: str) -> None:
    """Four teams of four: that goes in any format."""
    teams = [(f"team-{n % 4}",) for n in range(16)]
    cup = started(teams, STAGES[name])
    assert common(cup) == 0
    assert sorted(cup.cup.seeds) == list(range(1, 17))
    assert cup.marks("started")["moved"]
    assert cup.row("tournament")["moved"] == [*cup.marks("started")["moved"]]
    assert cup.refolded() == (cup.cup, cup.rows)


def test_the_draw_can_still_be_checked() -> None:
    """By the number that was drawn from, and the exchanges that the event tells."""
    cup = started([(f"team-{n % 3}",) for n in range(12)], seeded=(5, 9))
    marks = cup.marks("started")
    order = [5, 9, *draw({*range(1, 13)} - {5, 9}, int(marks["draw"]))]
    for seed, other in zip(marks["moved"][::2], marks["moved"][1::2], strict=True):
        order[seed - 1], order[other - 1] = order[other - 1], order[seed - 1]
    assert tuple(order) == cup.cup.seeds


def test_seeds_that_staff_have_set_stay() -> None:
    seeded = tuple(range(1, 9))
    cup = started([("all",)] * 8, seeded=seeded)
    assert cup.cup.seeds == seeded
    assert "moved" not in cup.marks("started")


def test_without_tags_nothing_is_exchanged() -> None:
    assert "moved" not in started([()] * 8).marks("started")


@pytest.mark.parametrize("name", STAGES)
def test_where_everybody_has_a_tag_in_common_the_work_is_bounded(name: str) -> None:
    """No exchange helps, and only so many pairs are compared, however many entrants there are."""
    looked_at, stage = [0], msgspec.structs.replace(STAGES[name], groups=64 if name == "groups" else 1)
    meets = FORMATS[stage.format].meets(stage, 4096)

    def counted(_: int) -> frozenset[str]:
        looked_at[0] += 1
        return frozenset({"all"})

    order, moved = keep_apart(range(1, 4097), 0, meets, counted)
    assert (order, moved) == ([*range(1, 4097)], [])
    assert looked_at[0] <= 2 * COMPARED_MAX + 4 * 64


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.frozensets(st.sampled_from("abcd"), max_size=2), min_size=2, max_size=24),
    st.integers(0, 24),
    st.sampled_from([*STAGES]),
)
def test_whatever_the_tags_it_never_gets_worse(of: list[frozenset[str]], fixed: int, name: str) -> None:
    stage = STAGES[name]
    meets = FORMATS[stage.format].meets(stage, len(of))
    order = [*range(1, len(of) + 1)]

    def met(seeds: list[int]) -> int:
        return sum(
            len(of[seeds[seed - 1] - 1] & of[seeds[other - 1] - 1])
            for seed in range(1, len(of) + 1)
            for other in meets(seed)
        )

    found, moved = keep_apart(order, fixed, meets, lambda number: of[number - 1])
    assert sorted(found) == order
    assert found[:fixed] == order[:fixed]
    assert met(found) <= met(order)
    assert (met(found) < met(order)) is bool(moved)
    told = start_exchanges(found, [seed for two in moved for seed in two], order)
    for entrant, exchanges in told.items():
        assert exchanges[0].seed == entrant
        assert found[exchanges[-1].now - 1] == entrant


@pytest.mark.parametrize("name", STAGES)
def test_whom_a_seed_meets_is_what_the_format_says(name: str) -> None:
    stage = STAGES[name]
    for count in (2, 3, 5, 8, 11):
        cup = playing(
            count, stages=(stage,) if count >= 8 or name != "groups" else (Stage(),), entrants_max=40
        )
        stage_ = cup.cup.stages[0].settings
        meets = FORMATS[stage_.format].meets(stage_, count)
        pairs = {frozenset((seed, other)) for seed in range(1, count + 1) for other in meets(seed)}
        if groups_of(stage_, count) > 1:
            assert pairs == {frozenset(two) for two in meet(cup)}
        else:
            assert pairs == {frozenset(two) for two in meet(cup) if first_round(cup, two)}


def first_round(cup: Cup, two: tuple[int, int]) -> bool:
    """Whether neither of these had a bye before: those come to the next round at once."""
    stage = cup.cup.stages[0]
    if stage.settings.format == "swiss":
        return True
    size = 1 << (len(stage.seeds) - 1).bit_length()
    return sum(two) == size + 1


# --- tags --------------------------------------------------------------------------------------------------


def test_staff_give_tags_until_the_start() -> None:
    cup = draft()
    cup.done(AddEntrants, entrants=(NewEntrant(user=P[1], tags=("eu", "liquid")), NewEntrant(user=P[2])))
    assert cup.cup.entrants[1].tags == ("eu", "liquid")
    cup.done(SetTags, entrant=2, tags=("na",))
    cup.done(SetTags, entrant=1, tags=())
    assert [cup.row("tournament_entrant", n)["tags"] for n in (1, 2)] == [[], ["na"]]
    assert [cup.cup.entrants[n].tags for n in (1, 2)] == [(), ("na",)]
    refused(cup, cup.send(SetTags, OWNER, entrant=2, tags=("na", "na")), Code.INVALID, "tags")
    refused(cup, cup.send(SetTags, OWNER, entrant=3, tags=()), Code.NOT_FOUND, "entrant")
    refused(cup, cup.send(SetTags, REFEREE, entrant=2, tags=()), Code.FORBIDDEN)
    twice = (NewEntrant(user=P[3], tags=("a", "a")),)
    refused(cup, cup.send(AddEntrants, OWNER, entrants=twice), Code.INVALID, "entrants")
    cup.done(StartTournament)
    refused(cup, cup.send(SetTags, OWNER, entrant=2, tags=()), Code.WRONG_PHASE)
    assert cup.refolded() == (cup.cup, cup.rows)


def test_who_comes_late_has_tags_too() -> None:
    cup = playing(4, stages=swiss(rounds=3, late_rounds=1), entrants_max=40)
    cup.done(AddEntrants, entrants=(NewEntrant(user=P[5], tags=("eu",)),))
    assert cup.cup.entrants[5].tags == ("eu",)
