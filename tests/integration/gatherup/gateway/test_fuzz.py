"""Whatever bytes come in whatever pieces: valid frames go out, one connection ends at most, nothing is left."""

from __future__ import annotations

import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from protocol.codec import Subprotocol
from protocol.codes import CloseCode
from tests.integration.gatherup.gateway.serving import serving, tasks

LINE = b"GET /v1/stream HTTP/1.1\r\n"
frames = st.builds(
    Frame,
    st.sampled_from(list(Opcode)),
    st.one_of(st.binary(max_size=200), st.integers(0, 70_000).map(lambda size: b"x" * size)),
    st.booleans(),
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Frames, most of them good, with a few bytes changed, cut out or put in."""
    parts: list[bytes] = []
    for frame in draw(st.lists(frames, max_size=6)):
        if frame.opcode in (Opcode.CLOSE, Opcode.PING, Opcode.PONG):
            frame.fin, frame.data = True, bytes(frame.data)[:125]
        parts.append(frame.serialize(mask=True))
    data = bytearray(b"".join(parts))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(data)))
        data[place : place + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(data)


async def transcript(sent: bytes, pieces: list[int], subprotocol: Subprotocol) -> tuple[list[Frame], int]:
    """The frames that come back, each checked to be valid, and the close code."""
    async with serving() as served:
        witness = await served.peer()
        await witness.echo(b"before")
        before = tasks()
        peer = await served.peer(subprotocol)
        start = 0
        try:
            for size in pieces:
                await peer.stream.send_all(sent[start : start + size])
                await trio.testing.wait_all_tasks_blocked()
                start += size
            await peer.stream.send_all(sent[start:])
            await peer.stream.send_eof()
        except trio.BrokenResourceError:
            pass  # the server has ended it already
        code = await peer.close_code()
        await served.gone(left=1)
        await witness.echo(b"after")
        assert served.gateway.counters.crashes == 0
        assert tasks() == before
        return [frame for frame in peer.frames if frame.opcode is not Opcode.CLOSE], code


pieces = st.lists(st.integers(1, 3000), max_size=4)
KNOWN = {
    CloseCode.NORMAL,
    CloseCode.PROTOCOL_ERROR,
    CloseCode.UNSUPPORTED_DATA,
    CloseCode.INVALID_TEXT,
    CloseCode.TOO_BIG,
}


@settings(deadline=None, max_examples=150)
@given(sent=st.binary(max_size=2000), pieces=pieces, subprotocol=st.sampled_from(Subprotocol))
def test_random_bytes(sent: bytes, pieces: list[int], subprotocol: Subprotocol) -> None:
    trio.run(transcript, sent, pieces, subprotocol)


@settings(deadline=None, max_examples=200)
@given(sent=mutated(), pieces=pieces, subprotocol=st.sampled_from(Subprotocol))
def test_the_pieces_make_no_difference(sent: bytes, pieces: list[int], subprotocol: Subprotocol) -> None:
    whole = trio.run(transcript, sent, [], subprotocol)
    assert whole == trio.run(transcript, sent, pieces, subprotocol)


@settings(deadline=None, max_examples=100)
@given(messages=st.lists(st.binary(max_size=500), min_size=1, max_size=5), pieces=pieces)
def test_good_messages_come_back_whatever_the_pieces(messages: list[bytes], pieces: list[int]) -> None:
    sent = b"".join(Frame(Opcode.BINARY, message).serialize(mask=True) for message in messages)
    echoes, code = trio.run(transcript, sent, pieces, Subprotocol.MSGPACK)
    assert [frame.data for frame in echoes if frame.opcode is Opcode.BINARY] == messages
    assert code in KNOWN


@settings(deadline=None, max_examples=100)
@given(
    sent=st.one_of(
        st.binary(max_size=300), st.binary(max_size=300).map(lambda b: b"GET /v1/stream HTTP/1.1\r\n" + b)
    )
)
def test_random_handshakes(sent: bytes) -> None:
    async def main() -> None:
        async with serving() as served:
            stream = await served.raw()
            await stream.send_all(sent + b"\r\n\r\n")
            answer = b"".join([data async for data in stream])
            assert answer.startswith(b"HTTP/1.1 4")
            await stream.aclose()
            await served.gone()
            assert served.gateway.counters.crashes == 0

    trio.run(main)
