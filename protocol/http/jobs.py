"""Dead jobs, for admins: those that ran out of attempts."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from protocol import limits
from protocol.http.base import Answer, Limit, Query, RequestBody

JobId = Annotated[int, Meta(ge=1, le=limits.SEQ_MAX)]
QueueName = Annotated[str, Meta(max_length=64, pattern=r"^[a-z0-9_.-]+$(?!\n)", examples=["mail"])]
JobKind = Annotated[str, Meta(max_length=128, pattern=r"^[ -~]+$(?!\n)", examples=["reset_password"])]
ShownQueue = Annotated[str, Meta(examples=["mail"])]
ShownKind = Annotated[str, Meta(examples=["reset_password"])]
DeadFor = Annotated[int, Meta(ge=0, le=limits.JOB_AGE_MAX_S)]


class DeadQuery(Query, frozen=True, kw_only=True):
    """Which dead jobs: those to which everything that is given applies."""

    queue: QueueName | None = None
    kind: JobKind | None = None
    dead_for_s: DeadFor = 0
    """Dead for so many seconds at least."""
    limit: Limit = limits.PAGE_ITEMS_DEFAULT


class DeadCount(Struct, frozen=True, kw_only=True):
    """How many dead jobs there are of a kind."""

    queue: ShownQueue
    kind: ShownKind
    dead: int


class DeadJobShown(Struct, frozen=True, kw_only=True):
    """A dead job. What it was to do is left out: it may hold codes and addresses."""

    id: int
    queue: ShownQueue
    kind: ShownKind
    """What it is within its queue, such as the template of a letter."""
    attempts: int
    created_at: int
    """Unix milliseconds."""
    dead_at: int
    """Unix milliseconds."""
    error: Annotated[str, Meta(examples=["The server can't be reached."])]


class DeadJobs(Answer, frozen=True, kw_only=True):
    """Dead jobs: how many of each kind, and the newest of them."""

    counts: list[DeadCount]
    jobs: list[DeadJobShown]


class ChooseJobs(RequestBody, frozen=True, kw_only=True):
    """Which dead jobs: those to which everything that is given applies; ``everything`` alone for all of them."""

    ids: Annotated[list[JobId], Meta(min_length=1, max_length=limits.PAGE_ITEMS_MAX)] | None = None
    queue: QueueName | None = None
    kind: JobKind | None = None
    dead_for_s: DeadFor | None = None
    everything: bool = False


class JobsChanged(Answer, frozen=True, kw_only=True):
    """What became of the dead jobs that were meant."""

    jobs: int
    """How many there were."""
