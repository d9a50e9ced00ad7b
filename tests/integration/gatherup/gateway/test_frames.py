from __future__ import annotations

import pytest
from websockets.frames import Frame, Opcode

from protocol import limits
from protocol.codec import Subprotocol
from protocol.codes import CloseCode
from tests.integration.gatherup.gateway.serving import Serving, serving

CONT, TEXT, BINARY = Opcode.CONT, Opcode.TEXT, Opcode.BINARY
PING, PONG, CLOSE = Opcode.PING, Opcode.PONG, Opcode.CLOSE
MASK = b"\x01\x02\x03\x04"


def masked(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=True)


async def close_code(served: Serving, sent: bytes, subprotocol: Subprotocol = Subprotocol.MSGPACK) -> int:
    """What a healthy session that then sends these bytes is closed with, while another one is served."""
    witness = await served.peer()
    await witness.echo(b"before")
    peer = await served.peer(subprotocol)
    await peer.echo(b'"hello"')
    await peer.stream.send_all(sent)
    await witness.echo(b"meanwhile")
    code = await peer.close_code()
    await served.gone(left=1)
    await witness.echo(b"after")
    assert served.gateway.counters.crashes == 0
    return code


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        pytest.param(masked(TEXT, b"{}"), CloseCode.UNSUPPORTED_DATA, id="text"),
        pytest.param(masked(TEXT, b"{", fin=False), CloseCode.UNSUPPORTED_DATA, id="text in pieces"),
        pytest.param(b"\xff" * 64, CloseCode.PROTOCOL_ERROR, id="garbage"),
        pytest.param(b"\x82\x05hello", CloseCode.PROTOCOL_ERROR, id="unmasked"),
        pytest.param(b"\x83\x80" + MASK, CloseCode.PROTOCOL_ERROR, id="reserved opcode"),
        pytest.param(b"\xc2\x80" + MASK, CloseCode.PROTOCOL_ERROR, id="reserved bit"),
        pytest.param(b"\x09\x80" + MASK, CloseCode.PROTOCOL_ERROR, id="ping in pieces"),
        pytest.param(b"\x89\xfe\x00\x7e" + MASK + b"x" * 126, CloseCode.PROTOCOL_ERROR, id="long ping"),
        pytest.param(masked(CONT, b"x"), CloseCode.PROTOCOL_ERROR, id="continues nothing"),
        pytest.param(
            masked(BINARY, b"a", fin=False) + masked(BINARY, b"b"),
            CloseCode.PROTOCOL_ERROR,
            id="not continued",
        ),
        pytest.param(masked(CLOSE, b"\x03"), CloseCode.PROTOCOL_ERROR, id="half a close code"),
        pytest.param(masked(CLOSE, b"\x03\xed"), CloseCode.PROTOCOL_ERROR, id="close code 1005"),
        pytest.param(masked(CLOSE, b"\x00\x00"), CloseCode.PROTOCOL_ERROR, id="close code 0"),
        pytest.param(masked(CLOSE, b"\x03\xe8\xff"), CloseCode.INVALID_TEXT, id="close reason not UTF-8"),
        pytest.param(
            masked(BINARY, b"x" * (limits.FRAME_BYTES_MAX + 1)), CloseCode.TOO_BIG, id="oversize frame"
        ),
        pytest.param(b"\x82\xff\x7f" + b"\xff" * 7 + MASK, CloseCode.TOO_BIG, id="eight exabytes announced"),
        pytest.param(
            masked(BINARY, b"x" * 40_000, fin=False) + masked(CONT, b"x" * 40_000),
            CloseCode.TOO_BIG,
            id="oversize in pieces",
        ),
        pytest.param(
            masked(BINARY, b"x", fin=False) + masked(CONT, b"x", fin=False) * limits.FRAGMENTS_MAX,
            CloseCode.TOO_BIG,
            id="too many pieces",
        ),
        pytest.param(
            masked(BINARY, b"", fin=False) + masked(CONT, b"", fin=False) * 100_000,
            CloseCode.TOO_BIG,
            id="endless empty pieces",
        ),
        pytest.param(masked(PING, b"") * 10_000, CloseCode.FLOODING, id="10,000 pings"),
        pytest.param(masked(PONG, b"") * 10_000, CloseCode.FLOODING, id="10,000 pongs"),
        pytest.param(masked(CLOSE, b""), 1005, id="close without code"),
        pytest.param(masked(CLOSE, b"\x03\xe8bye"), CloseCode.NORMAL, id="normal close"),
        pytest.param(masked(CLOSE, b"\x0f\xa5own"), 4005, id="close with a code of the peer's own"),
        pytest.param(
            masked(BINARY, b"a", fin=False) + masked(CLOSE, b"\x03\xe8"),
            CloseCode.NORMAL,
            id="close between pieces",
        ),
        pytest.param(
            masked(BINARY, b"a", fin=False) + masked(CLOSE, b""), 1005, id="close without code between pieces"
        ),
        pytest.param(
            masked(BINARY, b"a", fin=False) + masked(CLOSE, b"\x03\xed"),
            CloseCode.PROTOCOL_ERROR,
            id="close code 1005 between pieces",
        ),
    ],
)
async def test_bad_frames_of_msgpack(sent: bytes, code: int) -> None:
    async with serving() as served:
        assert await close_code(served, sent) == code


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        pytest.param(masked(BINARY, b"{}"), CloseCode.UNSUPPORTED_DATA, id="binary"),
        pytest.param(masked(TEXT, b'"\xff"'), CloseCode.INVALID_TEXT, id="not UTF-8"),
        pytest.param(masked(TEXT, b'"\xed\xa0\x80"'), CloseCode.INVALID_TEXT, id="surrogate"),
        pytest.param(
            masked(TEXT, b'"\xf0\x9f', fin=False) + masked(CONT, b'"'),
            CloseCode.INVALID_TEXT,
            id="cut character",
        ),
    ],
)
async def test_bad_frames_of_json(sent: bytes, code: int) -> None:
    async with serving() as served:
        assert await close_code(served, sent, Subprotocol.JSON) == code


