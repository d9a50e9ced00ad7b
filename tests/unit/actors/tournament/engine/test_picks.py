"""Picks and bans: the steps of a preset, what can be chosen, and what is chosen for who says nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.tournament.engine.draw import splitmix64
from actors.tournament.engine.picks import (
    BEGINS,
    Played,
    by_lot,
    choices,
    played,
    preset,
    step_of,
    unfit,
)


def test_best_of_three_out_of_seven_is_the_order_of_the_majors() -> None:
    assert preset(3, 7) == (
        "ban a",
        "ban b",
        "pick a",
        "side b",
        "pick b",
        "side a",
        "ban b",
        "ban a",
        "decider",
        "side b",
    )


def test_best_of_one_bans_all_but_one_in_turn() -> None:
    assert preset(1, 4) == ("ban a", "ban b", "ban a", "decider", "side b")
    assert preset(1, 1) == ("decider", "side a")


def test_best_of_five_picks_all_but_the_last() -> None:
    assert preset(5, 7) == (
        *("ban a", "ban b"),
        *("pick a", "side b", "pick b", "side a", "pick a", "side b", "pick b", "side a"),
        *("decider", "side a"),
    )


@given(st.sampled_from([1, 3, 5, 7, 9]), st.integers(0, 7))
def test_every_preset_fits_and_leaves_one_for_the_decider(best_of: int, more: int) -> None:
    steps = preset(best_of, best_of + more)
    assert unfit(steps, best_of + more, best_of) is None
    acts = [step_of(word).act for word in steps]
    assert (acts.count("ban"), acts.count("pick"), acts.count("decider")) == (more, best_of - 1, 1)
    assert acts.count("side") == best_of
    turns = [step_of(word).side for word in steps if step_of(word).act in ("ban", "pick")]
    assert abs(turns.count(0) - turns.count(1)) <= 1


@pytest.mark.parametrize(
    ("steps", "pool", "best_of"),
    [
        (("ban a", "decider"), 1, 1),
        (("pick a", "pick b"), 3, 3),
        (("ban a",), 3, 1),
        (("side a", "decider"), 3, 1),
        (("decider", "side a", "side b"), 3, 1),
        (("decider", "ban a", "ban b", "ban a"), 3, 1),
        ((), 3, 1),
    ],
)
def test_steps_that_choose_nothing_fit_no_match(steps: tuple[str, ...], pool: int, best_of: int) -> None:
    assert unfit(steps, pool, best_of)


def test_what_was_taken_cannot_be_taken_again() -> None:
    steps = preset(3, 7)
    assert choices(steps, 7, ()) == (1, 2, 3, 4, 5, 6, 7)
    assert choices(steps, 7, (6, 3, 5)) == BEGINS
    assert choices(steps, 7, (6, 3, 5, 1)) == (1, 2, 4, 7)


def test_the_games_stand_in_the_order_of_play() -> None:
    made = (6, 3, 5, 1, 7, 2, 2, 1, 4, 2)
    assert played(preset(3, 7), made) == (Played(5, 0, 1), Played(7, 1, 1), Played(4, None, 0))
    assert played(preset(3, 7), made[:3]) == (Played(5, 0, None),)


def test_lots_follow_from_the_draw() -> None:
    among = (3, 5, 8, 9)
    assert by_lot(among, 5, 3, 2) == among[next(splitmix64(5 + 64 * 3 + 2)) % 4]
    drawn = {by_lot(among, 2**64 - 1, match, step) for match in range(1, 5) for step in range(1, 11)}
    assert drawn == set(among)


@given(st.integers(0, 2**64 - 1), st.sampled_from([1, 3, 5]), st.integers(0, 4), st.integers(1, 8191))
def test_if_nobody_chooses_the_games_are_different_ones_all_the_same(
    draw: int, best_of: int, more: int, match: int
) -> None:
    pool = best_of + more
    steps = preset(best_of, pool)
    made: list[int] = []
    for step in range(1, len(steps) + 1):
        made.append(by_lot(choices(steps, pool, made), draw, match, step))
    games = [game for game, _, _ in played(steps, made)]
    assert len(games) == len(set(games)) == best_of
    assert set(games) <= set(range(1, pool + 1))
