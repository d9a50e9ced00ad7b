from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import CLIENT, Protocol

from gatherup.gateway import framing
from gatherup.gateway.framing import WebSocketFraming
from protocol.codec import Subprotocol


def parsed(data: bytes) -> list[Frame]:
    """What an independent, strict reader makes of these bytes."""
    reader = Protocol(CLIENT, max_size=None)
    reader.receive_data(data)
    assert reader.parser_exc is None
    assert not reader.reader.buffer
    return reader.events_received()  # type: ignore[return-value]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 100_000])
@pytest.mark.parametrize(
    ("subprotocol", "opcode"), [(Subprotocol.MSGPACK, Opcode.BINARY), (Subprotocol.JSON, Opcode.TEXT)]
)
def test_a_message_is_one_frame(size: int, subprotocol: Subprotocol, opcode: Opcode) -> None:
    (frame,) = parsed(WebSocketFraming(subprotocol).message(b"x" * size))
    assert (frame.opcode, frame.data, frame.fin) == (opcode, b"x" * size, True)


@given(payload=st.binary(max_size=125))
def test_a_pong_carries_its_ping(payload: bytes) -> None:
    (frame,) = parsed(framing.pong(payload))
    assert (frame.opcode, frame.data) == (Opcode.PONG, payload)


@given(code=st.integers(4000, 4999), reason=st.text(max_size=200))
def test_a_close_is_cut_between_characters(code: int, reason: str) -> None:
    reader = Protocol(CLIENT)
    reader.receive_data(framing.close(code, reason))
    assert reader.parser_exc is None
    assert reader.close_rcvd is not None
    assert reader.close_rcvd.code == code
    assert reason.startswith(reader.close_rcvd.reason)
    if len(reason.encode()) <= framing.CLOSE_REASON_BYTES_MAX:
        assert reader.close_rcvd.reason == reason


def test_a_close_without_a_code_is_answered_alike() -> None:
    (frame,) = parsed(framing.close(framing.NO_STATUS, "ignored"))
    assert (frame.opcode, frame.data) == (Opcode.CLOSE, b"")
