"""What the actors need from outside, each with at least two implementations: the real one and the simulated.

The docstrings are the contracts; tests/contract holds both implementations to them. A port method may park for
ever (a frozen node is one whose every port call parks) unless it says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from enum import Enum, StrEnum, auto
from typing import TYPE_CHECKING, Protocol

import trio
from msgspec import Struct

from tests.released.code.actors.kind import Change, FactKey, Instant, Job, Row
from tests.released.code.protocol.frames import RoomHead

if TYPE_CHECKING:
    from tests.released.code.actors.cluster.view import Joining, Member, Move, Renewal, View

# --- time and chance --------------------------------------------------------------------------------------------


class Clock(Protocol):
    """The only time there is. Monotonic seconds for waiting, Unix milliseconds for saying when."""

    def now(self) -> Instant:
        """Unix time in milliseconds. May step back; whoever needs order takes the maximum."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean anything."""
        ...

    async def sleep_until(self, monotonic: float) -> None:
        """Return at this time or later; at once (after a checkpoint) when it is past."""
        ...

    def deadline(self, seconds: float) -> AbstractContextManager[trio.CancelScope]:
        """A scope cancelled after this long; the caller asks its ``cancelled_caught``."""
        ...


class Randomness(Protocol):
    """The only chance there is."""

    def token(self, size: int) -> bytes:
        """This many unpredictable bytes."""
        ...

    def uniform(self, low: float, high: float) -> float:
        """A number between the two, for jitter."""
        ...


# --- the log -----------------------------------------------------------------------------------------------------


class LogUnavailableError(Exception):
    """The database can't be reached. A call of the Log certainly changed nothing."""


class LogConflictError(Exception):
    """The whole call was rolled back (deadlock, serialization, lock or statement timeout); it may be repeated."""


class LogDataError(Exception):
    """The whole call was rolled back because something in it can't be stored."""


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


class Standing(Struct, frozen=True):
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
        self, fence: Fence, stream: str, *, epoch: int, create: bool, state_version: int
    ) -> Activation | None:
        """Become the stream's writer: raises its activation, so that every earlier owner is fenced.

        None if there is no such stream and ``create`` is false; with ``create`` it is made, empty. Waits for
        locks, so no earlier owner's transaction can commit after it returned.
        Raises FencedError if this run of the node is over, or the stream's shard isn't this node's at this epoch.
        """
        ...

    async def append(self, fence: Fence, appends: Sequence[Append], *, wait_for_locks: bool) -> list[Verdict]:
        """Write many streams in one transaction; one verdict each, in the order given.

        Each stream is accepted or refused for itself; what is accepted is durable on return. The order of checks is
        fence, activation, receipts, head. With ``wait_for_locks`` there is no BUSY. A stream may stand in it once.
        Raises LogConflictError, LogDataError, LogOutcomeUnknownError for the whole call.
        """
        ...

    async def read(self, stream: str, after: int, limit: int) -> list[LogRow]:
        """The events after this seq, in order, at most ``limit``."""
        ...

    async def receipts(self, stream: str, keys: Sequence[tuple[str, str]]) -> list[Receipt]:
        """The receipts that exist for these (author, client_id), in any order."""
        ...

    async def facts(self, stream: str, keys: Sequence[FactKey]) -> dict[FactKey, Row | None]:
        """The projected rows of this stream, all keys answered; None for a row that isn't there."""
        ...

    async def standings(self, questions: Sequence[tuple[str, str]]) -> list[Standing]:
        """For each (stream, user): right, incarnation and head, from one snapshot, in the order asked."""
        ...

    async def checkpoint(
        self, fence: Fence, stream: str, activation: int, seq: int, version: int, state: bytes
    ) -> bool:
        """Keep a state for later activations; false if this owner is fenced."""
        ...

    async def heads(self, streams: Sequence[str]) -> list[int]:
        """The last seq of each stream, in the order asked, from one snapshot; 0 for one that doesn't exist."""
        ...

    async def due(self, shards: Sequence[int], before: Instant, limit: int) -> list[tuple[str, Instant]]:
        """Streams of these shards whose wake_at is at or before this time, earliest first."""
        ...


class FencedError(Exception):
    """This run of the node may not write any more, or not this: the directory says so."""


# --- the cluster -------------------------------------------------------------------------------------------------


