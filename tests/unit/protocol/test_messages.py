"""Every message goes both ways in both encodings, and independent readers see the same maps."""

from __future__ import annotations

import json
from typing import Any

import msgpack
import msgspec
import pytest
from msgspec import Raw, Struct, structs

from protocol.codec import FULL, Codec, codecs
from protocol.codes import Code
from protocol.event import (
    Header,
    decode_header,
    encode_header,
    encode_payload,
    event_frame_json,
    event_frame_msgpack,
)
from protocol.frames import SERVER_FRAMES, ClientFrame, Event, Refused
from protocol.kinds import KINDS, events_of, views_of
from tests.unit.protocol import samples

CODECS = codecs()
BINARY, TEXT = CODECS["gatherup.v1.msgpack"], CODECS["gatherup.v1.json"]


def independent(codec: Codec, data: bytes) -> Any:
    """What a reader that isn't msgspec sees."""
    return msgpack.unpackb(data) if codec.binary else json.loads(data)


def name(value: object) -> str:
    return type(value).__name__


def plain(codec: Codec, frame: Struct) -> Struct:
    """The frame with its Raw fields as bytes, which can be compared."""
    raws = {f: bytes(v) for f in frame.__struct_fields__ if isinstance(v := getattr(frame, f), Raw)}
    return structs.replace(frame, **raws)


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
@pytest.mark.parametrize(("frame", "expected"), samples.CLIENT, ids=[name(f) for f, _ in samples.CLIENT])
def test_a_client_frame_goes_both_ways(codec: Codec, frame: ClientFrame, expected: samples.Map) -> None:
    data = codec.encode(frame)
    assert independent(codec, data) == expected
    assert codec.decode(data) == frame
    assert codec.decode(samples.pack(codec, expected)) == frame


SERVER = [(codec, *pair) for codec in CODECS.values() for pair in samples.server(codec)]


@pytest.mark.parametrize(
    ("codec", "frame", "expected"), SERVER, ids=[f"{c.subprotocol}-{name(f)}" for c, f, _ in SERVER]
)
def test_a_server_frame_goes_both_ways(codec: Codec, frame: Struct, expected: samples.Map) -> None:
    data = codec.encode(frame)
    assert independent(codec, data) == expected
    assert plain(codec, codec.decode_server(data)) == plain(codec, frame)


def test_there_is_a_sample_of_every_message() -> None:
    missing = {*FULL, *SERVER_FRAMES} - {type(f) for f, _ in samples.CLIENT} - {type(f) for _, f, _ in SERVER}
    assert missing == set(), "add the frame, and the map that it is, to samples.py or room_samples.py"
    assert {kind: type(p) for kind, p, _ in samples.EVENTS} == events_of(KINDS), "add the event there"
    assert {type(view) for view, _ in samples.VIEWS} == set(views_of(KINDS).values()), "add the view there"


@pytest.mark.parametrize(
    ("kind", "payload", "expected"), samples.EVENTS, ids=[k for k, _, _ in samples.EVENTS]
)
def test_a_logged_event_is_its_frame(kind: str, payload: Struct, expected: samples.Map) -> None:
    logged_header = encode_header(samples.header(kind, marks={"number": 1}))
    logged = encode_payload(payload)
    assert msgpack.unpackb(logged) == expected
    assert msgspec.msgpack.decode(logged, type=type(payload)) == payload
    packed = event_frame_msgpack(logged_header, logged)
    frame = Event(header=samples.header(kind, marks={"number": 1}), payload=Raw(logged))
    assert packed == BINARY.encode(frame) == BINARY.event(logged_header, logged)
    assert json.loads(event_frame_json(logged_header, logged)) == msgpack.unpackb(packed)
    assert TEXT.event(logged_header, logged) == event_frame_json(logged_header, logged)


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
def test_an_erased_event_is_its_frame(codec: Codec) -> None:
    data = codec.event(encode_header(samples.FULL_HEADER), None)
    assert data == codec.encode(Event(header=samples.FULL_HEADER, payload=None))
    decoded = codec.decode_server(data)
    assert isinstance(decoded, Event)
    assert decoded.payload is None
    assert decoded.header.revokes == (samples.BOB,)
    assert decoded.header.marks["ids"] == (samples.BOB, 1)


def test_a_header_survives_its_log() -> None:
    assert decode_header(encode_header(samples.FULL_HEADER)) == samples.FULL_HEADER
    assert msgpack.unpackb(encode_header(samples.FULL_HEADER)) == samples.FULL_HEADER_MAP


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
def test_fields_of_later_versions_are_skipped(codec: Codec) -> None:
    later = {"x_later": {"deep": [1, {"er": None}]}}
    for frame, expected in samples.CLIENT:
        assert codec.decode(samples.pack(codec, {**later, **expected, **later})) == frame
    for frame, expected in samples.server(codec):
        assert type(codec.decode_server(samples.pack(codec, {**expected, **later}))) is type(frame)
    packed = samples.packb({**later, **samples.FULL_HEADER_MAP})
    assert decode_header(packed) == samples.FULL_HEADER


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
def test_events_of_later_versions_are_counted(codec: Codec) -> None:
    packed = samples.packb({**samples.FULL_HEADER_MAP, "type": "room.levitated", "later": 1})
    payload = samples.packb({"height_m": 2.5})
    frame = codec.decode_server(codec.event(packed, payload))
    assert isinstance(frame, Event)
    assert (frame.header.type, frame.header.seq) == ("room.levitated", 7)
    assert frame.header.type not in events_of(KINDS)
    assert frame.payload is not None
    assert independent(codec, bytes(frame.payload)) == {"height_m": 2.5}


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
def test_a_code_of_a_later_version_can_be_read(codec: Codec) -> None:
    sent = {"t": "refused", "code": "eclipsed", "message": "Later.", "retry": True}
    frame = codec.decode_server(samples.pack(codec, sent))
    assert isinstance(frame, Refused)
    assert frame.code == "eclipsed"
    assert frame.code not in list(Code)
    assert frame.retry
    assert independent(codec, codec.encode(frame)) == sent


def test_what_was_kept_as_messagepack_stands_in_either_encoding() -> None:
    for view, expected in samples.VIEWS:
        packed = encode_payload(view)
        for codec in CODECS.values():
            assert independent(codec, bytes(codec.transcoded(packed))) == expected


def test_headers_hold_no_empty_fields() -> None:
    assert "marks" not in msgpack.unpackb(encode_header(samples.header()))
    assert decode_header(encode_header(samples.header())) == Header(
        stream=samples.ROOM, seq=7, at=samples.AT, author=samples.ANN, type="room.posted"
    )
