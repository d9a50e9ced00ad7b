"""The newest events of one stream, as bytes, and how they become frames."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

import msgspec
from msgspec import Struct

from actors.ports.log import LogRow
from actors.session.connection_writer import Lane
from protocol import limits
from protocol.event import Header, decode_header

PORTION_BYTES_MAX: Final = 64 * 1024
"""Events that are written as one piece hold about this many bytes, unless one alone is larger."""


class _Header(Struct):
    """What a relay reads of a header."""

    revokes: tuple[str, ...] = ()
    erases: tuple[int, ...] = ()


_decode_header = msgspec.msgpack.Decoder(_Header).decode


class RelayedEvent:
    """One event on its way to subscribers: framed at most once per lane, until its payload is erased."""

    __slots__ = ("_framed", "_read", "erases", "header", "payload", "revokes", "seq")

    def __init__(self, row: LogRow) -> None:
        read = _decode_header(row.header)
        self.seq: Final = row.seq
        self.header: Final = row.header
        self.payload = row.payload
        self.revokes: Final = read.revokes
        self.erases: Final = read.erases
        # The frames hold the payload too: one kept beyond an erasure would serve the erased text to the next resume.
        self._framed: dict[Lane, bytes] | None = None
        self._read: Header | None = None

    @property
    def read(self) -> Header:
        """The whole header, decoded at most once. Raises msgspec.MsgspecError if it is none."""
        if self._read is None:
            self._read = decode_header(self.header)
        return self._read

    @property
    def size(self) -> int:
        """Bytes of header and payload."""
        return len(self.header) + (0 if self.payload is None else len(self.payload))

    def framed(self, lane: Lane) -> bytes:
        """Its server frame as it goes on the wires of this lane."""
        if self._framed is None:
            self._framed = {}
        if (framed := self._framed.get(lane)) is None:
            framed = self._framed[lane] = lane.event(self.header, self.payload)
        return framed

    def erase(self) -> None:
        """Empty the payload, here and in every frame made of it."""
        self.payload = None
        self._framed = None


_NO_EVENTS: Final = deque[RelayedEvent](maxlen=0)
"""What all rings share before their first event: most streams that are only watched never have one."""


class Ring:
    """The newest events up to ``head``, contiguous; older ones fall out at either limit."""

    __slots__ = ("_bytes", "_events", "head")

    def __init__(self, head: int) -> None:
        self.head = head
        """The last seq that came by, kept or not."""
        # Always contiguous and up to the head: positions are computed from seqs, never searched. A gap in here would
        # hand a subscriber the wrong events as if they were the next.
        self._events = _NO_EVENTS  # seqs head - len + 1 … head
        self._bytes = 0  # of exactly these events, as they are now: erase counts an emptied one anew

    def append(self, event: RelayedEvent) -> None:
        """Add the event at head + 1."""
        assert event.seq == self.head + 1
        if self._events is _NO_EVENTS:
            self._events = deque[RelayedEvent]()
        self.head = event.seq
        self._events.append(event)
        self._bytes += event.size
        while len(self._events) > limits.RING_EVENTS_MAX or self._bytes > limits.RING_BYTES_MAX:
            self._bytes -= self._events.popleft().size

    def reaches(self, after: int) -> bool:
        """Whether every event from ``after`` + 1 to the head is here."""
        return after >= self.head - len(self._events)

    def after(self, seq: int) -> list[RelayedEvent]:
        """The events from ``seq`` + 1 on, which the ring must reach."""
        assert self.reaches(seq)
        kept = len(self._events)
        return list(islice(self._events, max(0, kept - (self.head - seq)), None))

    def erase(self, seqs: Iterable[int]) -> None:
        """Empty the payloads of these events, where they are still here."""
        oldest = self.head - len(self._events) + 1
        for seq in seqs:
            if oldest <= seq <= self.head:
                event = self._events[seq - oldest]
                self._bytes -= event.size
                event.erase()
                self._bytes += event.size


def portions(
    events: Sequence[RelayedEvent], ends: Callable[[RelayedEvent], bool]
) -> Iterator[Sequence[RelayedEvent]]:
    """Cut events into pieces to write at once: at the size limit, and after each for which ``ends`` holds."""
    start = size = 0
    for index, event in enumerate(events):
        if index > start and size + event.size > PORTION_BYTES_MAX:
            yield events[start:index]
            start, size = index, 0
        size += event.size
        # The revoked get the event that revokes and nothing after it, so no piece may go on beyond it.
        if ends(event):
            yield events[start : index + 1]
            start, size = index + 1, 0
    if start < len(events):
        yield events[start:]


def joined(events: Iterable[RelayedEvent], lane: Lane) -> bytes:
    """The frames of these events as one piece."""
    return b"".join([event.framed(lane) for event in events])
