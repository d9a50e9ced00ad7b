"""The cluster's time on one node."""

from __future__ import annotations

from contextlib import AbstractContextManager

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from actors.cluster.clock import ClusterClock
from actors.kind import Instant
from tests.ports import TrioClock

DATABASE_MS = 1_800_000_000_000


class HandClock:
    """A base clock whose times the test sets; it waits for nothing."""

    def __init__(self) -> None:
        self.seconds = 100.0
        self.wall_ms = 5_000

    def now(self) -> Instant:
        return self.wall_ms

    def monotonic(self) -> float:
        return self.seconds

    async def sleep_until(self, monotonic: float) -> None:
        raise NotImplementedError

    def deadline(self, seconds: float) -> AbstractContextManager[trio.CancelScope]:
        raise NotImplementedError


def clock_at(base: HandClock, *, now: int = DATABASE_MS) -> ClusterClock:
    clock = ClusterClock(base, skew_max_s=1.0)
    clock.renewed(base.seconds, base.seconds, now)
    return clock


def test_before_the_first_renewal_it_is_the_base_clock_s_time() -> None:
    base = HandClock()
    clock = ClusterClock(base, skew_max_s=1.0)
    assert clock.now() == 5_000
    base.wall_ms = 4_000
    assert clock.now() == 4_000
    assert clock.skewed_s is None


def test_then_it_is_the_database_s_time_and_the_wall_clock_does_not_matter() -> None:
    base = HandClock()
    clock = clock_at(base)
    base.wall_ms = 0
    base.seconds += 2.5
    assert clock.now() == DATABASE_MS + 2_500
    assert clock.skewed_s is None


def test_the_database_s_time_is_that_of_the_middle_of_the_round_trip() -> None:
    base = HandClock()
    clock = ClusterClock(base, skew_max_s=1.0)
    clock.renewed(99.0, 100.0, DATABASE_MS)
    assert clock.now() == DATABASE_MS + 500


def test_of_several_measurements_the_one_with_the_shortest_round_trip_is_believed() -> None:
    base = HandClock()
    clock = clock_at(base)
    clock.renewed(100.0, 100.8, DATABASE_MS)  # read at its very beginning: 400 ms off
    assert clock.now() == DATABASE_MS
    for _ in range(8):
        clock.renewed(100.0, 100.2, DATABASE_MS + 300)
    assert clock.now() == DATABASE_MS + 200


def test_it_never_steps_back_within_what_it_follows() -> None:
    base = HandClock()
    clock = clock_at(base)
    assert clock.now() == DATABASE_MS
    for _ in range(8):
        clock.renewed(100.0, 100.0, DATABASE_MS - 300)
    assert clock.now() == DATABASE_MS
    base.seconds += 0.2
    assert clock.now() == DATABASE_MS
    base.seconds += 0.2
    assert clock.now() == DATABASE_MS + 100


@pytest.mark.parametrize("jump_ms", [1_500, -1_500, 86_400_000])
def test_a_jump_too_far_is_told_and_not_followed(jump_ms: int) -> None:
    base = HandClock()
    clock = clock_at(base)
    clock.renewed(100.0, 100.0, DATABASE_MS + jump_ms)
    assert clock.skewed_s == jump_ms / 1000
    assert clock.now() == DATABASE_MS
    clock.renewed(100.0, 100.0, DATABASE_MS + 10)
    assert clock.skewed_s is None


def measure(base: HandClock, clock: ClusterClock, step_ms: int, *, after_s: float) -> None:
    """A renewal after so long, when the database's clock was set by this in all."""
    base.seconds += after_s
    clock.renewed(base.seconds, base.seconds, DATABASE_MS + int((base.seconds - 100.0) * 1000) + step_ms)


@pytest.mark.parametrize("step_ms", [3_600_000, -3_600_000])
def test_a_step_that_stays_is_adopted_after_ten_seconds(step_ms: int) -> None:
    """It is the time of all nodes alike; not followed by any, all would stay unready until somebody restarts them."""
    base = HandClock()
    clock = clock_at(base)
    for _ in range(20):
        measure(base, clock, step_ms, after_s=0.5)
        assert clock.skewed_s == step_ms / 1000
    assert clock.now() == DATABASE_MS + 10_000
    measure(base, clock, step_ms, after_s=0.5)
    assert clock.skewed_s is None
    assert clock.now() == DATABASE_MS + 10_500 + step_ms
    measure(base, clock, step_ms, after_s=0.5)
    assert (clock.skewed_s, clock.now()) == (None, DATABASE_MS + 11_000 + step_ms)


def test_a_step_that_only_two_measurements_show_is_not_adopted() -> None:
    base = HandClock()
    clock = clock_at(base)
    measure(base, clock, 60_000, after_s=1.0)
    measure(base, clock, 60_000, after_s=30.0)
    assert clock.skewed_s == 60.0
    measure(base, clock, 60_000, after_s=1.0)
    assert clock.skewed_s is None


@pytest.mark.parametrize("other_ms", [0, 5_000])
def test_measurements_that_disagree_begin_anew(other_ms: int) -> None:
    base = HandClock()
    clock = clock_at(base)
    for _ in range(5):
        for _ in range(9):
            measure(base, clock, 60_000, after_s=1.0)
        measure(base, clock, other_ms, after_s=1.0)
    assert abs(clock.now() - (DATABASE_MS + 50_000)) < 1_000, "neither was followed"


def test_a_slow_round_trip_is_no_jump() -> None:
    base = HandClock()
    clock = clock_at(base)
    clock.renewed(100.0, 104.0, DATABASE_MS)  # 2 s off, all of it the round trip's
    assert clock.skewed_s is None
    assert clock.now() == DATABASE_MS


@given(
    steps=st.lists(
        st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(0.0, 1.0)), min_size=1, max_size=50
    )
)
def test_with_clocks_that_agree_it_goes_forward_and_is_off_by_half_the_longest_round_trip_at_most(
    steps: list[tuple[float, float, float]],
) -> None:
    base = HandClock()
    clock = ClusterClock(base, skew_max_s=0.5)
    told = 0
    for gap, round_trip, part in steps:
        begun = base.seconds + gap
        base.seconds = begun + round_trip
        clock.renewed(begun, base.seconds, DATABASE_MS + int((begun + part * round_trip) * 1000))
        assert clock.skewed_s is None
        assert told <= (told := clock.now())
        assert abs(told - (DATABASE_MS + base.seconds * 1000)) <= 500 + 2


async def test_waiting_is_the_base_clock_s(autojump_clock: trio.testing.MockClock) -> None:
    clock = ClusterClock(TrioClock(), skew_max_s=1.0)
    started = clock.monotonic()
    await clock.sleep_until(started + 3.0)
    assert clock.monotonic() == started + 3.0
    with clock.deadline(2.0) as scope:
        await trio.sleep_forever()
    assert scope.cancelled_caught
    assert clock.monotonic() == started + 5.0
