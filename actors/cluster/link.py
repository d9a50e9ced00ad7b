"""The two directions of the link to one run of a peer: numbers, and what waits to be sent. Pure.

Frames are numbered without a gap by who sends them, so a receiver sees that something before a frame was lost. What
must be dropped for want of room uses a number up too: to the receiver it is a loss like any other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from enum import Enum, auto
from itertools import islice
from typing import Final

from actors.cluster.limits import (
    LINK_FRAME_BYTES_MAX,
    LINK_QUEUE_BYTES_MAX,
    LINK_QUEUE_MESSAGES_MAX,
    LINK_SILENCE_S,
    REGISTER_STREAMS_MAX,
)
from actors.ports.cluster_view import Member
from actors.ports.log import LogRow
from protocol.nodes import (
    Answer,
    Beat,
    Forward,
    LoggedEvent,
    Missed,
    NodeMessage,
    PassSignal,
    Published,
    Register,
    Registered,
    SendSignal,
    Shown,
    Unregister,
)

MESSAGE_BYTES: Final = 160
"""What a message is taken to hold beside its variable part."""
EVENT_BYTES: Final = 16
"""What an event is taken to hold beside header and payload."""
STREAM_BYTES: Final = 64
"""What one stream in a list is taken to hold."""


class Arrival(Enum):
    """What a frame's number says about frames before it."""

    NEXT = auto()
    AFTER_HOLE = auto()
    """It is new, and something before it was lost."""
    OLD = auto()
    """It, or a later one, was there already: not to be taken."""


class Incoming:
    """What came from the peer."""

    def __init__(self) -> None:
        self.last = 0
        """The number of the newest frame that was taken. It never goes back: a frame that was recorded and is
        published again would otherwise be taken a second time.
        """
        self.heard_at: float | None = None
        """Monotonic seconds; None before the first frame."""

    def take(self, number: int, now: float) -> Arrival:
        """Note a frame that came now. Each number is taken at most once, and only upwards."""
        if number <= self.last:
            return Arrival.OLD
        whole = number == self.last + 1
        self.last, self.heard_at = number, now
        return Arrival.NEXT if whole else Arrival.AFTER_HOLE


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