class JoinRefusedError(Exception):
    """The node can't join: ``code`` is stable, the message a sentence for a person.

    Codes: ``wrong_cluster``, ``wrong_secret``, ``unsupported_protocol``, ``bus_needed``, ``node_name_taken``.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class NameHeldError(Exception):
    """A member has this name. It may be dead: ``member`` tells its lease, to see whether that moves."""

    def __init__(self, member: Member) -> None:
        super().__init__(member.name)
        self.member = member


class Directory(Protocol):
    """Who the members are and who owns which shard, durably. Every method may raise LogUnavailableError.

    Here that says nothing of whether the change was made: the next view does. A call is one transaction.
    ``fence`` names the caller's run; raises FencedError when that run is over.
    """

    async def join(self, joining: Joining, *, over: Member | None = None) -> Fence:
        """Become a member: a new run of the node of this name, whose earlier runs can write nothing any more.

        A member of this name: raises NameHeldError, unless it is ``over`` with fence and lease unchanged, whose
        run ends with this. The shards its row still owns stay its own, at higher epochs. While there are other
        members, ``joining`` must agree with them on cluster, secret, protocol (newest or the one before) and bus
        (two members need one each): JoinRefusedError. Alone, it sets cluster and secret.
        """
        ...

    async def renew(self, fence: Fence, *, hears: Sequence[int], report: str, known: View | None) -> Renewal:
        """Raise the caller's lease, note what it hears and reports, and read the view. ``known`` saves reading
        shards that didn't change.
        """
        ...

    async def move(self, fence: Fence, moves: Sequence[Move]) -> int:
        """Give shards of the caller, or nobody's, to other owners; each that is still at its epoch, and whose new
        owner is a member that isn't draining (or None). Waits for activations under way. How many moved.
        """
        ...

    async def declare_dead(self, fence: Fence, member: Member, heirs: Mapping[int, int]) -> bool:
        """End a member's run and give its shards away: to the heir of each, or to nobody for want of one.

        False if its fence or lease isn't as in ``member`` any more. Waits for what it is writing.
        """
        ...

    async def drain(self, name: str) -> bool:
        """Mark a member as draining, which makes it hand over and stop. False if there is none of this name."""
        ...

    async def leave(self, fence: Fence) -> None:
        """End the caller's own run: what it still owns is nobody's. Nothing happens if the run is over already."""
        ...

    async def read(self) -> View:
        """The view, for who isn't a member."""
        ...


class BusUnavailableError(Exception):
    """The bus can't be reached now; what was given to it may have been carried or not."""


class Bus(Protocol):
    """Carries bytes from node to node: at most once, each sender's in order. It may lose anything at any time."""

    async def publish(self, frames: Sequence[tuple[str, bytes]]) -> list[int]:
        """Send each frame to its channel, in order, in one go: how many listeners each had.

        One call at a time. Raises BusUnavailableError.
        """
        ...

    async def listen(
        self, channel: str, heard: Callable[[bytes], None], connected: Callable[[bool], None]
    ) -> None:
        """Hand over every frame of a channel until cancelled, in order, and come back by itself when cut off.

        ``connected`` is told True whenever the channel is subscribed (again): whatever was sent before that may be
        lost; and False once it is known to be cut off. Neither callback blocks; what can't be handed over at once
        isn't kept without bound: the connection is dropped instead, and made anew.
        """
        ...


# --- traces ------------------------------------------------------------------------------------------------------


class Step(StrEnum):
    """What a traced command comes by on its way through a node. Each ends the one before."""

    HELD = auto()
    """It waits until somebody owns its stream."""
    FORWARDED = auto()
    """It is on its way to the owner on another node, and the reply back."""
    ROUTED = auto()
    """It waits in its stream's mailbox."""
    TAKEN = auto()
    """It is being decided, together with its batch."""
    DECIDED = auto()
    """Its events are being committed."""
    COMMITTED = auto()
    """They are durable; publishing and the reply are next."""
    PUBLISHED = auto()
    """They were handed to the relay and the bridge."""


class Trace(Protocol):
    """One sampled command on one node, or one delivery. Nothing here blocks or raises."""

    @property
    def parent(self) -> str:
        """What goes on elsewhere begins with this: a W3C ``traceparent``."""
        ...

    def mark(self, step: Step, **facts: int) -> None:
        """The next step begins now; ``facts`` are counts that belong to it."""
        ...

    def end(self, outcome: str, **facts: int) -> None:
        """It is over: ``outcome`` is an error code or one of accepted, unknown, returned, delivered. Once."""
        ...


