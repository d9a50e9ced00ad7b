"""The simulation as part of the suite: many seeds hold, every deliberate bug is caught, a seed replays exactly."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sim.caught_by import caught_by
from tests.sim.conftest import LAST_LINE
from tests.sim.run import VARIANT_SEEDS, first_failure, pool, run_many
from tests.sim.variants import VARIANTS

SEEDS = 1000
BUDGET_S = 120.0
"""Of real time; then no further seed is begun, unless fewer than SEEDS_MIN were."""
SEEDS_MIN = 100
"""Fewer prove too little."""

pytestmark = [pytest.mark.sim, pytest.mark.slow]


def test_the_promises_hold_in_many_histories(request: pytest.FixtureRequest) -> None:
    failed, totals = run_many(range(SEEDS), budget_s=BUDGET_S, at_least=SEEDS_MIN)
    assert not failed, "\n".join(
        f"make sim SEEDS=1 SEED_BASE={result.seed}: {result.violation}" for result in failed[:5]
    )
    seeds = totals["seeds"]
    fewer = "" if seeds == SEEDS else f": there was no time for {SEEDS - seeds} more"
    request.config.stash[LAST_LINE] = f"{seeds} of {SEEDS} simulated clusters held{fewer}"
    # A simulation that never meets the hard cases proves nothing about them.
    for what in (
        "events",
        "snapshots",
        "replays",
        "unread rooms",
        "present",
        "revocations",
        "logouts",
        "inbox items",
        "signals",
        "unknown replies",
        "slow readers",
        "frames lost",
        "holes",
        "repairs",
        "reregistrations",
        "resent calls",
    ):
        assert totals[what] > seeds / 20, f"hardly any {what}: {totals}"
    assert totals["nodes"] > 2 * seeds
    assert totals["lives"] > 2 * totals["nodes"]


@pytest.fixture(scope="module")
def workers() -> Iterator[Any]:
    with pool() as running:
        yield running


@pytest.mark.parametrize("variant", sorted(VARIANTS))
def test_a_deliberate_bug_is_caught(variant: str, workers: Any) -> None:
    result = first_failure(workers, range(VARIANT_SEEDS), variant, hint=caught_by().get(variant))
    assert result is not None, f"{variant} passed {VARIANT_SEEDS} seeds"
    assert result.violation is not None
    assert result.violation.startswith("promise"), result.violation


@pytest.mark.parametrize("seed", [42, 43])
def test_a_seed_is_the_same_history_in_every_process(seed: int) -> None:
    def trace() -> bytes:
        command = [sys.executable, "-m", "tests.sim.run", "--seeds", "1", "--base", str(seed), "--trace"]
        return subprocess.run(command, capture_output=True, check=True, timeout=120).stdout

    first = trace()
    assert first.count(b"\n") > 100
    assert trace() == first
