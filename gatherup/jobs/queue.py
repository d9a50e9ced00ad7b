"""What a queue is to the worker, and what may become of an attempt at one of its jobs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from msgspec import Struct

from actors.ports.jobs import TakenJob

LEASE_S: Final = 15.0
"""For so long a job is its node's. It is renewed while the job runs, so only a node that died lets it run out."""


class JobFailedError(Exception):
    """This attempt failed, another may not. The sentence is kept with the job: no secret may stand in it."""


class JobHopelessError(Exception):
    """No attempt can succeed. The sentence is kept with the dead letter: no secret may stand in it."""


class JobOverError(Exception):
    """What the job asks for holds no longer: it is dropped. The sentence stands in the log."""


class JobUnknownError(Exception):
    """This release doesn't know what the job asks for: it is left for others, and no attempt is counted."""


class JobNotNowError(Exception):
    """Nothing was attempted, and nothing of its lane can be for ``wait_s`` (None: for longer each time). The lane rests
    on this node, and no attempt is counted.
    """

    def __init__(self, wait_s: float | None, sentence: str) -> None:
        super().__init__(sentence)
        self.wait_s = wait_s


class Queue(Struct, frozen=True, kw_only=True):
    """What is done with the jobs of one queue."""

    name: str
    handle: Callable[[TakenJob], Awaitable[None]]
    """Does one job. It may be called again for a job that was done, and days later for a dead letter that is tried
    again: it does what still holds, and tells repeats by ``TakenJob.id``.

    Raises JobFailedError, JobHopelessError, JobOverError, JobUnknownError, JobNotNowError.
    """
    at_once: int
    """Jobs of this queue that one node does at a time."""
    lane_at_once: int | None = None
    """Of them, those of one lane: so a provider that is slow or down holds up no other. None: all."""
    attempts_max: int
    timeout_s: float
    """What one attempt may take. Longer than the lease if need be."""
    lease_s: float = LEASE_S
    backoff_min_s: float
    backoff_max_s: float
