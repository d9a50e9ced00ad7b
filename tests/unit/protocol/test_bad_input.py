"""Whatever comes in, decoding ends in a frame, a refusal that names the field, or 'this is no message'."""

from __future__ import annotations

import json
from typing import Any, cast

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from protocol import limits
from protocol.codec import Codec, InvalidFrameError, UndecodableError, codecs
from protocol.codes import Code
from protocol.frames import ClientFrame, Refused
from tests.unit.protocol import samples
from tests.unit.protocol.samples import ANN, CLIENT_ID, ROOM, pack, packb

CODECS = codecs()
BOTH = pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
POST = {"t": "room.post", "client_id": CLIENT_ID, "stream": ROOM, "body": "x"}
EDIT = {**POST, "t": "room.edit", "message": 1}
POSITION = {"stream": ROOM, "incarnation": 0, "seq": 0}
HELLO = {"t": "hello", "token": "x", "positions": [POSITION]}


def refusal(codec: Codec, data: bytes) -> Refused:
    with pytest.raises(InvalidFrameError) as caught:
        codec.decode(data)
    return caught.value.refused


@BOTH
@pytest.mark.parametrize(
    ("message", "code", "field"),
    [
        ({}, Code.UNKNOWN_TYPE, "t"),
        ({"t": None}, Code.UNKNOWN_TYPE, "t"),
        ({"t": 1}, Code.UNKNOWN_TYPE, "t"),
        ({"t": ["room.post"]}, Code.UNKNOWN_TYPE, "t"),
        ({"t": "room.levitate"}, Code.UNKNOWN_TYPE, "t"),
        ({"t": "welcome"}, Code.UNKNOWN_TYPE, "t"),
        ({"t": "room.post"}, Code.INVALID, "client_id"),
        ({**POST, "body": 1}, Code.INVALID, "body"),
        ({**POST, "body": None}, Code.INVALID, "body"),
        ({**POST, "body": ""}, Code.INVALID, "body"),
        ({**POST, "body": "x" * (limits.BODY_CHARS_MAX + 1)}, Code.INVALID, "body"),
        ({**POST, "body": "a\0b"}, Code.INVALID, "body"),
        ({**POST, "body": "\0\n"}, Code.INVALID, "body"),
        ({**POST, "body": "\n\0"}, Code.INVALID, "body"),
        ({**POST, "resend": 1}, Code.INVALID, "resend"),
        ({**POST, "stream": ROOM + "\n"}, Code.INVALID, "stream"),
        ({**POST, "stream": "\n" + ROOM}, Code.INVALID, "stream"),
        ({**POST, "stream": "r:" + ROOM[5:] + "\n"}, Code.INVALID, "stream"),
        ({**POST, "stream": ROOM.upper()}, Code.INVALID, "stream"),
        ({**POST, "client_id": CLIENT_ID + "\n"}, Code.INVALID, "client_id"),
        ({**POST, "client_id": CLIENT_ID[:-1]}, Code.INVALID, "client_id"),
        ({**POST, "client_id": CLIENT_ID[:-1] + "\n"}, Code.INVALID, "client_id"),
        ({**POST, "t": "room.kick", "user": ANN[:-1] + "\n"}, Code.INVALID, "user"),
        ({**POST, "t": "room.kick", "user": ROOM}, Code.INVALID, "user"),
        ({**EDIT, "message": 0}, Code.INVALID, "message"),
        ({**EDIT, "message": 2**53}, Code.INVALID, "message"),
        ({**EDIT, "message": 2**63}, Code.INVALID, "message"),
        ({**EDIT, "message": 1.5}, Code.INVALID, "message"),
        ({**EDIT, "message": True}, Code.INVALID, "message"),
        ({**EDIT, "message": {"a": 1}}, Code.INVALID, "message"),
        ({**HELLO, "protocol": -1}, Code.INVALID, "protocol"),
        ({**HELLO, "token": "x" * (limits.TOKEN_CHARS_MAX + 1)}, Code.INVALID, "token"),
        ({**HELLO, "positions": {}}, Code.INVALID, "positions"),
        ({**HELLO, "positions": [POSITION, 7]}, Code.INVALID, "positions[1]"),
        ({**HELLO, "positions": [POSITION, {**POSITION, "seq": -1}]}, Code.INVALID, "positions[1].seq"),
        ({**HELLO, "positions": [{"stream": ROOM, "seq": 1}]}, Code.INVALID, "positions[0].incarnation"),
        ({**HELLO, "positions": [POSITION] * (limits.POSITIONS_MAX + 1)}, Code.INVALID, "positions"),
    ],
)
def test_the_field_at_fault_is_named(codec: Codec, message: Any, code: Code, field: str) -> None:
    refused = refusal(codec, pack(codec, message))
    assert (refused.code, refused.field, refused.retry) == (code, field, False)
    assert refused.message
    assert "regex" not in refused.message