class Tracer(Protocol):
    """Decides which commands are traced. Few are: what begins with None costs nothing more."""

    def begin(self, name: str, *, stream: str, by: str) -> Trace | None:
        """A client's command, or one of the server's own, came to this node; None if it isn't sampled."""
        ...

    def follow(self, name: str, parent: str, *, stream: str, by: str) -> Trace | None:
        """A command that another node traces came here; None if ``parent`` makes no sense."""
        ...

    def deliver(self, parent: str, *, stream: str) -> Trace | None:
        """A traced event is about to go to subscribers of this node; None if ``parent`` makes no sense."""
        ...


# --- delivery ----------------------------------------------------------------------------------------------------


class Wire(Protocol):
    """One client's connection as the outbox sees it. No method blocks except ``wait_writable``."""

    def send_some(self, data: bytes | memoryview) -> int:
        """Take some of these bytes, in order: how many were taken, 0 when full. Raises WireClosedError."""
        ...

    async def wait_writable(self) -> None:
        """Return when ``send_some`` may take something again. Raises WireClosedError."""
        ...

    def close(self) -> None:
        """End the connection now; bytes already taken may still arrive. Safe to call twice."""
        ...


class WireClosedError(Exception):
    """The connection is gone."""


class Framing(Protocol):
    """How one codec's messages become bytes on a wire; equal for all connections of that codec."""

    name: str

    def message(self, data: bytes) -> bytes:
        """One whole message, framed."""
        ...

    def close(self, code: int, reason: str) -> bytes:
        """The closing bytes."""
        ...


class Login(Struct, frozen=True, kw_only=True):
    """What a good token says."""

    user: str
    login: str
    """The login it came from, 32 hexadecimal digits."""
    expires_at: Instant


class InvalidTokenError(Exception):
    """The token isn't valid; ``expired`` tells the one case in which a newer one helps."""

    def __init__(self, *, expired: bool = False) -> None:
        super().__init__("expired" if expired else "invalid")
        self.expired = expired


class Tokens(Protocol):
    """Reads access tokens."""

    def verify(self, token: str, now: Instant) -> Login:
        """Who the token speaks for. Raises InvalidTokenError. Does no I/O."""
        ...


class LoginStanding(Struct, frozen=True):
    """How a login stands."""

    live: bool
    """Neither the login nor its account was ended."""
    inbox_head: int
    """The last seq of the user's inbox at that moment; 0 before its first event."""
    began_at: Instant = 0
    """When the login began; 0 for one that isn't known."""


class Logins(Protocol):
    """Which logins have ended, as the database knows it."""

    async def standings(self, logins: Sequence[Login]) -> list[LoginStanding]:
        """How these logins stand, all from one snapshot, in the order asked. Raises LogUnavailableError.

        Whatever ends one is told the user's inbox afterwards (``inbox.end_logins``): one that is live here has ended
        only if the inbox says so after ``inbox_head``.
        """
        ...


class ReadMark(Struct, frozen=True):
    """That a user has read a room up to this message number."""

    user: str
    room: str
    number: int


class ReadMoved(Struct, frozen=True):
    """A read position that was moved: where it is now."""

    user: str
    room: str
    number: int
    direct: bool
    """Whether the room is a direct one, whose other member may know of it."""


class ReadPositions(Protocol):
    """How far users have read rooms. Both methods may raise LogUnavailableError."""

    async def keep(self, marks: Sequence[ReadMark]) -> list[ReadMoved]:
        """Move positions forward, never back, in one transaction: those that moved, in any order.

        A mark of somebody who isn't in the room does nothing; one beyond its last message stands for that message.
        Each (user, room) at most once. Idempotent: on LogUnavailableError it may have been done, and may be repeated.
        """
        ...

    async def counts(self, user: str, rooms: Mapping[str, int]) -> list[RoomHead]:
        """How at most HEADS_ROOMS_MAX rooms stand for the user, from one snapshot: those they are in, in the order
        asked. Each comes with a number up to which it counts as read even if that isn't kept yet, or 0.

        Only the newest UNREAD_SCANNED_MAX messages of a room are looked at, and of them only those that the user may
        read.
        """
        ...
