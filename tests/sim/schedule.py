"""A seeded run: Trio's schedule, its clock, and small limits, so that a short history meets every edge."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import trio
import trio.testing

from actors.cluster import calls, outgoing, showing
from actors.presence import roster
from actors.relay import ring, signals
from actors.runtime import cell, entity, router
from actors.runtime import limits as runtime_limits
from protocol import limits

T = TypeVar("T")

SMALL = {
    (limits, "RESUME_EVENTS_MAX"): 30,
    (limits, "RESUME_PAGE_EVENTS"): 4,
    (limits, "RING_EVENTS_MAX"): 6,
    (limits, "FLUSH_SENDS_MAX"): 2,
    (ring, "PORTION_BYTES_MAX"): 1000,
    (runtime_limits, "CHECKPOINT_EVENTS"): 7,
    (runtime_limits, "FOLD_PAGE_EVENTS"): 5,
    (runtime_limits, "PASSIVATE_AFTER_S"): 3.0,
    (runtime_limits, "PASSIVATION_SWEEP_S"): 1.0,
    (runtime_limits, "PASSIVATION_STEPS"): 4,
    (runtime_limits, "PASSIVATIONS_PER_STEP_MAX"): 2,
    (runtime_limits, "FOLD_CHECKPOINT_EVENTS"): 5,
    (runtime_limits, "ACTIVATIONS_PER_CALL_MAX"): 3,
    (runtime_limits, "ACTIVATION_LINES"): 1,
    (runtime_limits, "FOLD_LINES"): 1,
    (runtime_limits, "FOLD_EVENTS_PER_CALL_MAX"): 8,
    (runtime_limits, "FACT_LINES"): 1,
    (runtime_limits, "FACTS_PER_CALL_MAX"): 4,
    (runtime_limits, "RECEIPTS_PER_CALL_MAX"): 4,
    (runtime_limits, "CHECKPOINT_BYTES_PER_CALL_MAX"): 500,
    (runtime_limits, "DUE_PAGE_STREAMS_MAX"): 3,
    (runtime_limits, "DUE_WAKES_PER_S"): 10,
    (runtime_limits, "DUE_SWEEP_S"): 5.0,
    (runtime_limits, "EFFECTS_OWED_MAX"): 8,
    (runtime_limits, "EFFECTS_AT_ONCE"): 3,
    (runtime_limits, "STREAMS_PER_COMMIT_MAX"): 3,
    (outgoing, "LINK_QUEUE_MESSAGES_MAX"): 16,
    (outgoing, "LINK_QUEUE_BYTES_MAX"): 6000,
    (outgoing, "LINK_SENT_FRAMES_MAX"): 20,
    (showing, "QUESTIONS_HELD_MAX"): 4,
    (calls, "CALLS_MAX"): 16,
    (router, "HELD_MAX"): 10,
    (runtime_limits, "STEP_S"): 4e-6,
    (cell, "BATCH_COMMANDS_MAX"): 8,
    (entity, "MAILBOX_COMMANDS_MAX"): 24,
    (limits, "ROOM_MEMBERS_MAX"): 4,
    (limits, "ROOM_MUTES_MAX"): 2,
    (limits, "ROOM_BANS_MAX"): 2,
    (signals, "KNOWN_S"): 2.0,
    (limits, "PRESENT_USERS_MAX"): 10,
    (roster, "PRESENT_USERS_MAX"): 10,
}
OUTBOX_BYTES_MAX = 6000


@contextmanager
def small_limits() -> Iterator[None]:
    """The limits of the server, made small enough to be met in a minute of simulated chat."""
    before = {key: getattr(*key) for key in SMALL}
    for (module, name), value in SMALL.items():
        setattr(module, name, value)
    try:
        yield
    finally:
        for (module, name), value in before.items():
            setattr(module, name, value)


def run_seeded(seed: int, main: Callable[[], Awaitable[T]]) -> T:
    """Run ``main`` in a Trio whose every scheduling choice comes from the seed, on a clock that never waits.

    Trio by itself only reverses a batch of runnable tasks at random; its private hooks for deterministic scheduling
    (in trio._core._run, used by Hypothesis too) sort the batch and shuffle it with a generator that we seed.
    """
    scheduler = trio._core._run  # type: ignore[attr-defined]
    before = scheduler._ALLOW_DETERMINISTIC_SCHEDULING, scheduler._r
    scheduler._ALLOW_DETERMINISTIC_SCHEDULING = True
    scheduler._r = random.Random(seed)
    try:
        with small_limits():
            return trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
    finally:
        scheduler._ALLOW_DETERMINISTIC_SCHEDULING, scheduler._r = before