@BOTH
def test_what_can_be_told_of_the_message_is_echoed(codec: Codec) -> None:
    refused = refusal(codec, pack(codec, {**POST, "body": 1}))
    assert (refused.client_id, refused.stream) == (CLIENT_ID, ROOM)
    refused = refusal(codec, pack(codec, {"t": "later.verb", "client_id": CLIENT_ID}))
    assert (refused.client_id, refused.stream) == (CLIENT_ID, None)
    for wrong in (1, None, [], CLIENT_ID + "\n", "\n" + CLIENT_ID, CLIENT_ID.upper(), "x" * 10_000):
        refused = refusal(codec, pack(codec, {**POST, "client_id": wrong, "stream": wrong}))
        assert (refused.client_id, refused.stream) == (None, None)


@BOTH
def test_a_refusal_quotes_little(codec: Codec) -> None:
    twice = b'{"t":"room.join","t":"' + b"y" * 60_000 + b'","client_id":"' + CLIENT_ID.encode() + b'"}'
    if codec.binary:
        twice = b"\x82" + packb("t") + packb("room.join") + packb("t")
        twice += packb("y" * 60_000)
    assert len(codec.encode(refusal(codec, twice))) < 1000


@BOTH
def test_text_that_is_not_utf8_is_refused(codec: Codec) -> None:
    data = pack(codec, {**POST, "body": "@@@"}).replace(b"@@@", b"\xff\xfe\xfd")
    refused = refusal(codec, data)
    assert (refused.code, refused.field, refused.client_id) == (Code.INVALID, "body", CLIENT_ID)
    assert refused.message == "The text isn't valid UTF-8."


HALVES = ("\ud83d", "\udc00", "a\ud83db", "\ud83d\ud83d\ude00", "\ud83d\ud83d", "\\\ud83d", "\ude00\ud83d")


def packed_halves(codec: Codec, message: dict[str, Any]) -> bytes:
    """As browsers write half a surrogate pair: an escape in JSON, three bytes in MessagePack."""
    if codec.binary:
        return cast(bytes, msgpack.packb(message, unicode_errors="surrogatepass"))
    return json.dumps(message).encode()


@BOTH
@pytest.mark.parametrize("half", HALVES)
def test_half_an_emoji_is_refused_by_its_field(codec: Codec, half: str) -> None:
    whole = {**POST, "mentions": ["\U0001f600 \\ud83d"], "body": half}
    refused = refusal(codec, packed_halves(codec, whole))
    assert (refused.code, refused.field, refused.client_id, refused.stream) == (
        Code.INVALID,
        "body",
        CLIENT_ID,
        ROOM,
    )
    assert refused.message == "The text isn't valid UTF-8."
    assert refusal(codec, packed_halves(codec, {**HELLO, "token": half})).field == "token"
    words = {**POST, "t": "room.filter", "words": ["good", half]}
    assert refusal(codec, packed_halves(codec, words)).field == "words"
    assert refusal(codec, packed_halves(codec, {**POST, "t": half})).field == "t"
    assert refusal(codec, packed_halves(codec, {**POST, "client_id": half})).client_id is None


@BOTH
def test_a_whole_emoji_and_a_written_escape_are_text(codec: Codec) -> None:
    for body in ("\U0001f600", "\\ud83d", "\\\U0001f600", "\ufffe"):
        frame = codec.decode(pack(codec, {**POST, "body": body}))
        assert frame == codec.decode(codec.encode(frame))
        assert getattr(frame, "body") == body  # noqa: B009


def test_a_field_whose_name_is_no_text_is_named_as_far_as_it_can_be() -> None:
    refused = refusal(CODECS["gatherup.v1.json"], json.dumps({**POST, "a\ud83d": 1}).encode())
    assert (refused.code, refused.field) == (Code.INVALID, "a\ufffd")


