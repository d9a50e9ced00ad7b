"""The record of a run: what clients sent and saw and what was done to the cluster, one JSON object a line."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from protocol.event import Header
from protocol.frames import Position


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="t"):
    """Base of all entries."""

    at: float
    """Seconds since the run began."""


class Begun(Entry, frozen=True, kw_only=True, tag="begun"):
    """The first entry."""

    seed: int
    nodes: tuple[str, ...]


class Connected(Entry, frozen=True, kw_only=True, tag="connected"):
    """A client has a session on a node."""

    client: str
    user: str
    node: str


class Closed(Entry, frozen=True, kw_only=True, tag="closed"):
    """A client's connection is gone; ``code`` is the close code, if one came."""

    client: str
    code: int | None = None


class Sent(Entry, frozen=True, kw_only=True, tag="sent"):
    """A client sent a command, ``again`` if it had sent it before."""

    client: str
    client_id: str
    kind: str
    stream: str
    again: bool = False


class Answered(Entry, frozen=True, kw_only=True, tag="answered"):
    """A client got an answer: ``accepted``, ``refused`` or ``unknown``."""

    client: str
    client_id: str
    answer: str
    seq: int | None = None
    events: int = 0
    code: str = ""
    message: str = ""
    retry_after_s: float | None = None


class GivenUp(Entry, frozen=True, kw_only=True, tag="given_up"):
    """A client doesn't ask any more what became of its command."""

    client: str
    client_id: str


class Subscribed(Entry, frozen=True, kw_only=True, tag="subscribed"):
    """A client was told that events of a stream follow ``seq``. ``since`` is the position it gave."""

    client: str
    stream: str
    incarnation: int
    seq: int
    head: int
    since: Position | None = None
    snapshot: Any = None
    """As plain values; None when the position was resumed."""


class Unsubscribed(Entry, frozen=True, kw_only=True, tag="unsubscribed"):
    """A client was told that nothing of a stream follows."""

    client: str
    stream: str


class Delivered(Entry, frozen=True, kw_only=True, tag="event"):
    """A client got an event; ``payload`` as plain values, None for an erased one."""

    client: str
    header: Header
    payload: Any = None


class Fault(Entry, frozen=True, kw_only=True, tag="fault"):
    """Something was done to the cluster."""

    what: str
    node: str = ""
    streams: tuple[str, ...] = ()
    """Those of the run's streams that the node owned at that time."""
    until: float | None = None
    """When it was over; None for what takes no time."""


class Complaint(Entry, frozen=True, kw_only=True, tag="complaint"):
    """A client's SDK saw a promise broken ``times`` times by itself."""

    client: str
    times: int


class Settled(Entry, frozen=True, kw_only=True, tag="settled"):
    """Everything was healed and had its time: from here on nothing may be missing."""


Record = (
    Begun
    | Connected
    | Closed
    | Sent
    | Answered
    | GivenUp
    | Subscribed
    | Unsubscribed
    | Delivered
    | Fault
    | Complaint
    | Settled
)
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Record).decode


class Sink(Protocol):
    """Where entries go, in the order of time."""

    def write(self, record: Record) -> None:
        """Keep one record."""
        ...


class RecordFile:
    """A new file of entries, one a line. Writes are small, buffered and never awaited."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")

    def write(self, record: Record) -> None:
        """Append one record to the file."""
        self._file.write(_encode(record) + b"\n")

    def close(self) -> None:
        """Close the file: no record follows."""
        self._file.close()


def read_records(path: Path) -> Generator[Record]:
    """The entries of a file. Raises msgspec.DecodeError for one that isn't such a file."""
    with path.open("rb") as file:
        yield from decoded(file)


def decoded(lines: Iterable[bytes]) -> Generator[Record]:
    """The entries on these lines."""
    for line in lines:
        yield _decode(line)