async def test_a_goodbye_tells_the_code_before_the_close() -> None:
    async with serving() as served:
        peer = await served.peer()
        await peer.stream.send_all(masked(TEXT, b"{}"))
        goodbye = served.gateway._context.lanes[Subprotocol.MSGPACK].codec.decode_server(await peer.receive())
        assert goodbye.code == CloseCode.UNSUPPORTED_DATA  # type: ignore[attr-defined]
        assert await peer.close_code() == CloseCode.UNSUPPORTED_DATA
        await served.gone()


async def test_what_was_sent_before_the_error_still_counts() -> None:
    async with serving() as served:
        peer = await served.peer()
        await peer.stream.send_all(masked(BINARY, b"good") + masked(CONT, b"bad"))
        assert await peer.receive() == b"good"
        assert await peer.close_code() == CloseCode.PROTOCOL_ERROR
        await served.gone()


async def test_nothing_is_served_after_the_peers_close() -> None:
    async with serving() as served:
        peer = await served.peer()
        await peer.stream.send_all(masked(CLOSE, b"\x03\xe8") + masked(BINARY, b"late"))
        assert await peer.close_code() == CloseCode.NORMAL
        assert not any(frame.opcode is BINARY for frame in peer.frames)
        assert served.gateway.counters.messages_in == 0
        await served.gone()


@pytest.mark.parametrize("subprotocol", list(Subprotocol))
@pytest.mark.parametrize("size", [0, 1, 125, 126, 4000, limits.FRAME_BYTES_MAX])
async def test_good_messages_whole_and_in_pieces(size: int, subprotocol: Subprotocol) -> None:
    async with serving() as served:
        peer = await served.peer(subprotocol)
        message = ("é" * size).encode()[:size] if size % 2 == 0 else b"x" * size
        await peer.echo(message)
        opcode = BINARY if subprotocol is Subprotocol.MSGPACK else TEXT
        cut = size // 3 | 1
        pieces = [message[i : i + cut] for i in range(0, size, cut)] or [b""]
        frames = [masked(opcode if i == 0 else CONT, piece, fin=False) for i, piece in enumerate(pieces)]
        await peer.stream.send_all(masked(PING, b"between").join([*frames, masked(CONT, b"")]))
        assert await peer.receive() == message
        assert await peer.close() == CloseCode.NORMAL
        await served.gone()


async def test_as_many_pieces_as_allowed() -> None:
    async with serving() as served:
        peer = await served.peer()
        pieces = [
            masked(BINARY, b"x", fin=False),
            *[masked(CONT, b"x", fin=False)] * (limits.FRAGMENTS_MAX - 2),
        ]
        await peer.stream.send_all(b"".join(pieces) + masked(CONT, b"x"))
        assert await peer.receive() == b"x" * limits.FRAGMENTS_MAX
        await peer.close()
        await served.gone()


async def test_pings_are_answered_at_their_rate() -> None:
    async with serving() as served:
        peer = await served.peer()
        await peer.echo(b"hello")
        for _ in range(3):
            for number in range(int(limits.PINGS_BURST)):
                await peer.stream.send_all(masked(PING, b"%d" % number))
                assert await peer.receive((PONG,)) == b"%d" % number
            await served.clock.advance(limits.PINGS_BURST / limits.PINGS_PER_S)
        await peer.close()
        await served.gone()
