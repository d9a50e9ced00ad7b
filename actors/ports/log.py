"""The durable log of all streams."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from typing import Final, Protocol

from msgspec import Struct

from actors.kind import Change, FactKey, Instant, Job, Row

OWNERS_LOST_MAX: Final = 2
"""A command that so many owners of its stream were lost with is refused for good."""
POISONED: Final = bytes(16)
"""The digest of a receipt that says so: no command has it. It covers no event."""


class LogUnavailableError(Exception):
    """The database can't be reached. A call of the Log certainly changed nothing."""


class LogConflictError(Exception):
    """The whole call was rolled back (deadlock, serialization, lock or statement timeout); it may be repeated."""


class LogDataError(Exception):
    """The whole call was rolled back because something in it can't be stored."""


class LogFaultError(Exception):
    """The whole call was rolled back because the database failed on something that it touched: a damaged page, say.

    What touches something else may succeed.
    """


class LogOutcomeUnknownError(Exception):
    """The connection was lost after sending: the call may have committed, or may still commit."""


class Receipt(Struct, frozen=True):
    """That a command was accepted: once per command, also for one without events."""

    author: str
    client_id: str
    first_seq: int
    last_seq: int
    """first_seq - 1 for a command without events."""
    digest: bytes
    """Keyed digest of the command, 16 bytes: tells a resend from a reused client_id."""
    answer: bytes | None = None
    """MessagePack, if the kind answers more than the seqs."""


class LogRow(Struct, frozen=True):
    """One event as it stands in the log."""

    seq: int
    header: bytes
    payload: bytes | None
    """None when it was erased."""


class JobRow(Struct, frozen=True):
    """A job as it is written: ``seq`` and ``index`` name its cause, so that it is written once."""

    seq: int
    index: int
    job: Job


