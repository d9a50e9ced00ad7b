"""Whole reads of a socket, parsed at once: frame boundaries, and the seqs and stamps of event frames.

Frames of one stream mostly have one size and differ in few bytes. So a read is cut into runs of frames with
the same head (frame header, stream, and the seq's type), and a run is checked by a few numpy operations. What
doesn't fit a run is read frame by frame.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadtest.frames import BINARY, STAMP_DIGITS

Stamps = NDArray[np.int64]

_EVENT: Final = b"\x83\xa1t\xa5event\xa6header"
_STREAM: Final = b"\xa6stream"
_SEQ: Final = b"\xa3seq"
_BODY: Final = b"\xa4body"
_RUN_FRAMES_MIN: Final = 4
_INT_BYTES: Final = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}
"""MessagePack's unsigned integers by their first byte; one below 0x80 is the number itself."""
_BODY_HEADS: Final = {0xD9: 2, 0xDA: 3}
"""Bytes before a text of more than 31 bytes, by the first of them."""
_BASE_256: Final = {n: np.array([256**i for i in reversed(range(n))], dtype=np.int64) for n in (1, 2, 4, 8)}
_BASE_10: Final = np.array([10**i for i in reversed(range(STAMP_DIGITS))], dtype=np.int64)
_COUNT: Final = np.arange(1 << 16, dtype=np.int64)
_NO_STAMPS: Final[Stamps] = np.empty(0, dtype=np.int64)


class FrameError(Exception):
    """The bytes aren't what a server may send, or a stream has a gap or a repeat."""


class Run(NamedTuple):
    """Events of one stream that follow each other."""

    stream: bytes
    """Its id as MessagePack has it."""
    first: int
    """The seq of the first one."""
    events: int
    stamps: Stamps
    """When their bodies say they were sent, as far as they say so (nanoseconds)."""


class Scan(NamedTuple):
    """What a read holds."""

    runs: tuple[Run, ...]
    others: tuple[tuple[int, bytes], ...]
    """Frames that are no events: first byte and payload."""
    used: int
    """Bytes up to the end of the last whole frame."""


def scan(data: bytes) -> Scan:
    """Parse a read that begins at a frame boundary. Raises FrameError. Pure."""
    runs: list[Run] = []
    others: list[tuple[int, bytes]] = []
    at, end = 0, len(data)
    while (span := _frame(data, at, end)) is not None:
        start, stop = span
        if data.startswith(_EVENT, start):
            run = _run(data, at, start, stop)
            at += run.events * (stop - at)
            runs.append(run)
        else:
            others.append((data[at], data[start:stop]))
            at = stop
    return Scan(tuple(runs), tuple(others), at)


def _frame(data: bytes, at: int, end: int) -> tuple[int, int] | None:
    """Where the payload of the frame at ``at`` begins and ends; None if it isn't whole."""
    if end - at < 2:
        return None
    if data[at] & 0x70 or not data[at] & 0x80 or data[at + 1] & 0x80:
        raise FrameError(f"a server's frame can't begin with {data[at : at + 2].hex()}")
    size, start = data[at + 1], at + 2
    if size > 125:
        start += 2 if size == 126 else 8
        if start > end:
            return None
        size = int.from_bytes(data[at + 2 : start], "big")
    return (start, start + size) if start + size <= end else None


def _run(data: bytes, at: int, start: int, stop: int) -> Run:
    """The longest run of events that begins with the frame at ``at``, whose payload is start … stop."""
    if data[at] != BINARY:
        raise FrameError("an event's frame must be binary")
    stream_at = start + len(_EVENT) + 1  # after the header's number of fields
    seq_at = data.find(_SEQ, stream_at, stop) + len(_SEQ)
    if not data.startswith(_STREAM, stream_at) or seq_at < len(_SEQ):
        raise FrameError("an event has no stream or no seq")
    stream = data[stream_at + len(_STREAM) : seq_at - len(_SEQ)]
    width = _INT_BYTES.get(data[seq_at], 0)
    if not width and data[seq_at] > 0x7F:
        raise FrameError("an event's seq is no unsigned integer")
    stamp_at = _stamp_at(data, seq_at, stop)
    size = stop - at
    count = (len(data) - at) // size
    if width and stamp_at and count >= _RUN_FRAMES_MIN:
        return _whole_run(data, at, size, count, stream, (seq_at - at, width), stamp_at - at)
    first = int.from_bytes(data[seq_at + 1 : seq_at + 1 + width], "big") if width else data[seq_at]
    stamps = np.array([int(data[stamp_at : stamp_at + STAMP_DIGITS])]) if stamp_at else _NO_STAMPS
    return Run(stream, first, 1, stamps)


def _whole_run(
    data: bytes, at: int, size: int, count: int, stream: bytes, seq: tuple[int, int], stamp_at: int
) -> Run:
    """As many frames as look like the first; ``seq`` is the place and width of the seq in a frame."""
    seq_at, width = seq
    rows = np.frombuffer(data, np.uint8, count * size, at).reshape(count, size)
    heads, bodies = rows[:, : seq_at + 1], rows[:, stamp_at - len(_BODY) - 2 : stamp_at]
    alike = (heads == heads[0]).all(axis=1) & (bodies == bodies[0]).all(axis=1)
    if not alike.all():
        count = int(alike.argmin())
        rows = rows[:count]
    seqs = rows[:, seq_at + 1 : seq_at + 1 + width].astype(np.int64) @ _BASE_256[width]
    first = int(seqs[0])
    if not (seqs == first + _COUNT[:count]).all():
        raise FrameError(f"the seqs of one stream don't follow each other: {seqs.tolist()}")
    stamps = (rows[:, stamp_at : stamp_at + STAMP_DIGITS].astype(np.int64) - ord("0")) @ _BASE_10
    return Run(stream, first, count, stamps)


def _stamp_at(data: bytes, seq_at: int, stop: int) -> int:
    """Where a stamped body begins; 0 if the event has none."""
    found = data.find(_BODY, seq_at, stop)
    if found < 0:
        return 0
    at = found + len(_BODY)
    at += _BODY_HEADS.get(data[at], 0)
    return at if at > found + len(_BODY) and data[at : at + STAMP_DIGITS].isdigit() else 0
