"""Why entrants have their seeds in a next stage agrees with how the stage before has seeded them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from actors.tournament.engine.elimination_play import EliminationPlay
from actors.tournament.flat_results import flat_result
from actors.tournament.plays import play_for
from actors.tournament.stage_ends import stage_end
from actors.tournament.stage_seeds import SeedReason, seed_reasons
from gatherup.features.tournaments.explaining_seeds import seed_of
from protocol.tournament.stage import Stage, stages_text

GROUPS = Stage(format="round_robin", groups=4, advance=2)
CUP = Stage()


def ended(
    stage: Stage, following: Stage, count: int, gone: Sequence[int] = ()
) -> tuple[list[int], dict[int, SeedReason]]:
    """The seeds of the next stage after one in which the better seed wins, and why, as it is worked out again."""
    seeds, text = range(1, count + 1), stages_text((stage, following))
    play, flat, met = play_for(stage, seeds), list[int](), list[int]()
    for number in range(1, len(play) + 1):
        a, b = play.first_sides(number)
        assert a and b
        flat += flat_result(number, a, b, min(a, b), "played", (1, 0) if a < b else (0, 1))
        met += (a, b)
    entrants, places, following_seeds = stage_end(text, seeds, (), flat, [], gone)
    reasons = seed_reasons(text, seeds, entrants, places, met, following_seeds)
    assert [reason.entrant for reason in reasons] == following_seeds
    return following_seeds, {reason.entrant: reason for reason in reasons}


def test_who_is_kept_apart_from_their_group_is_told_with_whom_they_changed_places() -> None:
    seeds, reasons = ended(GROUPS, CUP, 16)
    moved = [entrant for entrant in seeds if reasons[entrant].exchanged]
    assert moved
    for entrant in moved:
        reason = reasons[entrant]
        assert {one.why for one in reason.exchanged} == {"same_group"}
        assert reason.exchanged[-1].now == seeds.index(entrant) + 1
        for one in reason.exchanged:
            (same,) = (other for other in reasons[one.other].exchanged if other.other == entrant)
            assert (same.seed, same.now, same.parts) == (one.now, one.seed, one.parts)
    told = seed_of(seeds, seeds.index(moved[0]) + 1, 1, reasons[moved[0]])
    first = reasons[moved[0]].exchanged[0]
    assert told.exchanges[0].sentence == (
        f"Entrant {moved[0]} with seed {first.seed} and entrant {first.other} with seed {first.now} changed places,"
        f" so that those who come from group {first.group} are in different"
        f" { {2: 'halves', 4: 'quarters'}[first.parts] } of the bracket."
    )
    assert told.sentence.startswith(
        f"Entrant {moved[0]} went on as number {reasons[moved[0]].place} of group {reasons[moved[0]].group} of the"
        f" stage before, which makes seed {first.seed}."
    )


def test_a_rematch_is_told_with_the_two_who_have_met() -> None:
    one_group = Stage(format="round_robin", advance=4)
    # Everybody has met everybody: no exchange would help, so none is made.
    seeds, reasons = ended(one_group, CUP, 5)
    assert seeds == [1, 2, 3, 4] and not any(reason.exchanged for reason in reasons.values())
    text = stages_text((Stage(format="swiss", advance=4), CUP))
    entrants, places = [1, 2, 3, 4, 5], [0, 0, 0, 0, 5]
    found = seed_reasons(text, entrants, entrants, places, [1, 4, 2, 5], [3, 4])
    (fourth,) = next(reason for reason in found if reason.entrant == 4).exchanged
    (third,) = next(reason for reason in found if reason.entrant == 3).exchanged
    assert (fourth.seed, fourth.now, fourth.other, fourth.why, fourth.kept_apart) == (
        4,
        3,
        3,
        "rematch",
        (1, 4),
    )
    assert third.kept_apart == (1, 4)
    told = seed_of([1, 2, 4, 3], 3, 1, next(reason for reason in found if reason.entrant == 4))
    assert told.exchanges[0].kept_apart == [1, 4]
    assert told.sentence == (
        "Entrant 4 went on as number 4 of group 1 of the stage before, which makes seed 4. Entrant 4 with seed 4 and"
        " entrant 3 with seed 3 changed places, since entrants 1 and 4 would have met again in the first round."
    )


def test_who_comes_from_one_group_is_dealt_to_different_groups() -> None:
    again = Stage(format="round_robin", groups=4)
    seeds, reasons = ended(Stage(format="round_robin", groups=4, advance=3), again, 16)
    moved = next(entrant for entrant in seeds if reasons[entrant].exchanged)
    told = seed_of(seeds, seeds.index(moved) + 1, 4, reasons[moved])
    assert " are in different groups." in told.sentence
    assert told.sentence.endswith(f"The snake deals seed {told.seed} to group {told.group} of 4.")


def test_who_has_left_counts_no_more_among_those_who_go_on() -> None:
    _, reasons = ended(GROUPS, CUP, 16, gone=[1])
    assert 1 not in reasons and reasons[8].place == 1  # of the group of 1, 8, 9 and 16
    assert reasons[9].place == 2


@pytest.mark.parametrize("count", [4, 7])
def test_a_bracket_is_a_stage_before_too(count: int) -> None:
    bracket = Stage(advance=2)
    play = play_for(bracket, range(1, count + 1))
    assert isinstance(play, EliminationPlay)
    text = stages_text((bracket, Stage(format="round_robin")))
    entrants = [1, 2, *range(3, count + 1)]
    places = [0, 0, *range(3, count + 1)]
    reasons = seed_reasons(text, range(1, count + 1), entrants, places, [], [2])
    assert [(one.entrant, one.group, one.place, one.exchanged) for one in reasons] == [(2, 1, 2, ())]