class Append(Struct, frozen=True, kw_only=True):
    """Everything one stream wants written in one transaction. Sent again, it must be this same object."""

    stream: str
    activation: int
    head: int
    """The head that must be there; the first event gets head + 1."""
    at: Instant
    """The time of the last event: never less than the stream's ``last_at``."""
    events: tuple[LogRow, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    erases: tuple[int, ...] = ()
    """Seqs of this stream whose payloads are emptied; they may be in ``events`` too."""
    changes: tuple[Change, ...] = ()
    """At most one per (table, key): the final write."""
    jobs: tuple[JobRow, ...] = ()
    wake_at: Instant | None = None
    """When the stream must be woken next; None for never. Always written."""
    effects_seq: int
    """Up to here the effects are settled. Always written."""


class Fence(Struct, frozen=True):
    """By what a node may write: its row in the directory and the number it had when it claimed."""

    node: int
    number: int


class Verdict(Enum):
    """What became of one stream's append."""

    ACCEPTED = auto()
    FENCED = auto()
    """This node, or this activation, may not write any more. Nothing was written."""
    BEHIND = auto()
    """The head isn't the expected one. Nothing was written."""
    DUPLICATE = auto()
    """At least one client_id has a receipt already. Nothing was written."""
    BUSY = auto()
    """The row is locked by somebody else: proves nothing, try again. Nothing was written."""


class Activation(Struct, frozen=True, kw_only=True):
    """A stream as its new owner finds it."""

    activation: int
    """The fencing number of this owner's appends: larger than any before."""
    head: int
    last_at: Instant
    effects_seq: int
    checkpoint: bytes | None
    """The newest stored state, encoded by the kind's runtime; None if there is none of this version."""
    checkpoint_seq: int
    """The seq the checkpoint stands at; 0 without one."""


class Wanted(Struct, frozen=True, kw_only=True):
    """A stream to become the writer of."""

    stream: str
    epoch: int
    """Of its shard, as the caller owns it."""
    create: bool
    """Whether it is made, empty, if it isn't there."""
    state_version: int
    """Which checkpoint can be read."""


class NotActivated(Enum):
    """Why a stream wasn't activated."""

    ABSENT = auto()
    FENCED = auto()
    """The run of the node is over, or the stream's shard isn't its own at this epoch."""
    BUSY = auto()
    """The row is locked by somebody else: proves nothing, ask again."""


class Checkpoint(Struct, frozen=True, kw_only=True):
    """A state to keep for later activations."""

    stream: str
    activation: int
    seq: int
    version: int
    state: bytes


class Page(Struct, frozen=True):
    """Events of a stream: those after a seq, at most so many."""

    stream: str
    after: int
    limit: int


class ReadAccess(Struct, frozen=True):
    """One consistent read of what a subscriber needs to know."""

    exists: bool
    may_listen: bool
    incarnation: int
    head: int
    readable_after: int = 0
    """Only the events after this seq may be read."""


class Log(Protocol):
    """The durable log of all streams. Every method may raise LogUnavailableError."""

    async def activate(
        self, fence: Fence, wanted: Sequence[Wanted], *, wait_for_locks: bool
    ) -> list[Activation | NotActivated]:
        """Become the writer of streams: raises their activations, so that every earlier owner is fenced.

        Each is judged for itself, in one transaction, and answered in the order given. With ``wait_for_locks`` there
        is no BUSY, unless a stream went away meanwhile; either way no earlier owner's transaction can commit to an
        activated stream any more. A stream may stand in it once.
        """
        ...

    async def discard(self, fence: Fence, activations: Sequence[tuple[str, int]]) -> None:
        """Forget streams that hold neither event nor receipt, if these are their newest activations: they aren't there
        then. A stream that is made again has larger activations than any before.
        """
        ...

    async def append(self, fence: Fence, appends: Sequence[Append], *, wait_for_locks: bool) -> list[Verdict]:
        """Write many streams in one transaction; one verdict each, in the order given.

        Each stream is accepted or refused for itself; what is accepted is durable on return. The order of checks is
        fence, activation, receipts, head. With ``wait_for_locks`` there is no BUSY. A stream may stand in it once.
        Raises LogConflictError, LogDataError, LogFaultError, LogOutcomeUnknownError for the whole call.
        """
        ...

    async def read(self, pages: Sequence[Page]) -> list[list[LogRow]]:
        """The events of each page, in order."""
        ...

    async def receipts(
        self, questions: Sequence[tuple[str, Sequence[tuple[str, str]]]]
    ) -> list[list[Receipt]]:
        """For each stream the receipts that exist for these (author, client_id), in any order."""
        ...

    async def facts(
        self, questions: Sequence[tuple[str, Sequence[FactKey]]]
    ) -> list[dict[FactKey, Row | None]]:
        """For each stream its projected rows, all keys answered; None for a row that isn't there.

        May raise LogDataError: something in it can't be asked.
        """
        ...

    async def read_access(self, questions: Sequence[tuple[str, str]]) -> list[ReadAccess]:
        """For each (stream, user): right, incarnation and head, from one snapshot, in the order asked."""
        ...

    async def checkpoint(self, fence: Fence, checkpoints: Sequence[Checkpoint]) -> list[bool]:
        """Keep states for later activations; false for one whose owner is fenced. A stream may stand in it once."""
        ...

    async def heads(self, streams: Sequence[str]) -> list[int]:
        """The last seq of each stream, in the order asked, from one snapshot; 0 for one that doesn't exist."""
        ...

    async def due(
        self, shards: Sequence[int], before: Instant, limit: int, *, after: tuple[Instant, str] | None = None
    ) -> list[tuple[str, Instant]]:
        """Streams of these shards whose wake_at is at or before this time, earliest first; those after this one."""
        ...

    async def take_in_hand(
        self, fence: Fence, stream: str, key: tuple[str, str], *, lost_before: int
    ) -> bool:
        """Note that this run decides the command with this (author, client_id). Whether it may.

        Counts the runs that ended without letting go of it, beside ``lost_before`` of which nothing was noted. At
        OWNERS_LOST_MAX it may not, and a receipt with the digest POISONED is left. Taken again by the same run it
        counts nothing. Raises FencedError if the run is over.
        """
        ...

    async def let_go(self, stream: str, key: tuple[str, str]) -> None:
        """Forget that a command was taken in hand: it was decided. A receipt stays."""
        ...


class FencedError(Exception):
    """This run of the node may not write any more, or not this: the directory says so."""
