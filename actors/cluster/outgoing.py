"""What waits to be sent to one peer, and what was sent to it lately. Pure.

Only what is admitted is numbered, so numbers have no gap of the sender's own making. What doesn't fit is refused to
who wants it sent; of events that don't fit the peer is told the stream's head, and fetches them from the log.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final, NamedTuple, TypeVar

from actors.cluster.limits import (
    LINK_FRAME_BYTES_MAX,
    LINK_QUEUE_BYTES_MAX,
    LINK_QUEUE_MESSAGES_MAX,
    LINK_SENT_BYTES_MAX,
    LINK_SENT_FRAMES_MAX,
    REGISTER_STREAMS_MAX,
)
from actors.ports.log import LogRow
from protocol.nodes import (
    Answer,
    Beat,
    Forward,
    LoggedEvent,
    Missed,
    NodeMessage,
    Part,
    PassSignal,
    Published,
    Register,
    Registered,
    Returned,
    Roster,
    SendSignal,
    Shown,
    Unregister,
)

_V = TypeVar("_V")

MESSAGE_BYTES: Final = 160
"""What a message is taken to hold beside its variable part."""
EVENT_BYTES: Final = 16
"""What an event is taken to hold beside header and payload."""
STREAM_BYTES: Final = 64
"""What one stream, or user, in a list is taken to hold."""


class _Events:
    """Events of one stream that wait to be sent as one message."""

    __slots__ = ("rows", "size", "stream", "traces")

    def __init__(self, stream: str) -> None:
        self.stream: Final = stream
        self.rows: list[LogRow] = []
        self.size = MESSAGE_BYTES
        self.traces: dict[int, str] = {}

    def message(self) -> Published:
        events = tuple(LoggedEvent(row.seq, row.header, row.payload) for row in self.rows)
        return Published(self.stream, events, self.traces)


class _Sent(NamedTuple):
    """A frame that was cut."""

    number: int
    size: int
    messages: tuple[NodeMessage, ...]


class Outgoing:
    """Messages in the order in which they were queued, and beside them what is kept as state: which frames were
    missed, which streams are wanted, where streams stand. However often that changes before the next frame, the frame
    says it once; so it needs no room in the queue.
    """

    def __init__(self) -> None:
        self.number = 0
        """Of the last frame that was cut."""
        self.queued_bytes = 0
        """About what the queued messages hold."""
        self._queue: deque[tuple[NodeMessage | _Events, int]] = deque()
        # By stream: those in the queue that may get more. Only the last message of a stream is in here, or later
        # events would join an earlier message and arrive before those between.
        self._events: dict[str, _Events] = {}
        self._wanted: dict[str, bool] = {}
        self._heads: dict[str, int] = {}
        self._declined: dict[str, None] = {}
        self._missed: Missed | None = None
        self._sent: deque[_Sent] = deque()
        self._sent_bytes = 0

    @property
    def queued(self) -> int:
        """Messages that wait, those of one stream's events counted as one."""
        return len(self._queue)

    @property
    def waiting(self) -> bool:
        """Whether the next frame would hold anything."""
        return bool(self._queue or self._wanted or self._heads or self._declined or self._missed)

    @property
    def full(self) -> bool:
        """Whether there is no room for a message."""
        return self._holds(1)

    @property
    def roomy(self) -> bool:
        """Whether there is room for what isn't urgent: less than half is taken."""
        return not self._holds(0.5)

    # --- what is to be sent ---

    def add(self, message: NodeMessage) -> bool:
        """Queue a message. False if there is no room."""
        # Without room it isn't waited for: one slow peer would hold up what goes to all others.
        return self._append_within(1, message)

    def add_answer(self, message: Answer | Returned | Shown) -> bool:
        """Queue an answer: a full queue still has room for as much of them again, since each ends a wait of the peer,
        and no peer waits for more than CALLS_MAX. False if even that is taken: then the peer's own deadline ends the
        wait.
        """
        return self._append_within(2, message)

    def add_droppable(self, message: NodeMessage) -> bool:
        """Queue a message that may be lost. False if there is no room for it."""
        return self._append_within(0.5, message)

    def add_events(self, stream: str, rows: Sequence[LogRow]) -> bool:
        """Queue events, together with those of the same stream that wait. False if there wasn't room for all: the
        peer will be told how far the stream has come.
        """
        for row in rows:
            if not self._add_event(stream, row):
                self.stand(stream, rows[-1].seq)
                return False
        return True

    def _add_event(self, stream: str, row: LogRow) -> bool:
        size = len(row.header) + (0 if row.payload is None else len(row.payload)) + EVENT_BYTES
        events = self._events.get(stream)
        if events is None or events.size + size > LINK_FRAME_BYTES_MAX:
            if self.full:
                return False
            events = self._events[stream] = _Events(stream)
            self._append(events, events.size)
        # It joins a message that waits already, so only the bytes count against the limits.
        elif self.queued_bytes >= LINK_QUEUE_BYTES_MAX:
            return False
        events.rows.append(row)
        events.size += size
        self.queued_bytes += size
        return True

    def add_trace(self, stream: str, seq: int, parent: str) -> None:
        """An event that was added just now is traced. Nobody is told if it wasn't, for want of room."""
        events = self._events.get(stream)
        if events is not None and events.rows[-1].seq >= seq:
            events.traces[seq] = parent

    def want(self, stream: str, wanted: bool) -> None:
        """Register or unregister a stream with the next frame; the last word counts."""
        self._wanted[stream] = wanted

    def stand(self, stream: str, head: int) -> None:
        """Tell the peer how far a stream has come, after what waits already."""
        self._heads[stream] = max(head, self._heads.get(stream, 0))

    def decline(self, stream: str) -> None:
        """Tell the peer that a stream isn't this node's."""
        self._declined[stream] = None

    def miss(self, first: int = 0, last: int = 0) -> None:
        """Tell the peer, with the next frame, that these frames of its own were lost; or that anything may be."""
        before = self._missed
        if before is not None and (not before.first or not first):
            self._missed = Missed()
        elif before is not None:
            # One range for several holes: what lies between is said twice, which does no harm.
            self._missed = Missed(min(first, before.first), max(last, before.last))
        else:
            self._missed = Missed(first, last)

    def beat(self) -> None:
        """Make sure that a frame is sent, even an empty one."""
        if not self.waiting:
            self._append(Beat(), MESSAGE_BYTES)

    # --- frames ---

    def cut(self) -> tuple[int, tuple[NodeMessage, ...]]:
        """The number and the messages of the next frame; what is over its size stays."""
        self.number += 1
        messages: list[NodeMessage] = []
        if self._missed is not None:
            messages.append(self._missed)
            self._missed = None
        messages += self._cut_wanted()
        size = self._cut_queue(messages)
        # After the events that wait: the peer fetches from the log what a head shows that it doesn't have.
        if heads := _take(self._heads):
            messages.append(Registered(heads))
        if declined := _take(self._declined):
            messages.append(Registered({}, tuple(declined)))
        frame = tuple(messages)
        self._keep(_Sent(self.number, size + MESSAGE_BYTES, frame))
        return self.number, frame

    def kept(self, first: int, last: int) -> Iterable[NodeMessage] | None:
        """What was in these frames; None if one of them isn't known any more."""
        frames = [frame for frame in self._sent if first <= frame.number <= last]
        if len(frames) != last - first + 1:
            return None
        return [message for frame in frames for message in frame.messages]

    def _keep(self, frame: _Sent) -> None:
        self._sent.append(frame)
        self._sent_bytes += frame.size
        while self._sent_bytes > LINK_SENT_BYTES_MAX or len(self._sent) > LINK_SENT_FRAMES_MAX:
            self._sent_bytes -= self._sent.popleft().size

    def _cut_queue(self, messages: list[NodeMessage]) -> int:
        """Take from the queue what fits; its size."""
        room = LINK_FRAME_BYTES_MAX
        while self._queue:
            message, size = self._queue[0]
            if isinstance(message, _Events):
                size = message.size
            if size > room and messages:
                break
            self._queue.popleft()
            self.queued_bytes -= size
            room -= size
            messages.append(self._finished(message) if isinstance(message, _Events) else message)
        return LINK_FRAME_BYTES_MAX - room

    def _cut_wanted(self) -> list[NodeMessage]:
        some = _take(self._wanted)
        messages: list[NodeMessage] = []
        if register := tuple(stream for stream, wanted in some.items() if wanted):
            messages.append(Register(register))
        if unregister := tuple(stream for stream, wanted in some.items() if not wanted):
            messages.append(Unregister(unregister))
        return messages

    def _finished(self, events: _Events) -> Published:
        # Its rows are on their way: what comes now begins a message of its own.
        if self._events.get(events.stream) is events:
            del self._events[events.stream]
        return events.message()

    def _holds(self, part: float) -> bool:
        """Whether this part of its room is taken."""
        return (
            self.queued_bytes >= part * LINK_QUEUE_BYTES_MAX
            or len(self._queue) >= part * LINK_QUEUE_MESSAGES_MAX
        )

    def _append_within(self, part: float, message: NodeMessage) -> bool:
        if self._holds(part):
            return False
        self._append(message, _size(message))
        return True

    def _append(self, message: NodeMessage | _Events, size: int) -> None:
        self._queue.append((message, size))
        self.queued_bytes += size


def _take(state: dict[str, _V]) -> dict[str, _V]:
    """What one frame says of this."""
    some = dict(islice(state.items(), REGISTER_STREAMS_MAX))
    for stream in some:
        del state[stream]
    return some


def _size(message: NodeMessage) -> int:
    """About how many bytes a message takes."""
    match message:
        case Forward(command=raw) | Answer(reply=raw) | Shown(view=raw):
            return MESSAGE_BYTES + len(raw)
        case SendSignal(signal=raw) | PassSignal(frame=raw):
            return MESSAGE_BYTES + len(raw)
        case Part(users=users) | Roster(users=users):
            return MESSAGE_BYTES + STREAM_BYTES * len(users)
        case _:
            return MESSAGE_BYTES
