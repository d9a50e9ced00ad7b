"""A bucket never gives more than its rate, never less, and its waits are true."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.limiting.rate_limit import Rate, TokenBucket

RATES = st.builds(Rate, st.floats(0.01, 10_000), st.floats(1, 10_000))
STARTS = st.floats(0, 1e7)
PAUSES = st.lists(st.floats(0, 100), max_size=60)


def test_a_burst_then_the_rate() -> None:
    bucket = TokenBucket(Rate(per_s=2.0, burst=3.0))
    assert [bucket.take(10.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert bucket.take(10.0) == pytest.approx(0.5)
    assert bucket.take(10.4) == pytest.approx(0.1)
    assert bucket.take(10.5) == 0.0
    assert bucket.take(10.5) == pytest.approx(0.5)
    assert [bucket.take(100.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert bucket.take(100.0) > 0


@given(RATES, STARTS, PAUSES)
def test_never_more_than_the_rate(rate: Rate, start: float, pauses: list[float]) -> None:
    bucket, now, taken = TokenBucket(rate), start, [start][:0]
    for pause in pauses:
        now += pause
        taken += [now for _ in range(20) if bucket.take(now) == 0.0]
    for i, begin in enumerate(taken):
        for j in range(i, len(taken)):
            allowed = rate.burst + rate.per_s * (taken[j] - begin + 2e-6)
            assert j - i + 1 <= allowed * (1 + 1e-6) + 1e-6


@given(RATES, STARTS, PAUSES)
def test_who_waits_as_told_gets_one(rate: Rate, start: float, pauses: list[float]) -> None:
    bucket, now = TokenBucket(rate), start
    for pause in pauses:
        now += pause
        wait = bucket.take(now)
        assert 0 <= wait <= 1 / rate.per_s + 1e-6
        if wait:
            now += wait
            assert bucket.take(now) == 0.0


@given(RATES, STARTS, st.integers(1, 50))
def test_a_refusal_takes_nothing(rate: Rate, start: float, refusals: int) -> None:
    asked, left_alone = TokenBucket(rate), TokenBucket(rate)
    for _ in range(10_001):
        if (wait := asked.take(start)) > 0:
            break
        left_alone.take(start)
    else:
        pytest.fail("the burst has no end")
    for _ in range(refusals):
        assert asked.take(start) == wait
    assert asked.take(start + wait) == left_alone.take(start + wait) == 0.0


@given(RATES, STARTS)
def test_a_new_bucket_is_full(rate: Rate, start: float) -> None:
    bucket = TokenBucket(rate)
    assert all(bucket.take(start) == 0.0 for _ in range(int(rate.burst)))
