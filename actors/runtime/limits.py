"""Limits of the runtime that no client sees, each with its unit."""

from __future__ import annotations

from typing import Final

STREAMS_PER_COMMIT_MAX: Final = 200
EVENTS_PER_COMMIT_MAX: Final = 5000
"""Unless one stream alone has more."""
COMMIT_CONNECTIONS: Final = 2
"""Commits in flight at once, unless the node is set up with another number."""
COMMIT_EVENTS_BOUNDS: Final = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
COMMIT_S_BOUNDS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""The buckets in which commits are counted, by events and by seconds."""
BUSY_BACKOFF_MIN_S: Final = 0.005
BUSY_BACKOFF_MAX_S: Final = 0.5
SETTLE_BACKOFF_MIN_S: Final = 0.02
SETTLE_BACKOFF_MAX_S: Final = 2.0
"""Between attempts to learn what became of an append."""

STEP_S: Final = 0.004
"""So long a task works on many things (the commands of a batch, events to fold, a checkpoint's fields) before others
run. What one more of them takes comes on top; both together stay below the 10 ms that the loop may be held.
"""

# What actors ask of the log is gathered across streams: at most so many calls of each kind under way (lines), and in
# each call at most so much. Together with those of sessions (actors/session) they are what the engine asks of the pool
# at once; docs/architecture.md says who waits for whom.
ACTIVATION_LINES: Final = 2
ACTIVATIONS_PER_CALL_MAX: Final = 100
HELD_ROW_LINES: Final = 2
"""Activations that wait for a lock of somebody else, one stream each."""
FOLD_LINES: Final = 2
FOLD_EVENTS_PER_CALL_MAX: Final = 1000
RECEIPT_LINES: Final = 1
RECEIPTS_PER_CALL_MAX: Final = 1000
FACT_LINES: Final = 2
FACTS_PER_CALL_MAX: Final = 1000
CHECKPOINT_LINES: Final = 1
CHECKPOINT_BYTES_PER_CALL_MAX: Final = 1_000_000
DISCARDS_PER_CALL_MAX: Final = 100

CHECKPOINT_EVENTS: Final = 300
"""A checkpoint is kept after this many events."""
FOLD_PAGE_EVENTS: Final = 500
FOLD_CHECKPOINT_EVENTS: Final = 10_000
"""And after so many while a long log is folded: should that be cut off, the next one goes on from there."""
PASSIVATE_AFTER_S: Final = 300.0
PASSIVATION_SWEEP_S: Final = 30.0
"""In this time every stream is looked at once, a part of them in each step."""
PASSIVATION_STEPS: Final = 60
PASSIVATIONS_PER_STEP_MAX: Final = 50
"""What is idle beyond that is looked at again in the next sweep."""
TRIALS_IN_TURN: Final = 100
"""While a loss is recent, resends are decided one after the other, or one more at a time for so many that wait: if one
stops the node, the others were in hand as well.
"""

RESTARTS_MAX: Final = 5
RESTART_WINDOW_S: Final = 60.0
"""More than RESTARTS_MAX crashes of one stream in this time: it answers unavailable for RESTART_COOLDOWN_S."""
RESTART_COOLDOWN_S: Final = 30.0
RESTART_BACKOFF_MIN_S: Final = 0.05
RESTART_BACKOFF_MAX_S: Final = 5.0

DUE_SWEEP_S: Final = 30.0
DUE_RESWEEP_S: Final = 1.0
"""After a page that couldn't be read."""
DUE_PAGE_STREAMS_MAX: Final = 1000
"""Read at once; a sweep reads page after page."""
DUE_WAKES_PER_S: Final = 1000
"""Streams that are overdue when they are read, as after a fail-over, are woken at this pace and in any order: what
clients ask for is activated meanwhile.
"""
TIMER_RETRY_MS: Final = 1000
"""A timer whose command couldn't be served is fired again after this long."""
EFFECTS_OWED_MAX: Final = 1000
"""Effects of one stream that aren't settled. More: what would cause further ones is refused ``overloaded``."""
EFFECTS_AT_ONCE: Final = 20
"""So many go to one target together, so that it takes them in one batch; the next ones after these were answered."""
EFFECTS_PER_STEP: Final = 50
"""Sent by one stream in one step, unless one target alone gets more."""
EFFECT_BACKOFF_MIN_S: Final = 0.1
EFFECT_BACKOFF_MAX_S: Final = 30.0
WORKS_AT_ONCE: Final = 2
"""Works of streams that a node has worked out at a time, each in a process; the others wait."""
WORK_BACKOFF_MIN_S: Final = 0.5
WORK_BACKOFF_MAX_S: Final = 30.0
"""Between attempts at a work that failed."""
WORK_S_BOUNDS: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""The buckets in which works are counted, by seconds."""
ENTITIES_MAX: Final = 100_000
"""Active streams of one node. More: refused ``unavailable``."""
WAITING_VIEWS_MAX: Final = 1000
"""Snapshots and signals that wait for one stream's activation."""
ROUTER_SWEEP_S: Final = 0.25
"""So often commands whose time is up are settled, and those that are held are tried again."""
