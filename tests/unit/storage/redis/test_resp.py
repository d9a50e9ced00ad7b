"""RESP2 as it may arrive: whole, in pieces, or wrong."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.redis.resp import InvalidRespError, Reply, ReplyReader, RespError, command

REPLIES = (
    b"+OK\r\n-ERR no\r\n:-7\r\n$-1\r\n$0\r\n\r\n$4\r\na\r\nb\r\n*-1\r\n*0\r\n*2\r\n:1\r\n*1\r\n$1\r\nx\r\n"
)
READ: list[Reply] = [b"OK", -7, None, b"", b"a\r\nb", None, [], [1, [b"x"]]]


def read(*pieces: bytes) -> list[Reply]:
    reader = ReplyReader()
    found: list[Reply] = []
    for piece in pieces:
        reader.feed(piece)
        found += reader.replies()
    return found


@given(st.lists(st.integers(0, len(REPLIES)), max_size=20))
def test_replies_are_the_same_however_they_are_cut(cuts: list[int]) -> None:
    bounds = [0, *sorted(cuts), len(REPLIES)]
    found = read(*(REPLIES[a:b] for a, b in pairwise(bounds)))
    refusal = found.pop(1)
    assert isinstance(refusal, RespError)
    assert str(refusal) == "ERR no"
    assert found == READ


@given(st.lists(st.binary(), min_size=1, max_size=5))
def test_a_command_reads_as_an_array_of_its_words(words: list[bytes]) -> None:
    assert read(command(*words)) == [words]


@pytest.mark.parametrize(
    "wrong",
    [
        b"HTTP/1.1 400\r\n",
        b":x\r\n",
        b"$-2\r\n",
        b"$99999999999\r\n",
        b"*100001\r\n",
        b"*1\r\n" * 20,
        b"+" + b"x" * 70_000,
    ],
)
def test_what_isnt_resp2_is_refused(wrong: bytes) -> None:
    with pytest.raises(InvalidRespError):
        read(wrong)


@given(st.binary(max_size=200))
def test_no_bytes_do_anything_else(data: bytes) -> None:
    with suppress(InvalidRespError):
        read(data)


def test_a_long_reply_isnt_read_again_with_every_piece() -> None:
    lines = 0

    class Counted(ReplyReader):
        def _line(self, at: int) -> tuple[bytes, bytes, int]:
            nonlocal lines
            lines += 1
            return super()._line(at)

    reader = Counted()
    whole = b"*1000\r\n" + b"$1\r\nx\r\n" * 1000
    for at in range(0, len(whole), 16):
        reader.feed(whole[at : at + 16])
        found = list(reader.replies())
    assert found == [[b"x"] * 1000]
    assert lines < 4 * 1000


def test_a_reply_of_too_many_items_is_refused_wherever_they_are() -> None:
    nested = b"*60000\r\n" + b":1\r\n" * 60_000
    with pytest.raises(InvalidRespError):
        read(b"*2\r\n" + nested + nested)
