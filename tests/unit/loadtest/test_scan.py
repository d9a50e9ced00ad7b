"""The fast receiver must see every broken frame, gap and repeat that a slow one would."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.frames import CLOSE, framed, masked, stamped, unmasked
from loadtest.scan import FrameError, scan
from protocol.event import Header, encode_header, encode_payload, event_frame_msgpack
from protocol.room.events import MemberJoined, MessagePosted

ROOM = "room:" + "5" * 32
USER = "user:" + "7" * 32
AT = 1_700_000_000_000


def post(seq: int, stamp: int = 0, size: int = 128, room: str = ROOM) -> bytes:
    header = Header(stream=room, seq=seq, at=AT, author=USER, type="room.posted", marks={"number": seq})
    payload = encode_payload(MessagePosted(body=stamped(stamp, size)))
    return framed(event_frame_msgpack(encode_header(header), payload))


def joined(seq: int) -> bytes:
    header = Header(stream=ROOM, seq=seq, at=AT, author=USER, type="room.joined")
    return framed(event_frame_msgpack(encode_header(header), encode_payload(MemberJoined())))


def seqs(data: bytes) -> list[int]:
    return [run.first + i for run in scan(data).runs for i in range(run.events)]


@given(
    first=st.sampled_from([1, 100, 250, 65_530, 2**32 - 3]),
    kinds=st.lists(st.sampled_from(["post", "long post", "join"]), min_size=1, max_size=40),
)
def test_every_event_of_a_read_is_seen_whatever_stands_beside_it(first: int, kinds: list[str]) -> None:
    frames = [
        joined(seq) if kind == "join" else post(seq, stamp=seq, size=128 if kind == "post" else 500)
        for seq, kind in enumerate(kinds, first)
    ]
    found = scan(b"".join(frames))
    assert found.used == sum(map(len, frames))
    assert seqs(b"".join(frames)) == list(range(first, first + len(kinds)))
    stamps = np.concatenate([run.stamps for run in found.runs]).tolist()
    assert stamps == [seq for seq, kind in enumerate(kinds, first) if kind != "join"]


@given(cut=st.integers(0, 3000))
def test_a_partial_frame_waits_for_its_rest(cut: int) -> None:
    data = b"".join(post(seq) for seq in range(1000, 1010))
    size = len(data) // 10
    found = scan(data[:cut])
    assert found.used == min(cut, len(data)) // size * size
    assert seqs(data[:cut] + data[cut:]) == list(range(1000, 1010))


def test_a_run_is_checked_at_once() -> None:
    (run,) = scan(b"".join(post(seq, stamp=seq * 10) for seq in range(1000, 1100))).runs
    assert (run.first, run.events) == (1000, 100)
    assert run.stamps.tolist() == [seq * 10 for seq in range(1000, 1100)]


@pytest.mark.parametrize("wrong", [1004, 1006, 2000])
def test_a_gap_or_a_repeat_within_a_run_is_an_error(wrong: int) -> None:
    with pytest.raises(FrameError):
        scan(b"".join(post(seq) for seq in [1000, 1001, 1002, 1003, 1004, wrong, 1006]))


def test_streams_are_told_apart() -> None:
    other = "room:" + "6" * 32
    data = post(1000) + post(1001) + post(500, room=other) + post(501, room=other) + post(1002)
    runs = scan(data).runs
    assert [(run.first, run.events) for run in runs] == [(1000, 2), (500, 1), (501, 1), (1002, 1)]
    assert len({run.stream for run in runs}) == 2


@pytest.mark.parametrize("start", [b"\x02\x00", b"\xc2\x00", b"\x82\x85"])
def test_a_fragment_a_reserved_bit_and_a_mask_are_errors(start: bytes) -> None:
    with pytest.raises(FrameError):
        scan(post(1000) + start + b"\0" * 8)


def test_frames_that_are_no_events_are_handed_on() -> None:
    close = bytes((CLOSE, 2)) + b"\x03\xe8"
    found = scan(post(1000) + framed(b"\x81\xa1t\xa1x") + close)
    assert found.others == ((0x82, b"\x81\xa1t\xa1x"), (CLOSE, b"\x03\xe8"))


@given(payload=st.binary(min_size=126, max_size=400))
def test_masking_is_undone(payload: bytes) -> None:
    assert unmasked(masked(payload)) == payload
