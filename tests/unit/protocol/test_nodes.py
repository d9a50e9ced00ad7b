from __future__ import annotations

import hmac
from hashlib import sha256

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from protocol.nodes import (
    NODE_PROTOCOL,
    SEAL_BYTES,
    Answer,
    Ask,
    Beat,
    Forward,
    InvalidNodeFrameError,
    LoggedEvent,
    Missed,
    NodeFrame,
    PassSignal,
    Published,
    Register,
    Registered,
    Returned,
    SendSignal,
    Shown,
    Stands,
    Unregister,
    inbox,
    link_key,
    seal,
    secret_digest,
    unseal,
)

KEY = link_key(b"k" * 32, "one")
STREAM, USER = "room:" + "1" * 32, "user:" + "2" * 32
RAW = Raw(msgspec.msgpack.encode({"t": "x"}))
MESSAGES = (
    Beat(),
    Missed(),
    Forward(1, STREAM, 2, USER, RAW),
    Answer(1, RAW),
    Returned(1),
    Ask(1, STREAM, 2, USER),
    Shown(1, 5, RAW),
    SendSignal(STREAM, 2, USER, RAW),
    Register((STREAM,)),
    Registered({STREAM: 4}, (STREAM,)),
    Unregister((STREAM,)),
    Published(STREAM, (LoggedEvent(1, b"h", b"p"), LoggedEvent(2, b"h", None))),
    Stands(STREAM, 3),
    PassSignal(STREAM, 2, RAW),
)
FRAME = NodeFrame(sender=(1, 2), receiver=(3, 4), number=5, version=6, messages=MESSAGES)


def reason_of(data: bytes, key: bytes = KEY) -> str:
    with pytest.raises(InvalidNodeFrameError) as caught:
        unseal(data, key)
    return caught.value.reason


def sealed(content: bytes) -> bytes:
    """Any content, as somebody with the key would send it."""
    start = b"gu" + bytes((NODE_PROTOCOL,))
    return start + hmac.digest(KEY, start + content, sha256)[:SEAL_BYTES] + content


def test_every_message_comes_back():
    again = unseal(seal(FRAME, KEY), KEY)
    assert msgspec.msgpack.encode(again) == msgspec.msgpack.encode(FRAME)
    assert [type(message) for message in again.messages] == [type(message) for message in MESSAGES]


def test_another_key_or_cluster_is_refused():
    data = seal(FRAME, KEY)
    assert reason_of(data, link_key(b"x" * 32, "one")) == "seal"
    assert reason_of(data, link_key(b"k" * 32, "two")) == "seal"
    assert link_key(b"k" * 32, "one") != secret_digest(b"k" * 32, "one")
    assert inbox("one", 1) != inbox("two", 1)


@given(st.data())
def test_any_altered_byte_is_refused(data):
    altered = bytearray(seal(FRAME, KEY))
    at = data.draw(st.integers(0, len(altered) - 1))
    altered[at] ^= data.draw(st.integers(1, 255))
    assert reason_of(bytes(altered)) in ("seal", "version")


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_without_a_crash(data):
    reason_of(data)
    reason_of(b"gu" + bytes((NODE_PROTOCOL,)) + data)


def test_a_newer_version_is_told_apart():
    data = seal(FRAME, KEY)
    assert reason_of(data[:2] + bytes((NODE_PROTOCOL + 1,)) + data[3:]) == "version"


def test_the_version_before_is_read_and_no_other(monkeypatch):
    monkeypatch.setattr("protocol.nodes.NODE_PROTOCOL", 5)
    for version in (4, 5):
        assert unseal(seal(FRAME, KEY, version), KEY).number == FRAME.number
    for version in (3, 6):
        assert reason_of(seal(FRAME, KEY, version)) == "version"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xc1",
        msgspec.msgpack.encode([[1, 2], [3, 4], 5, 6, [["no_such_message"]]]),
        msgspec.msgpack.encode([[1, 2], [3, 4], 5, 6, [["stands", "not a stream", 1]]]),
        msgspec.msgpack.encode([[1, 2], [3, 4], 5, 6, [["stands", STREAM]]]),
        b"\x95\x92\x01\x02\x92\x03\x04\x05\x06\x91\x93\xa6stands\xa2\xff\xff\x01",
        b"\x91" * 100_000,
    ],
)
def test_sealed_nonsense_is_refused(content):
    assert reason_of(sealed(content)) == "content"


def test_what_a_later_version_adds_at_the_end_is_passed_over():
    added = msgspec.msgpack.encode([[1, 2], [3, 4], 5, 6, [["returned", 1, "more"]], True, True, "more"])
    assert unseal(sealed(added), KEY).messages == (Returned(1),)