@BOTH
@given(body=st.text(st.characters(), min_size=1, max_size=8))
def test_any_text_is_taken_or_refused_by_its_field(codec: Codec, body: str) -> None:
    data = packed_halves(codec, {**POST, "body": body})
    try:
        body.encode()
    except UnicodeEncodeError:
        assert refusal(codec, data).field == "body"
    else:
        assert isinstance(outcome(codec, data), ClientFrame | Refused)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"1",
        b'"x"',
        b'{"t":"room.post"} x',
        b'{"t":NaN}',
        b'{"t":Infinity}',
        b"\xff",
        b'{"t":"room.post","body":"\\ud83d"',
        b'{"t":"room.post","body":"\\ud83"}',
        b'{"t":"room.post","body":"\\ud83d",}',
        b'["\\ud83d"]',
        b'{"body":"\\\xff"}',
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b'{"t":"x","a":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
        b'\xef\xbb\xbf{"t":"x"}',
    ],
)
def test_json_that_is_no_message(data: bytes) -> None:
    with pytest.raises(UndecodableError):
        CODECS["gatherup.v1.json"].decode(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc0",
        b"\xc1",
        b"\x01",
        b"\x90",
        b"\xa1x",
        b"\x80\x80",
        b"\xdf\xff\xff\xff\xff",
        b"\xdd\xff\xff\xff\xff",
        b"\xdb\xff\xff\xff\xff",
        b"\x91" * 60_000,
        b"\x81\x01\x02",
        b"\x82\xa1t\xa1x\xa1a" + b"\x91" * 30_000 + b"\x90",
    ],
)
def test_messagepack_that_is_no_message(data: bytes) -> None:
    with pytest.raises(UndecodableError):
        CODECS["gatherup.v1.msgpack"].decode(data)


def test_numbers_out_of_range_are_refused() -> None:
    codec = CODECS["gatherup.v1.json"]
    for digits in ("9" * 5000, "1e400", "1" + "0" * 300, "-1", "1.0000001"):
        data = json.dumps({**EDIT, "message": 12321}).encode().replace(b"12321", digits.encode())
        refused = refusal(codec, data)
        assert (refused.field, refused.client_id) == ("message", CLIENT_ID)


def test_not_a_number_is_refused() -> None:
    codec = CODECS["gatherup.v1.msgpack"]
    for number in (float("nan"), float("inf")):
        assert refusal(codec, packb({**EDIT, "message": number})).field == "message"
    assert refusal(codec, packb({**POST, "body": msgpack.ExtType(5, b"x")})).field == "body"
    assert refusal(codec, packb({**POST, "body": b"bytes"})).field == "body"


def outcome(codec: Codec, data: bytes) -> Struct | None:
    """The frame, the refusal, or None; any other exception fails the test."""
    refused: Refused
    try:
        frame = codec.decode(data)
    except UndecodableError:
        return None
    except InvalidFrameError as error:
        refused = error.refused
    else:
        assert isinstance(frame, ClientFrame)
        assert codec.decode(codec.encode(frame)) == frame
        return frame
    assert refused.client_id is None or len(refused.client_id) == len(CLIENT_ID)
    assert codec.decode_server(codec.encode(refused)) == refused
    return refused


@BOTH
@given(data=st.binary(max_size=300))
def test_any_bytes(codec: Codec, data: bytes) -> None:
    outcome(codec, data)


FRAMES = st.sampled_from([frame for frame, _ in samples.CLIENT])


@BOTH
@given(frame=FRAMES, edits=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255), st.integers(0, 2))))
def test_mutated_frames(codec: Codec, frame: Struct, edits: list[tuple[int, int, int]]) -> None:
    data = bytearray(codec.encode(frame))
    for where, byte, how in edits:
        at = where % (len(data) + 1)
        data[at : at + (how != 1)] = bytes([byte]) if how != 2 else b""
    outcome(codec, bytes(data))


SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=40)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@BOTH
@given(frame=FRAMES, data=st.data())
def test_one_field_of_any_value(codec: Codec, frame: Struct, data: st.DataObject) -> None:
    whole = next(expected for sample, expected in samples.CLIENT if sample is frame)
    field = data.draw(st.sampled_from([*whole]))
    value = data.draw(VALUES if codec.binary else VALUES.filter(_is_json))
    result = outcome(codec, pack(codec, {**whole, field: value}))
    if isinstance(result, Refused):
        assert result.field is not None
        assert result.field == "t" or result.field.startswith(field)
        assert result.client_id == (whole.get("client_id") if field != "client_id" else None)
    else:
        assert isinstance(result, ClientFrame)


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True
