"""Token buckets by key, in a bounded table."""

from __future__ import annotations

import pytest

from actors.limiting.rate_limit import Rate
from gatherup.clock import SystemClock
from gatherup.http.problem import ProblemError
from gatherup.http.throttle import Throttle
from protocol.codes import Code


class StoppedClock(SystemClock):
    """Monotonic time that a test moves."""

    at_s = 0.0

    def monotonic(self) -> float:
        return self.at_s


def test_each_key_has_its_burst_and_learns_how_long_to_wait() -> None:
    clock = StoppedClock()
    throttle = Throttle(clock, Rate(2.0, 3.0), keys_max=10)
    assert [throttle.take("a") for _ in range(3)] == [0, 0, 0]
    assert throttle.take("a") == pytest.approx(0.5)
    assert throttle.take("b") == 0
    clock.at_s += 0.5
    assert throttle.take("a") == 0
    assert throttle.take("a") > 0


def test_the_table_is_bounded_and_forgets_who_was_unseen_longest() -> None:
    throttle = Throttle(StoppedClock(), Rate(1.0, 1.0), keys_max=2)
    assert throttle.take("a") == 0
    assert throttle.take("b") == 0
    assert throttle.take("a") > 0  # seen again: b is the oldest now
    assert throttle.take("c") == 0
    assert len(throttle) == 2
    assert throttle.take("a") > 0
    assert throttle.take("b") == 0  # forgotten, so it begins anew


def test_whoever_has_no_token_is_told_the_longest_wait() -> None:
    throttle = Throttle(StoppedClock(), Rate(2.0, 2.0), keys_max=10)
    throttle.admit("a", "b")
    throttle.admit("a")
    with pytest.raises(ProblemError) as refused:
        throttle.admit("a", "b")
    assert (refused.value.code, refused.value.retry_after_s) == (Code.RATE_LIMITED, pytest.approx(0.5))
    with pytest.raises(ProblemError):
        throttle.admit("b")
