"""The simulation as part of the suite: many seeds hold, every deliberate bug is caught, a seed replays exactly."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.sim.run import first_failure, run_many
from tests.sim.variants import VARIANTS

SEEDS = 500
VARIANT_SEEDS = 300
"""A broken variant must be caught within so many seeds."""

pytestmark = [pytest.mark.sim, pytest.mark.slow]


def test_the_promises_hold_in_many_histories() -> None:
    failed, totals = run_many(range(SEEDS))
    assert totals["seeds"] == SEEDS
    assert not failed, "\n".join(
        f"make sim SEEDS=1 SEED_BASE={result.seed}: {result.violation}" for result in failed[:5]
    )
    # A simulation that never meets the hard cases proves nothing about them.
    for what in ("snapshots", "replays", "revocations", "unknown replies", "slow readers", "events"):
        assert totals[what] > SEEDS / 10, f"hardly any {what}: {totals}"
    assert totals["lives"] > 2 * SEEDS


@pytest.mark.parametrize("variant", sorted(VARIANTS))
def test_a_deliberate_bug_is_caught(variant: str) -> None:
    result = first_failure(range(VARIANT_SEEDS), variant)
    assert result is not None, f"{variant} passed {VARIANT_SEEDS} seeds"
    assert result.violation is not None
    assert result.violation.startswith("promise"), result.violation


def test_a_seed_is_the_same_history_in_every_process() -> None:
    def trace() -> bytes:
        command = [sys.executable, "-m", "tests.sim.run", "--seeds", "1", "--base", "42", "--trace"]
        return subprocess.run(command, capture_output=True, check=True, timeout=120).stdout

    first = trace()
    assert first.count(b"\n") > 100
    assert trace() == first
