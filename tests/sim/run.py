"""Run seeds: ``python -m tests.sim.run --seeds 500 --base 0``; one seed prints its trace.

Each seed is one history of a cluster of one to four nodes (see ``trouble`` for what happens to it) and of clients
that connect, post, drop, resume elsewhere and repeat. The checkers hold what they saw against what was committed.
The same seed gives the same history, byte for byte.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import sys
import time
from collections import Counter
from contextlib import nullcontext
from functools import partial
from math import inf
from typing import Any

from msgspec import Struct

from tests.sim.history import Violation
from tests.sim.schedule import run_seeded
from tests.sim.simulation import Simulation
from tests.sim.variants import VARIANTS

VARIANT_SEEDS = 600
"""A deliberate bug must be caught within so many seeds."""
AT_ONCE = 8
"""Seeds that are begun before it is looked whether one of them failed."""


class Result(Struct):
    """One seed's outcome."""

    seed: int
    violation: str | None
    trace: list[str]
    counts: dict[str, int]


def run_seed(seed: int, variant: str | None = None) -> Result:
    """One seed, with the code as it is or with one deliberate bug."""
    logging.disable(logging.CRITICAL)
    violation = None
    with VARIANTS[variant]() if variant is not None else nullcontext():
        simulation = Simulation(seed)
        try:
            run_seeded(seed, simulation.run)
        except (BaseExceptionGroup, Violation) as error:
            violation = _say(error)
    return Result(seed, violation, simulation.history.trace, simulation.counts)


def _say(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        violations = [e for e in error.exceptions if not isinstance(e, Violation)]
        error = violations[0] if violations else error.exceptions[0]
    if isinstance(error, Violation):
        return str(error)
    import traceback

    return "crash: " + "".join(traceback.format_exception(error))


def pool(jobs: int | None = None) -> Any:
    """Fresh processes that hash strings alike: the order of a set is part of a history."""
    os.environ["PYTHONHASHSEED"] = "0"
    return multiprocessing.get_context("spawn").Pool(jobs or os.cpu_count())


def run_many(
    seeds: range, variant: str | None = None, budget_s: float = inf, at_least: int = 0
) -> tuple[list[Result], Counter[str]]:
    """Seeds over all cores, as many as the budget of real time allows, but so many in any case: the failed ones, and
    what was covered.
    """
    totals: Counter[str] = Counter()
    failed: list[Result] = []
    until = time.monotonic() + budget_s
    with pool() as workers:
        results = workers.imap_unordered(partial(run_seed, variant=variant), seeds)
        for done, result in enumerate(results, 1):
            totals.update(result.counts)
            if result.violation:
                failed.append(result)
            if done >= at_least and time.monotonic() > until:
                break
    return sorted(failed, key=lambda result: result.seed), totals


def first_failure(workers: Any, seeds: range, variant: str, hint: int | None = None) -> Result | None:
    """A seed that catches this deliberate bug: the hint, or else the first; not many more are begun."""
    if hint is not None and (result := workers.apply(run_seed, (hint, variant))).violation:
        return result
    for at in range(seeds.start, seeds.stop, AT_ONCE):
        some = range(at, min(at + AT_ONCE, seeds.stop))
        results = workers.imap_unordered(partial(run_seed, variant=variant), some)
        caught = [result for result in results if result.violation]
        if caught:
            return min(caught, key=lambda result: result.seed)
    return None


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=500)
    parser.add_argument("--base", type=int, default=0)
    parser.add_argument("--variant", choices=sorted(VARIANTS))
    parser.add_argument("--trace", action="store_true", help="print the whole history of one seed")
    options = parser.parse_args()
    seeds = range(options.base, options.base + options.seeds)
    if options.seeds == 1:
        with pool(1) as workers:
            result = workers.apply(run_seed, (options.base, options.variant))
        if options.trace or result.violation:
            print("\n".join(result.trace))
        print(result.violation or f"seed {result.seed} held: {result.counts}")
        return 1 if result.violation else 0
    failed, totals = run_many(seeds, options.variant)
    print(", ".join(f"{n} {what}" for what, n in totals.items()))
    for result in failed[:10]:
        print(f"seed {result.seed}: {result.violation}")
        print(f"  replay: make sim SEEDS=1 SEED_BASE={result.seed}")
    print(f"{totals['seeds'] - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