class Outgoing:
    """What waits to be sent to the peer.

    That frames were missed, and which streams are wanted, is kept as state and not as messages: however often it
    changes before the next frame, the frame says it once.
    """

    def __init__(self) -> None:
        self.number = 0
        """Of the last frame that was cut."""
        self.queued_bytes = 0
        """About what the queued messages hold."""
        self.dropped = False
        """Something was dropped since the last frame. It costs a number, since what is dropped without one would be
        missed by nobody: the receiver would believe to have everything.
        """
        self._queue: deque[tuple[NodeMessage | _Events, int]] = deque()
        # By stream: those in the queue that may get more. Only the last message of a stream is in here, or later
        # events would join an earlier message and arrive before those between.
        self._events: dict[str, _Events] = {}
        self._wanted: dict[str, bool] = {}
        self._missed = False

    @property
    def queued(self) -> int:
        """Messages that wait, those of one stream's events counted as one."""
        return len(self._queue)

    @property
    def waiting(self) -> bool:
        """Whether the next frame would hold anything."""
        return bool(self._queue or self._wanted or self._missed or self.dropped)

    @property
    def full(self) -> bool:
        """Whether there is no room for a message."""
        return self.queued_bytes >= LINK_QUEUE_BYTES_MAX or len(self._queue) >= LINK_QUEUE_MESSAGES_MAX

    def add(self, message: NodeMessage) -> bool:
        """Queue a message. False if there is no room: the receiver will see a hole."""
        # Without room it is dropped, not waited for: one slow peer would hold up what goes to all others.
        if self.full:
            self.dropped = True
            return False
        self._append(message, _size(message))
        return True

    def add_droppable(self, message: NodeMessage) -> bool:
        """Queue a message that may be lost. When the queue is half full it is dropped without a hole, and the answer
        is False.
        """
        if 2 * self.queued_bytes >= LINK_QUEUE_BYTES_MAX or 2 * len(self._queue) >= LINK_QUEUE_MESSAGES_MAX:
            return False
        self._append(message, _size(message))
        return True

    def add_events(self, stream: str, rows: Sequence[LogRow]) -> bool:
        """Queue events, together with those of the same stream that wait. False if there is no room."""
        for row in rows:
            size = len(row.header) + (0 if row.payload is None else len(row.payload)) + EVENT_BYTES
            events = self._events.get(stream)
            if events is None or events.size + size > LINK_FRAME_BYTES_MAX:
                if self.full:
                    self.dropped = True
                    return False
                events = self._events[stream] = _Events(stream)
                self._append(events, events.size)
            # It joins a message that waits already, so only the bytes count against the limits.
            elif self.queued_bytes >= LINK_QUEUE_BYTES_MAX:
                self.dropped = True
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

    def miss(self) -> None:
        """Tell the peer, with the next frame, that some of its frames were lost."""
        self._missed = True

    def beat(self) -> None:
        """Make sure that a frame is sent, even an empty one."""
        if not self.waiting:
            self._append(Beat(), MESSAGE_BYTES)

    def cut(self) -> tuple[int, tuple[NodeMessage, ...]]:
        """The number and the messages of the next frame; what is over its size stays."""
        # The number left out is the hole by which the receiver learns of the drop.
        self.number += 2 if self.dropped else 1
        self.dropped = False
        messages: list[NodeMessage] = []
        if self._missed:
            messages.append(Missed())
            self._missed = False
        messages += self._cut_wanted()
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
        return self.number, tuple(messages)

    def _cut_wanted(self) -> list[NodeMessage]:
        some = list(islice(self._wanted.items(), REGISTER_STREAMS_MAX))
        for stream, _ in some:
            del self._wanted[stream]
        messages: list[NodeMessage] = []
        if register := tuple(stream for stream, wanted in some if wanted):
            messages.append(Register(register))
        if unregister := tuple(stream for stream, wanted in some if not wanted):
            messages.append(Unregister(unregister))
        return messages

    def _finished(self, events: _Events) -> Published:
        # Its rows are on their way: what comes now begins a message of its own.
        if self._events.get(events.stream) is events:
            del self._events[events.stream]
        return events.message()

    def _append(self, message: NodeMessage | _Events, size: int) -> None:
        self._queue.append((message, size))
        self.queued_bytes += size


def _size(message: NodeMessage) -> int:
    """About how many bytes a message takes."""
    match message:
        case Forward(command=raw) | Answer(reply=raw) | Shown(view=raw):
            return MESSAGE_BYTES + len(raw)
        case SendSignal(signal=raw) | PassSignal(frame=raw):
            return MESSAGE_BYTES + len(raw)
        case Registered():
            return MESSAGE_BYTES + STREAM_BYTES * (len(message.heads) + len(message.declined))
        case _:
            return MESSAGE_BYTES


class Link:
    """Both directions, from the moment this peer's run became known."""

    def __init__(self, peer: Member, now: float) -> None:
        self.run: Final = peer.run
        self.incoming: Final = Incoming()
        self.outgoing: Final = Outgoing()
        self.sent_at = now
        """Monotonic seconds of the last frame that was cut."""
        # Set rather than done at once: holes in a row lead to one repetition, in the next frame.
        self.repeat_calls = False
        """Calls that wait for this peer's answer go to it again with the next frame."""
        self.troubled = False
        """Whether the peer said last that it can't serve."""
        self._known_at = now

    def hears(self, now: float) -> bool:
        """Whether a frame came lately."""
        heard_at = self.incoming.heard_at
        return heard_at is not None and now - heard_at <= LINK_SILENCE_S

    def silent(self, now: float) -> bool:
        """Whether nothing came for too long; a new peer gets that time to be heard first."""
        heard_at = self.incoming.heard_at
        return now - (self._known_at if heard_at is None else heard_at) > LINK_SILENCE_S

    def settled(self, now: float) -> bool:
        """Whether it is known for so long that frames should have passed both ways."""
        return now - self._known_at > LINK_SILENCE_S
