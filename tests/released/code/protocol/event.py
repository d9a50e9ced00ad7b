"""Events: what a stream's log holds and what its subscribers get.

An event is encoded once, by its stream's owner, as two MessagePack values: a *header* that never changes and
a *payload* that may later be emptied. Those bytes are the row in the log and the body of every socket frame,
so nothing on the way needs to know the payload's type.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from tests.released.code.protocol.ids import Author, StreamId

Mark = int | str | bool | tuple[int | str, ...]
"""Immutable like the header; integers within int64."""


class Header(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What everyone on the way may read. Never changes once logged."""

    stream: StreamId
    seq: int
    """1, 2, 3 … without a gap within (stream, incarnation)."""
    at: int
    """Unix time in milliseconds, never falling within a stream."""
    author: Author
    type: str
    """``area.verb`` in the past tense; it names the payload's type. Readers skip types they don't know."""
    revokes: tuple[str, ...] = ()
    """Users whose right to listen ends with this event; ``*``: everybody's."""
    erases: tuple[int, ...] = ()
    """Seqs whose payloads this event empties, everywhere."""
    marks: dict[str, Mark] = {}
    """Ids and numbers for readers of headers alone; never text that a person wrote."""


_encode = msgspec.msgpack.Encoder().encode
_decode_header = msgspec.msgpack.Decoder(Header).decode
_decode_any = msgspec.msgpack.Decoder().decode
_encode_json = msgspec.json.Encoder().encode

NIL = b"\xc0"
_FRAME_START = b"\x83" + _encode("t") + _encode("event") + _encode("header")
_FRAME_PAYLOAD = _encode("payload")


def encode_header(header: Header) -> bytes:
    """The header's bytes, as logged."""
    return _encode(header)


def decode_header(data: bytes) -> Header:
    """A logged header; fields of later versions are skipped."""
    return _decode_header(data)


def encode_payload(payload: Struct) -> bytes:
    """The payload's bytes, as logged."""
    return _encode(payload)


def event_frame_msgpack(header: bytes, payload: bytes | None) -> bytes:
    """The MessagePack server frame of an event: a concatenation, nothing is encoded again."""
    return b"".join((_FRAME_START, header, _FRAME_PAYLOAD, NIL if payload is None else payload))


def event_frame_json(header: bytes, payload: bytes | None) -> bytes:
    """The JSON server frame of the same event."""
    return _encode_json(
        {
            "t": "event",
            "header": _decode_any(header),
            "payload": None if payload is None else _decode_any(payload),
        }
    )
